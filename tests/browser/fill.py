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
from tests.harness.waiting import wait_for

MARKUP = "<img src=x onerror=alert(1)>"
# Plex has two files of each of these names: those that it gets later are noticed after a while.
AMBIGUOUS = ("a", "b", "c")
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


def ambiguous_scene(site: ProcessHarness, title: str = "Which one", name: str = "a") -> int:
    """Return a scene of which Plex has two files that may be it, and that has failed.

    `name`: one of `AMBIGUOUS`.
    """
    known = {path for item in site.plex.library.items() for path in item.files}
    if f"/media/x/{name}.mp4" not in known:
        site.configure(b_path_map="")
        for path in (f"/media/{folder}/{one}.mp4" for one in AMBIGUOUS for folder in "xy"):
            site.add_item(path)
    scene = site.stash.library.add_scene(f"/data/z/{name}.mp4", 1_000)
    site.edit(scene, title=title)
    wait_for(
        lambda: any(one.subject == f"scene:{scene}" for one in site.dead_letters()), "it fails"
    )
    return scene


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
