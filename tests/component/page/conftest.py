"""Provide the page's calls beside a worker in the test's process."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.in_process import InProcessHarness
from tests.harness.page_calls import PageCaller
from tests.harness.processes import running


@pytest.fixture
def page(tmp_path: Path) -> Iterator[PageCaller]:
    """Yield the calls of a page; a worker holds the lease, and the test runs it."""
    start = int(time.time()) + 0.5
    with running(InProcessHarness(tmp_path, hooks=False, start=start)) as worker:
        caller = PageCaller(worker)
        yield caller
        caller.close()
