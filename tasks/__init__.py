"""Defines what the task buttons do."""
