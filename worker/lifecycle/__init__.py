"""Runs the worker process: its loop, the drain, settings, watchdog and maintenance."""
