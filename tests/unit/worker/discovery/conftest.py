"""Fixtures for the tests of the discovery."""

from tests.harness.queue import desk

__all__ = ["desk"]
