"""Provide a worker in the test's process, between both servers and without hooks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.in_process import NOW, InProcessHarness
from tests.harness.processes import running


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[InProcessHarness]:
    """Yield a worker whose jobs the test enqueues itself."""
    with running(InProcessHarness(tmp_path, hooks=False, start=NOW)) as harness:
        yield harness
