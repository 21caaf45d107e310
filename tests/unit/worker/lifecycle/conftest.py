"""Fixtures for the tests of the worker's process."""

from tests.harness.queue import desk

__all__ = ["desk"]
