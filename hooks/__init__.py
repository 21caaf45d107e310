"""Handles Stash's events. Standard library only, no network: the save waits for it."""
