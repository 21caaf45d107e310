"""Fixtures for the tests of the discovery."""

from tests.harness.queue import queue

__all__ = ["queue"]
