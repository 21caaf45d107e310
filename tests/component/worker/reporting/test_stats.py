"""Every outcome is counted once, and the counters outlive the worker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.step_timer import STEPS, StepTimer
from core.units import DAY_S
from sync_queue.counters import Counters
from tests.harness.captured_log import captured_log
from tests.harness.clocks import FakeClock
from tests.harness.database import open_store
from tests.harness.images import picture
from tests.harness.in_process import InProcessHarness
from worker.reporting.stats import (
    StatisticsRecorder,
    statistics_file,
)


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


# -- with a worker ------------------------------------------------------------------------------


def test_every_job_counts_once_with_its_confidence(worker: InProcessHarness) -> None:
    worker.configure(b_strict_matching=False)
    sure = [worker.titled_scene(name) for name in "abc"]
    absent = worker.titled_scene("d", in_plex=False)
    guessed = worker.stash.library.add_scene("/elsewhere/guess.mp4", size=0, title="Guess")
    worker.plex.library.add_item(worker.section, [("/media/deep/guess.mp4", 5)])

    worker.drain_scenes(*sure, absent, guessed)
    stats = worker.components.statistics.now()

    assert stats.outcomes == {"done": 4, "wait": 1}
    assert stats.errors == {"PlexNotFound": 1}
    assert stats.confidence == {"high": 3, "low": 1}
    assert stats.fields["title"] == 4
    assert (stats.jobs, len(stats.times_s["job"])) == (5, 4)


def test_the_readable_copy_shows_what_the_counters_hold(worker: InProcessHarness) -> None:
    worker.enqueue(worker.titled_scene("a"))
    worker.run_once()

    copy = statistics_file(worker.data, worker.clock).load()

    assert copy.outcomes == {"done": 1}
    assert copy == worker.components.statistics.now()


def test_counting_continues_after_a_restart(worker: InProcessHarness) -> None:
    worker.drain_scenes(worker.titled_scene("a"))
    worker.restart()
    worker.store_session()
    worker.drain_scenes(worker.titled_scene("b"))

    assert worker.components.statistics.now().outcomes == {"done": 2}


def test_days_are_forgotten_after_35_days(worker: InProcessHarness) -> None:
    worker.enqueue(worker.titled_scene())
    worker.run_once()
    (day,) = worker.components.statistics.now().days

    worker.run_once(34 * DAY_S)
    worker.run_once()
    kept = worker.components.statistics.now().days
    worker.clock.advance(2 * DAY_S)
    worker.run_once()

    assert kept[day] == 1
    assert day not in worker.components.statistics.now().days


def test_every_step_has_its_time_and_requests_are_counted(worker: InProcessHarness) -> None:
    scenes = [worker.titled_scene(name, tags=["shared"]) for name in "abc"]
    for scene in scenes:
        worker.stash.library.set_cover(scene, picture(scene))
    plex, stash = len(worker.plex.requests), len(worker.stash.requests)
    worker.context()  # it reads the settings, which is no part of a sync
    read = len(worker.stash.requests) - stash

    worker.enqueue(*scenes)
    worker.drain()
    stats = worker.components.statistics.now()

    assert set(stats.times_s) == set(STEPS)
    assert stats.requests == {
        "plex": len(worker.plex.requests) - plex,
        "stash": len(worker.stash.requests) - stash - 2 * read,
        "jobs": 3,
    }
    assert stats.requests_per_job["plex"] == round(stats.requests["plex"] / 3, 2)


def test_a_step_that_fails_has_no_time(worker: InProcessHarness) -> None:
    worker.plex.down()
    worker.drain_scenes(worker.titled_scene("a"))

    times = worker.components.statistics.now().times_s

    assert set(times) == {"read"}


def test_a_scene_that_has_not_changed_is_not_timed_as_a_write(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a")
    worker.drain_scenes(scene)
    worker.clock.advance(5.0)
    worker.drain_scenes(scene)

    times = worker.components.statistics.now().times_s

    assert (len(times["job"]), len(times["write"])) == (2, 1)
