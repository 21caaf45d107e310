"""Fixtures for the queue's tests."""

from tests.unit.sync_queue.queues import desk

__all__ = ["desk"]
