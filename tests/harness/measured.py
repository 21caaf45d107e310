"""Pause coverage while a test runs that reaches nothing which other tests do not reach, too.

Coverage doubles the time of every process. So `--measure` names the tests that reach all that
ships; without it, every test is measured. Property tests are never among them: they run the same
lines a hundred times.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

OPTION = "--measure"
# Set by coverage for the processes that a test starts.
VARIABLE = "COVERAGE_PROCESS_CONFIG"
_PROPERTY_TEST = "hypothesis"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption(OPTION, default="", help="files and folders whose tests coverage measures")


def is_measured(path: str, chosen: str, *, is_property: bool) -> bool:
    """Return True if coverage measures the test in the file at `path`.

    `chosen` are files and folders, separated by blanks; "" for all tests.

    >>> is_measured("tests/unit/core/test_job.py", "tests/unit tests/a.py", is_property=False)
    True
    >>> is_measured("tests/unit_of_work/test_job.py", "tests/unit tests/a.py", is_property=False)
    False
    """
    if not chosen:
        return True
    parts = chosen.split()
    return not is_property and any(path == part or path.startswith(f"{part}/") for part in parts)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Run one test, measured or not."""
    path = item.nodeid.partition("::")[0]
    is_property = item.get_closest_marker(_PROPERTY_TEST) is not None
    if is_measured(path, item.config.getoption(OPTION), is_property=is_property):
        yield
        return
    with _paused():
        yield


@contextmanager
def _paused() -> Iterator[None]:
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
