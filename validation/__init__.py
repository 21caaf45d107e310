"""Turns settings and Stash's scenes into typed, clean and bounded values."""
