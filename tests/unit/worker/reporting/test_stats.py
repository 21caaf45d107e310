"""Every outcome is counted once, and the counters outlive the worker."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import PlexNotFound, PlexUnavailable, WeakMatch
from core.events import JobFinished
from core.job import Job
from core.outcome import Disposition, Outcome, SyncResult
from core.step_timer import KEPT_TIMES, StepTimer
from sync_queue.counters import Counters
from tests.harness.captured_log import captured_log
from tests.harness.clocks import FakeClock
from tests.harness.database import open_store
from worker.reporting.stats import (
    FILE_NAME,
    JOBS,
    Statistics,
    StatisticsRecorder,
    counters_for,
    current_statistics,
    percentile,
    reset_statistics,
    statistics_file,
)

AT = 1_700_000_000.0
DAY, HOUR = "2023-11-14", "2023-11-14T22"
WROTE = Outcome(
    Disposition.COMPLETE, SyncResult.WROTE, wrote=("title", "tags"), items=(7,), confidence="high"
)
JOB = Job(1, "scene:1", "update", 0, 0.0)


@pytest.mark.parametrize(
    ("outcome", "counts"),
    [
        (
            WROTE,
            {
                ("outcomes", "done"),
                ("days", DAY),
                ("hours", HOUR),
                ("fields", "title"),
                ("fields", "tags"),
                ("confidence", "high"),
            },
        ),
        (
            Outcome(Disposition.COMPLETE, SyncResult.SAME, items=(7,), confidence="low"),
            {("outcomes", "done"), ("days", DAY), ("hours", HOUR), ("confidence", "low")},
        ),
        (
            Outcome(Disposition.COMPLETE, SyncResult.GONE),
            {("outcomes", "done"), ("days", DAY), ("hours", HOUR)},
        ),
        (
            Outcome(Disposition.COMPLETE, SyncResult.CLAIMED, confidence="high"),
            {("outcomes", "done"), ("days", DAY), ("hours", HOUR)},
        ),
        (
            Outcome(Disposition.RETRY, error=PlexNotFound),
            {("outcomes", "wait"), ("errors", "PlexNotFound")},
        ),
        (
            Outcome(Disposition.DEAD_LETTER, error=WeakMatch),
            {
                ("outcomes", "bury"),
                ("errors", "WeakMatch"),
                ("failed_days", DAY),
                ("failed_hours", HOUR),
            },
        ),
        (
            Outcome(Disposition.RELEASE, error=PlexUnavailable),
            {("outcomes", "release"), ("errors", "PlexUnavailable")},
        ),
    ],
)
def test_an_outcome_moves_the_counters_of_what_happened(
    outcome: Outcome, counts: set[tuple[str, str]]
) -> None:
    moved = counters_for(outcome, AT)

    assert set(moved) == counts
    assert len(moved) == len(counts)


@pytest.mark.parametrize(
    ("times", "share", "expected"),
    [
        ([], 0.5, None),
        ([3.0], 0.95, 3.0),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        (list(range(100)), 0.95, 95),
        ([1.0, 2.0], 1.0, 2.0),
    ],
)
def test_a_percentile_is_one_of_the_times(
    times: list[float], share: float, expected: float | None
) -> None:
    assert percentile(times, share) == expected


class StatsHarness:
    """A keeper on a queue of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, FakeClock()
        self.store = open_store(folder, self.clock)
        self.log, self.lines = captured_log()
        self.keeper = self.begin()

    def begin(self) -> StatisticsRecorder:
        """A keeper as after a restart."""
        return StatisticsRecorder(
            self.folder, self.counters, self.clock, self.log, StepTimer(self.clock)
        )

    @property
    def counters(self) -> Counters:
        return Counters(self.store)


@pytest.fixture
def stats(tmp_path: Path) -> Iterator[StatsHarness]:
    made = StatsHarness(tmp_path)
    yield made
    made.store.connection.close()


def test_the_newest_times_are_kept_and_no_more(stats: StatsHarness) -> None:
    for number in range(KEPT_TIMES + 10):
        stats.keeper.on_job_finished(JobFinished(JOB, WROTE, float(number)))

    times = stats.keeper.now().times_s["job"]

    assert (len(times), times[0], times[-1]) == (KEPT_TIMES, 10.0, KEPT_TIMES + 9.0)


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(Disposition.RETRY, error=PlexNotFound),
        Outcome(Disposition.COMPLETE, SyncResult.GONE),
    ],
)
def test_only_jobs_that_looked_at_an_item_have_a_time(
    stats: StatsHarness, outcome: Outcome
) -> None:
    stats.keeper.on_job_finished(JobFinished(JOB, outcome, 1.0))

    assert stats.keeper.now().times_s == {}


def test_times_and_the_beginning_outlive_the_worker(stats: StatsHarness) -> None:
    began = stats.clock.wall()
    stats.keeper.on_job_finished(JobFinished(JOB, WROTE, 0.25))
    stats.keeper.save()
    stats.clock.advance(3_600.0)

    again = stats.begin().now()

    assert (again.since, again.times_s, again.requests) == (began, {"job": (0.25,)}, {JOBS: 1})


def test_times_are_average_median_and_95th_percentile(stats: StatsHarness) -> None:
    for number in range(100):
        stats.keeper.on_job_finished(JobFinished(JOB, WROTE, float(number)))

    timing = stats.keeper.now().timing["job"]

    assert (timing.count, timing.average, timing.p50, timing.p95) == (100, 49.5, 50.0, 95.0)


def test_a_reset_applies_to_the_running_worker_too(stats: StatsHarness) -> None:
    stats.store.enqueue("scene:1", "update")
    stats.store.complete(stats.store.claim()[0], counters_for(WROTE, AT))
    stats.keeper.on_job_finished(JobFinished(JOB, WROTE, 0.25))
    stats.keeper.save()
    stats.clock.advance(60.0)

    reset_statistics(stats.folder, stats.counters, stats.clock)
    reader = current_statistics(stats.folder, stats.counters, stats.clock)
    stats.keeper.save()

    assert reader == stats.keeper.now() == Statistics(since=stats.clock.wall())
    assert statistics_file(stats.folder, stats.clock).load() == reader


def test_a_reset_without_a_worker_applies_to_the_next_one(stats: StatsHarness) -> None:
    stats.keeper.on_job_finished(JobFinished(JOB, WROTE, 0.25))
    stats.clock.advance(60.0)
    reset_statistics(stats.folder, stats.counters, stats.clock)
    stats.keeper.save()  # the old one's very last words

    assert stats.begin().now().times_s == {}


def test_a_readable_copy_of_before_the_reset_counts_for_nothing(stats: StatsHarness) -> None:
    stats.keeper.on_job_finished(JobFinished(JOB, WROTE, 0.25))
    stats.keeper.save()
    stats.clock.advance(60.0)
    stats.counters.reset(stats.clock.wall())

    assert current_statistics(stats.folder, stats.counters, stats.clock) == Statistics(
        since=stats.clock.wall()
    )


@pytest.mark.parametrize("text", ["not json", "[1]", json.dumps({"outcomes": "many"})])
def test_a_corrupt_readable_copy_is_quarantined(stats: StatsHarness, text: str) -> None:
    (stats.folder / FILE_NAME).write_text(text, "utf-8")

    assert statistics_file(stats.folder, stats.clock).load() == Statistics()
    assert (stats.folder / f"{FILE_NAME}.corrupt").exists()


def test_a_disk_that_takes_nothing_only_delays_the_copy(stats: StatsHarness) -> None:
    (stats.folder / FILE_NAME).mkdir()

    stats.keeper.save()

    assert any(line.startswith("state.save_failed") for line in stats.lines)


# -- with a worker ------------------------------------------------------------------------------
