"""Pause coverage during property tests: they run the same lines a hundred times."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

# Set by coverage for the processes that a test starts.
VARIABLE = "COVERAGE_PROCESS_CONFIG"
_PROPERTY_TEST = "hypothesis"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Run one test; measured where coverage runs, unless it is a property test."""
    if item.get_closest_marker(_PROPERTY_TEST) is None:
        yield
        return
    with paused():
        yield


@contextmanager
def paused() -> Iterator[None]:
    """Measure nothing in this thread, in threads that begin now, and in processes that do."""
    own, others = sys.gettrace(), threading.gettrace()
    config = os.environ.pop(VARIABLE, None)
    sys.settrace(None)
    threading.settrace(None)
    try:
        yield
    finally:
        if config is not None:
            os.environ[VARIABLE] = config
        threading.settrace(others)
        sys.settrace(own)
