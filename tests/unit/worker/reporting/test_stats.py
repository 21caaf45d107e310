"""Every outcome is counted once, and the counters outlive the worker."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import PlexNotFound, PlexUnavailable, WeakMatch
from core.events import JobFinished
from core.job import Job
from core.outcome import Disposition, Outcome, SyncResult
from core.step_timer import KEPT_TIMES, STEPS, StepTimer
from core.units import DAY_S
from sync_queue.counters import Counters
from tests.flow.house import picture
from tests.support import FakeClock, open_store
from tests.unit.worker.rig import Rig, kept_log
from worker.reporting.stats import (
    FILE_NAME,
    JOBS,
    Statistics,
    StatisticsRecorder,
    counters_for,
    current_statistics,
    percentile,
    read_statistics,
    reset_statistics,
    utc_day,
)

DAY = "2023-11-14"
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
                ("fields", "title"),
                ("fields", "tags"),
                ("confidence", "high"),
            },
        ),
        (
            Outcome(Disposition.COMPLETE, SyncResult.SAME, items=(7,), confidence="low"),
            {("outcomes", "done"), ("days", DAY), ("confidence", "low")},
        ),
        (Outcome(Disposition.COMPLETE, SyncResult.GONE), {("outcomes", "done"), ("days", DAY)}),
        (
            Outcome(Disposition.COMPLETE, SyncResult.CLAIMED, confidence="high"),
            {("outcomes", "done"), ("days", DAY)},
        ),
        (
            Outcome(Disposition.RETRY, error=PlexNotFound),
            {("outcomes", "wait"), ("errors", "PlexNotFound")},
        ),
        (
            Outcome(Disposition.DEAD_LETTER, error=WeakMatch),
            {("outcomes", "bury"), ("errors", "WeakMatch")},
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
    moved = counters_for(outcome, DAY)

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


def test_a_day_is_that_of_the_wall_clock_in_utc() -> None:
    clock = FakeClock(1_700_000_000.0)

    assert (utc_day(clock), utc_day(clock, DAY_S)) == (DAY, "2023-11-13")


class Book:
    """A keeper on a queue of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, FakeClock()
        self.store = open_store(folder, self.clock)
        self.log, self.lines = kept_log()
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
def book(tmp_path: Path) -> Iterator[Book]:
    made = Book(tmp_path)
    yield made
    made.store.connection.close()


def test_the_newest_times_are_kept_and_no_more(book: Book) -> None:
    for number in range(KEPT_TIMES + 10):
        book.keeper.on_job_finished(JobFinished(JOB, WROTE, float(number)))

    times = book.keeper.now().times_s["job"]

    assert (len(times), times[0], times[-1]) == (KEPT_TIMES, 10.0, KEPT_TIMES + 9.0)


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(Disposition.RETRY, error=PlexNotFound),
        Outcome(Disposition.COMPLETE, SyncResult.GONE),
    ],
)
def test_only_jobs_that_looked_at_an_item_have_a_time(book: Book, outcome: Outcome) -> None:
    book.keeper.on_job_finished(JobFinished(JOB, outcome, 1.0))

    assert book.keeper.now().times_s == {}


def test_times_and_the_beginning_outlive_the_worker(book: Book) -> None:
    began = book.clock.wall()
    book.keeper.on_job_finished(JobFinished(JOB, WROTE, 0.25))
    book.keeper.save()
    book.clock.advance(3_600.0)

    again = book.begin().now()

    assert (again.since, again.times_s, again.requests) == (began, {"job": (0.25,)}, {JOBS: 1})


def test_times_are_told_as_average_median_and_95th_percentile(book: Book) -> None:
    for number in range(100):
        book.keeper.on_job_finished(JobFinished(JOB, WROTE, float(number)))

    timing = book.keeper.now().timing["job"]

    assert (timing.count, timing.average, timing.p50, timing.p95) == (100, 49.5, 50.0, 95.0)


def test_a_reset_applies_to_the_running_worker_too(book: Book) -> None:
    book.store.enqueue("scene:1", "update")
    book.store.complete(book.store.claim()[0], counters_for(WROTE, DAY))
    book.keeper.on_job_finished(JobFinished(JOB, WROTE, 0.25))
    book.keeper.save()
    book.clock.advance(60.0)

    reset_statistics(book.folder, book.counters, book.clock)
    reader = current_statistics(book.folder, book.counters, book.clock.sleep)
    book.keeper.save()

    assert reader == book.keeper.now() == Statistics(since=book.clock.wall())
    assert read_statistics(book.folder, book.clock.sleep) == reader


def test_a_reset_while_no_worker_lives_is_kept_by_the_next_one(book: Book) -> None:
    book.keeper.on_job_finished(JobFinished(JOB, WROTE, 0.25))
    book.clock.advance(60.0)
    reset_statistics(book.folder, book.counters, book.clock)
    book.keeper.save()  # the old one's very last words

    assert book.begin().now().times_s == {}


def test_a_readable_copy_of_before_the_reset_counts_for_nothing(book: Book) -> None:
    book.keeper.on_job_finished(JobFinished(JOB, WROTE, 0.25))
    book.keeper.save()
    book.clock.advance(60.0)
    book.counters.reset(book.clock.wall())

    assert current_statistics(book.folder, book.counters, book.clock.sleep) == Statistics(
        since=book.clock.wall()
    )


@pytest.mark.parametrize("text", ["not json", "[1]", json.dumps({"outcomes": "many"})])
def test_a_readable_copy_that_makes_no_sense_is_set_aside(book: Book, text: str) -> None:
    (book.folder / FILE_NAME).write_text(text, "utf-8")

    assert read_statistics(book.folder, book.clock.sleep) == Statistics()
    assert (book.folder / f"{FILE_NAME}.corrupt").exists()


def test_a_disk_that_takes_nothing_only_delays_the_copy(book: Book) -> None:
    (book.folder / FILE_NAME).mkdir()

    book.keeper.save()

    assert any(line.startswith("state.save_failed") for line in book.lines)


# -- with a worker ------------------------------------------------------------------------------


def test_every_job_counts_once_with_its_confidence(rig: Rig) -> None:
    rig.configure(b_strict_matching=False)
    sure = [rig.scene(name) for name in "abc"]
    absent = rig.scene("d", in_plex=False)
    guessed = rig.stash.library.add_scene("/elsewhere/guess.mp4", size=0, title="Guess")
    rig.plex.library.add_item(rig.section, [("/media/deep/guess.mp4", 5)])

    rig.sync(*sure, absent, guessed)
    stats = rig.worker.components.statistics.now()

    assert stats.outcomes == {"done": 4, "wait": 1}
    assert stats.errors == {"PlexNotFound": 1}
    assert stats.confidence == {"high": 3, "low": 1}
    assert stats.fields["title"] == 4
    assert (stats.jobs, len(stats.times_s["job"])) == (5, 4)


def test_the_readable_copy_shows_what_the_counters_say(rig: Rig) -> None:
    rig.note(rig.scene("a"))
    rig.turn()

    copy = read_statistics(rig.data_dir, rig.clock.sleep)

    assert copy.outcomes == {"done": 1}
    assert copy == rig.worker.components.statistics.now()


def test_a_restart_goes_on_counting(rig: Rig) -> None:
    rig.sync(rig.scene("a"))
    rig.restart()
    rig.hand_over()
    rig.sync(rig.scene("b"))

    assert rig.worker.components.statistics.now().outcomes == {"done": 2}


def test_days_gone_by_are_forgotten_and_yesterday_is_kept(rig: Rig) -> None:
    for name in "abc":
        rig.note(rig.scene(name))
        rig.turn()
        rig.clock.advance(DAY_S)

    rig.worker.components.statistics.save()

    assert (
        len(rig.worker.components.statistics.now().days) == 1
    )  # three days, and then one without a job


def test_every_step_has_its_time_and_requests_are_counted(rig: Rig) -> None:
    scenes = [rig.scene(name, tags=["shared"]) for name in "abc"]
    for scene in scenes:
        rig.stash.library.set_cover(scene, picture(scene))
    plex, stash = len(rig.plex.requests), len(rig.stash.requests)
    rig.ctx()  # it reads the settings, which is no part of a sync
    read = len(rig.stash.requests) - stash

    rig.note(*scenes)
    rig.drain()
    stats = rig.worker.components.statistics.now()

    assert set(stats.times_s) == set(STEPS)
    assert stats.requests == {
        "plex": len(rig.plex.requests) - plex,
        "stash": len(rig.stash.requests) - stash - 2 * read,
        "jobs": 3,
    }
    assert stats.requests_per_job["plex"] == round(stats.requests["plex"] / 3, 2)


def test_a_step_that_fails_has_no_time(rig: Rig) -> None:
    rig.plex.down()
    rig.sync(rig.scene("a"))

    times = rig.worker.components.statistics.now().times_s

    assert set(times) == {"read"}


def test_a_scene_that_has_not_changed_is_not_timed_as_a_write(rig: Rig) -> None:
    scene = rig.scene("a")
    rig.sync(scene)
    rig.clock.advance(5.0)
    rig.sync(scene)

    times = rig.worker.components.statistics.now().times_s

    assert (len(times["job"]), len(times["write"])) == (2, 1)
