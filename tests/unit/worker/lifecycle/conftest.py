"""Fixtures for the tests of the worker's process."""

from tests.harness.queue import queue

__all__ = ["queue"]
