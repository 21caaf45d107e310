"""Fixtures for the queue's tests."""

from tests.harness.queue import desk

__all__ = ["desk"]
