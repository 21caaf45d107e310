"""Synced and failed jobs are counted by hour and day in UTC, and old ones are deleted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.outcome import Disposition
from core.units import DAY_S, HOUR_S
from sync_queue.counters import Counters
from sync_queue.store import JobStore
from tests.harness.clocks import FakeClock
from tests.harness.database import open_store
from worker.reporting.stats import current_statistics, reset_statistics
from worker.reporting.tallies import Tally, last_days, last_hours, prune, tally_counters, today

MIDNIGHT = 1_699_920_000.0
NOON = MIDNIGHT + 12 * HOUR_S


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    made = open_store(tmp_path, FakeClock(NOON))
    yield made
    made.connection.close()


def finish(store: JobStore, at: float, disposition: Disposition = Disposition.COMPLETE) -> None:
    """Let one job end at this time."""
    store.enqueue("scene:1", "update")
    (job,) = store.claim()
    counts = tally_counters(disposition, at)
    if disposition is Disposition.COMPLETE:
        store.complete(job, counts)
    else:
        store.dead_letter(job, title="", reason="WeakMatch", message="", counts=counts)


@pytest.mark.parametrize("disposition", [Disposition.RETRY, Disposition.RELEASE])
def test_a_job_that_is_tried_again_counts_as_neither(disposition: Disposition) -> None:
    assert tally_counters(disposition, NOON) == []


def test_hours_and_days_hold_what_was_synced_and_failed(store: JobStore) -> None:
    finish(store, NOON)
    finish(store, NOON + 3_599.0)
    finish(store, NOON - 1.0, Disposition.DEAD_LETTER)
    finish(store, NOON - DAY_S)
    counts = Counters(store).by_kind()

    assert last_hours(counts, NOON + 60.0) == (Tally(NOON - HOUR_S, 0, 1), Tally(NOON, 2, 0))
    assert last_days(counts, NOON) == (Tally(MIDNIGHT - DAY_S, 1, 0), Tally(MIDNIGHT, 2, 1))
    assert today(counts, NOON) == Tally(MIDNIGHT, 2, 1)
    assert today(counts, NOON + DAY_S) == Tally(MIDNIGHT + DAY_S, 0, 0)


def test_charts_show_24_hours_and_30_days_and_no_more(store: JobStore) -> None:
    for number in range(60):
        finish(store, NOON - number * HOUR_S)
        finish(store, NOON - number * DAY_S)
    counts = Counters(store).by_kind()

    hours, days = last_hours(counts, NOON), last_days(counts, NOON)

    assert [tally.at for tally in hours] == [NOON - number * HOUR_S for number in range(23, -1, -1)]
    assert [tally.at for tally in days] == [
        MIDNIGHT - number * DAY_S for number in range(29, -1, -1)
    ]


def test_hours_are_kept_48_hours_and_days_35_days(store: JobStore) -> None:
    for number in range(60):
        finish(store, NOON - number * HOUR_S, Disposition.DEAD_LETTER)
        finish(store, NOON - number * DAY_S)

    prune(Counters(store), NOON)

    counts = Counters(store).by_kind()
    assert len(counts["failed_hours"]) == 49
    assert len(counts["days"]) == 36
    assert max(counts["hours"]) == "2023-11-14T12"


def test_a_reset_resets_the_charts_too(store: JobStore, tmp_path: Path) -> None:
    finish(store, NOON)
    counters, clock = Counters(store), FakeClock(NOON)

    reset_statistics(tmp_path, counters, clock)

    assert counters.by_kind() == {}
    assert current_statistics(tmp_path, counters, clock).days == {}
