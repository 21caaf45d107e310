"""Measure putting a whole library into the queue, and whether the time grows linearly."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from benchmarks.environment import PAGE
from benchmarks.report import Row
from benchmarks.sizes import Sizes
from core.clock import SystemClock
from core.job import PRIORITY_BACKFILL, scene_subject
from hooks.entry import EDIT
from sync_queue import statements as sql
from sync_queue.hook_queue import connect, insert_job, job_row, session_parameters
from sync_queue.schema import open_database
from sync_queue.store import JobStore

PART = "Enqueueing"
BUDGET_S = 60.0
# The second half may take this much longer than the first; includes noise.
LINEAR = 1.5
CONNECTION = {
    "Scheme": "http",
    "Host": "0.0.0.0",
    "Port": 9999,
    "SessionCookie": {"Value": "x" * 300},
}


def rows(sizes: Sizes) -> Iterator[Row]:
    """Measure pages, as the tasks use them, and single rows, as hooks enqueue them."""
    with tempfile.TemporaryDirectory(prefix="plexsync-benchmark-") as name:
        folder = Path(name)
        few = _one_by_one(_fresh(folder / "few"), sizes.singles)
        data = _fresh(folder / "many")
        half = sizes.queued // 2
        first = _in_pages(data, 0, half)
        second = _in_pages(data, half, sizes.queued)
        whole = f"{first + second:.2f} s  ({sizes.queued / (first + second):,.0f} a second)"
        yield Row(
            PART,
            f"{sizes.queued:,} in pages of {PAGE}",
            whole,
            "under 60 s",
            first + second < BUDGET_S,
        )
        growth = f"{first:.2f} s, then {second:.2f} s  ({second / first:.2f} x)"
        yield Row(
            PART,
            f"the first {half:,}, then the other {half:,}",
            growth,
            "linear",
            second < first * LINEAR,
        )
        beside = _one_by_one(data, sizes.singles)
    what = f"{sizes.singles:,} transactions as hooks make them"
    yield Row(PART, f"{what}, queue empty", _each(few, sizes.singles))
    text = f"{_each(beside, sizes.singles)}  ({beside / few:.2f} x)"
    yield Row(
        PART,
        f"{what}, beside {sizes.queued:,} jobs",
        text,
        "any queue length",
        beside < few * LINEAR,
    )


def _fresh(data: Path) -> Path:
    data.mkdir()
    open_database(data).queue.close()
    return data


def _in_pages(data: Path, start: int, end: int) -> float:
    with closing(connect(str(data))) as connection:
        store = JobStore(connection, SystemClock())
        started = time.perf_counter()
        for page in range(start, end, PAGE):
            subjects = map(scene_subject, range(page, min(page + PAGE, end)))
            store.enqueue_many(subjects, "sync_all", PRIORITY_BACKFILL)
        return time.perf_counter() - started


def _one_by_one(data: Path, count: int) -> float:
    """Return the seconds of `count` hooks, beside the open connection of a worker."""
    with closing(connect(str(data))):
        return _transactions(data, count)


def _transactions(data: Path, count: int) -> float:
    started = time.perf_counter()
    for number in range(count):
        now = time.time()
        row = job_row(
            f"scene:{10_000_000 + number}", "update", EDIT, now, sql.SETTLE_S, sql.SETTLE_WINDOW_S
        )
        with closing(connect(str(data))) as connection:
            insert_job(connection, row, session_parameters(CONNECTION, now))
    return time.perf_counter() - started


def _each(seconds: float, count: int) -> str:
    return f"{seconds:.2f} s  ({seconds / count * 1000:.2f} ms each)"
