"""Fill PlexSync's queue and counters as weeks of use would."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from sync_queue.hook_queue import DATABASE
from sync_queue.statements import QUEUE
from tests.harness.processes import ProcessHarness

# The worker takes a due time of more than an hour ahead for the trace of a clock that was set back.
LATER_S = 3_000.0

_JOBS = f"""
WITH RECURSIVE numbers(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n < :last)
INSERT INTO {QUEUE} (data, timestamp, status, subject, cause, priority, due_at, attempts)
SELECT CAST('{{"subject": "scene:' || n || '", "cause": "update"}}' AS BLOB), :now, 0,
  'scene:' || n, 'update', 0, :due_at + n / 1000.0, 0 FROM numbers
"""


def start_worker(site: ProcessHarness) -> None:
    """Start the worker, which creates the queue, and wait until it has nothing to do."""
    site.stash.run_operation({"mode": "wake"})
    site.wait_until_drained()


def add_later_jobs(data: Path, first: int, last: int) -> None:
    """Enqueue the scenes with these ids for almost an hour later, so that no worker takes them."""
    values = {"first": first, "last": last, "now": time.time(), "due_at": time.time() + LATER_S}
    with _opened(data) as connection:
        connection.execute(_JOBS, values)


def add_counters(data: Path, rows: list[tuple[str, str, int]]) -> None:
    """Store counters: kind, name, count."""
    with _opened(data) as connection:
        connection.executemany(
            "INSERT OR REPLACE INTO counters (kind, name, count) VALUES (?, ?, ?)", rows
        )


@contextlib.contextmanager
def _opened(data: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(data / DATABASE, timeout=30.0)
    try:
        with connection:
            yield connection
    finally:
        connection.close()
