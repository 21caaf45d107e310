"""Fixtures for the queue's tests."""

from tests.harness.queue import queue

__all__ = ["queue"]
