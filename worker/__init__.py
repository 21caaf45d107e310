"""Runs the worker: lifecycle, discovery of changes, resilience and reporting."""
