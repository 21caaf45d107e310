"""Since when PlexSync is here is read from files once, and never set back by old ones."""

import pytest

from sync_queue import statements as sql
from sync_queue.meta import MetaStore
from tests.harness.queue import QueueHarness
from worker.discovery.first_trace import (
    FIRST_TRACE,
    earliest_trace,
    first_trace,
    keep_first_trace,
)

NOW = 1_000_000.0
DAY_S = 86_400.0


@pytest.mark.parametrize(
    ("times", "trace"),
    [
        ([], NOW),
        ([None], NOW),
        ([NOW - 5.0, NOW - 60.0], NOW - 60.0),
        ([NOW - DAY_S, None], NOW - DAY_S),
        ([NOW - DAY_S - 1.0, NOW - 5.0], NOW - 5.0),
        ([NOW + 5.0], NOW),
    ],
)
def test_the_first_trace_is_the_earliest_of_the_last_day(
    times: list[float | None], trace: float
) -> None:
    assert earliest_trace(times, NOW) == trace


def keep(queue: QueueHarness, now: float) -> MetaStore:
    facts = MetaStore(queue.store)
    keep_first_trace(facts, queue.data_dir / "plugin", queue.data_dir, now)
    return facts


@pytest.mark.parametrize("name", ["plugin/PlexSync.py", "lease.db"])
def test_each_file_of_the_installation_is_a_trace(queue: QueueHarness, name: str) -> None:
    path = queue.data_dir / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    made_at = path.stat().st_ctime

    facts = keep(queue, made_at + 3600.0)

    assert first_trace(facts, made_at + 2 * DAY_S) == made_at


def test_without_a_file_the_trace_is_now(queue: QueueHarness) -> None:
    assert first_trace(keep(queue, NOW), 2 * NOW) == NOW


def test_the_trace_of_the_first_worker_stays(queue: QueueHarness) -> None:
    keep(queue, NOW)

    facts = keep(queue, NOW + 5 * DAY_S)

    assert first_trace(facts, 2 * NOW) == NOW


def test_a_queue_that_had_its_catch_up_keeps_no_trace(queue: QueueHarness) -> None:
    MetaStore(queue.store).set(sql.WATERMARK, repr(NOW))

    facts = keep(queue, NOW + DAY_S)

    assert facts.get(FIRST_TRACE) == ""


@pytest.mark.parametrize("stored", ["", "?", "2000000.0"])
def test_an_unusable_trace_counts_as_now(queue: QueueHarness, stored: str) -> None:
    facts = MetaStore(queue.store)
    facts.set(FIRST_TRACE, stored)

    assert first_trace(facts, NOW) == NOW
