"""The fixtures of the tests of the pages' calls."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.clock import SystemClock
from sync_queue.schema import open_database
from sync_queue.store import JobStore
from tests.harness.page_calls import BareCalls


@pytest.fixture
def call(tmp_path: Path) -> BareCalls:
    return BareCalls(tmp_path, {})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    queue = open_database(tmp_path).queue
    yield JobStore(queue.connection, SystemClock())
    queue.connection.close()
