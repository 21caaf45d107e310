"""Putting back what an outage caused: only that, each once, and nothing that is gone."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from core.errors import PlexSyncError, error_classes
from core.job import PRIORITY_BACKFILL, PRIORITY_EDIT
from sync_queue.dead_letters import DeadLetters
from tasks.recovery import CLASSES, MARGIN_S, RecoveryResult, recover
from tests.harness.clocks import FakeClock
from tests.harness.database import open_store
from worker.resilience.outages import OutageHistory, begin_outage, end_outage, is_during_outage

DOWN, TEMPORARY, AMBIGUOUS = "PlexUnavailable", "PlexTemporaryError", "AmbiguousMatch"
START = 1_700_000_000.0
END = START + 3600.0


class RecoveryHarness:
    """A queue with dead letters, and one recorded outage of an hour."""

    def __init__(self, data_dir: Path) -> None:
        self.clock = FakeClock(START - 86_400.0)
        self.store = open_store(data_dir, self.clock)
        self.dead_letters = DeadLetters(self.store)
        self.history = end_outage(
            begin_outage(OutageHistory(), START, DOWN, "no connection", False), END, "over"
        )
        self.gone: frozenset[int] = frozenset()
        self.asked: list[Sequence[int]] = []

    def add_dead_letter(
        self, subject: str, reason: str, at: float, priority: int = PRIORITY_EDIT
    ) -> None:
        """A dead letter whose last failure was at that moment."""
        self.clock.now = at - 1.0
        self.store.enqueue(subject, "update", priority)
        self.clock.now = at
        (job,) = self.store.claim()
        self.store.dead_letter(job, title="", reason=reason, message="")

    def recover(self, classes: str = "down") -> RecoveryResult:
        self.clock.now = END + 86_400.0
        return recover(
            self.store,
            self.dead_letters,
            CLASSES[classes],
            lambda moment: is_during_outage(self.history, moment, MARGIN_S),
            self._gone_of,
            self.clock.now,
        )

    def _gone_of(self, scenes: Sequence[int]) -> frozenset[int]:
        self.asked.append(scenes)
        return self.gone

    def subjects(self) -> set[str]:
        return {dead_letter.subject for dead_letter in self.dead_letters.newest()}


@pytest.fixture
def recovery(tmp_path: Path) -> RecoveryHarness:
    return RecoveryHarness(tmp_path)


def test_an_outage_dead_letter_is_requeued_and_removed(
    recovery: RecoveryHarness,
) -> None:
    recovery.add_dead_letter("scene:1", DOWN, START + 60.0)

    result = recovery.recover()

    assert result.recovered == {DOWN: 1}
    assert recovery.subjects() == set()
    assert [(job.subject, job.attempts) for job in recovery.store.claim()] == [("scene:1", 0)]


def test_every_other_class_stays_whatever_the_moment(recovery: RecoveryHarness) -> None:
    others = {kind.__name__ for kind in error_classes(PlexSyncError)} - {DOWN, TEMPORARY}
    for number, name in enumerate(sorted(others)):
        recovery.add_dead_letter(f"scene:{number}", name, START + 60.0)

    result = recovery.recover("temporary")

    assert result == RecoveryResult()
    assert len(recovery.subjects()) == len(others)


def test_passing_faults_come_back_only_when_they_are_asked_for(recovery: RecoveryHarness) -> None:
    recovery.add_dead_letter("scene:1", DOWN, START + 60.0)
    recovery.add_dead_letter("scene:2", TEMPORARY, START + 60.0)

    by_default = recovery.recover()
    left = recovery.subjects()
    asked_for = recovery.recover("temporary")

    assert by_default.recovered == {DOWN: 1}
    assert left == {"scene:2"}
    assert asked_for.recovered == {TEMPORARY: 1}


@pytest.mark.parametrize(
    ("moment", "is_recovered"),
    [
        (START - MARGIN_S - 1.0, False),
        (START - MARGIN_S, True),
        (START, True),
        (END, True),
        (END + MARGIN_S, True),
        (END + MARGIN_S + 1.0, False),
    ],
)
def test_only_what_failed_within_a_window_comes_back(
    recovery: RecoveryHarness, moment: float, is_recovered: bool
) -> None:
    recovery.add_dead_letter("scene:1", DOWN, moment)

    result = recovery.recover()

    assert (sum(result.recovered.values()), result.elsewhere) == (
        (1, 0) if is_recovered else (0, 1)
    )
    assert recovery.subjects() == (set() if is_recovered else {"scene:1"})


def test_without_an_outage_nothing_comes_back(recovery: RecoveryHarness) -> None:
    recovery.history = OutageHistory()
    recovery.add_dead_letter("scene:1", DOWN, START + 60.0)

    result = recovery.recover()

    assert (result.recovered, result.elsewhere) == ({}, 1)


def test_what_is_queued_already_is_counted_and_not_queued_twice(recovery: RecoveryHarness) -> None:
    recovery.add_dead_letter("scene:1", DOWN, START + 60.0)
    recovery.store.enqueue("scene:1", "update")

    result = recovery.recover()

    assert (result.recovered, result.queued) == ({}, 1)
    assert recovery.subjects() == set()
    assert recovery.store.counts()[0] == 1


def test_what_is_in_progress_counts_as_queued(recovery: RecoveryHarness) -> None:
    recovery.add_dead_letter("scene:1", DOWN, START + 60.0)
    recovery.store.enqueue("scene:1", "update")
    recovery.store.claim()

    result = recovery.recover()

    assert result.queued == 1


def test_a_scene_that_is_gone_is_counted_and_not_requeued(recovery: RecoveryHarness) -> None:
    recovery.add_dead_letter("scene:1", DOWN, START + 60.0)
    recovery.add_dead_letter("scene:2", DOWN, START + 60.0)
    recovery.gone = frozenset({2})

    result = recovery.recover()

    assert (result.recovered, result.gone) == ({DOWN: 1}, 1)
    assert recovery.subjects() == set()
    assert recovery.store.counts()[0] == 1


def test_a_fan_out_is_no_scene_and_comes_back(recovery: RecoveryHarness) -> None:
    recovery.add_dead_letter("tag:7", DOWN, START + 60.0)

    result = recovery.recover()

    assert result.recovered == {DOWN: 1}
    assert [list(asked) for asked in recovery.asked] == [[]]


def test_a_backfill_comes_back_as_a_backfill(recovery: RecoveryHarness) -> None:
    recovery.add_dead_letter("scene:1", DOWN, START + 60.0, PRIORITY_BACKFILL)

    recovery.recover()

    assert [job.priority for job in recovery.store.claim()] == [PRIORITY_BACKFILL]


def test_stash_is_asked_for_a_hundred_scenes_per_request(recovery: RecoveryHarness) -> None:
    for number in range(250):
        recovery.add_dead_letter(f"scene:{number}", DOWN, START + 60.0 + number)

    result = recovery.recover()

    assert result.recovered == {DOWN: 250}
    assert [len(asked) for asked in recovery.asked] == [100, 100, 50]


def test_pressing_twice_recovers_once(recovery: RecoveryHarness) -> None:
    recovery.add_dead_letter("scene:1", DOWN, START + 60.0)
    recovery.recover()

    again = recovery.recover()

    assert again == RecoveryResult()
    assert recovery.store.counts()[0] == 1


def test_the_line_for_the_user_names_every_count() -> None:
    result = RecoveryResult({DOWN: 3, TEMPORARY: 2}, queued=4, gone=5, elsewhere=6)

    assert result.line() == (
        "Back in the queue: 2 x PlexTemporaryError, 3 x PlexUnavailable. "
        "Already queued: 4, gone from Stash: 5, not from an outage: 6."
    )


def test_the_line_says_so_when_nothing_came_back() -> None:
    assert RecoveryResult().line().startswith("Back in the queue: none.")
