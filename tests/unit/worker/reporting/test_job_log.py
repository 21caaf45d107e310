"""What people hear: one line per finished job, one notice per kind of trouble and hour."""

from pathlib import Path

import pytest

from core.errors import AmbiguousMatch, PlexNotFound
from core.events import JobFinished
from core.job import Job
from core.outcome import Disposition, Outcome, SyncResult
from sync_queue.notices import Notices
from tests.support import FakeClock, open_store
from tests.unit.worker.rig import kept_log
from worker.reporting.job_log import LONG_OUTAGE_S, JobReporter
from worker.resilience.breaker import BreakerStatus, CircuitState

JOB = Job(1, "scene:42", "update", 0, 0.0)


class Ear:
    """A reporter and what came out of it."""

    def __init__(self, data_dir: Path) -> None:
        self.clock = FakeClock()
        self.notices = Notices(open_store(data_dir, self.clock))
        self.log, self.lines = kept_log()
        self.reporter = JobReporter(self.log, self.notices, self.clock)

    def hear(self, outcome: Outcome) -> None:
        self.reporter.on_job_finished(JobFinished(JOB, outcome, 0.25))

    @property
    def told(self) -> list[tuple[str, str]]:
        """(class, text) of what waits to be told, which then counts as told."""
        waiting = self.notices.pending()
        for kind, _, _ in waiting:
            self.notices.mark_delivered(kind, self.clock.now)
        return [(kind, text) for kind, _, text in waiting]


@pytest.fixture
def ear(tmp_path: Path) -> Ear:
    return Ear(tmp_path)


def test_a_finished_job_is_one_line(ear: Ear) -> None:
    ear.hear(
        Outcome(
            Disposition.COMPLETE,
            SyncResult.WROTE,
            wrote=("title", "tags"),
            items=(9137,),
            confidence="high",
        )
    )

    assert ear.lines == [
        "sync.done scene=42 cause=update item=9137 what=wrote wrote=title,tags confidence=high took_s=0.25"
    ]
    assert ear.told == []


@pytest.mark.parametrize(
    ("fate", "event"),
    [
        (Disposition.RETRY, "sync.retry"),
        (Disposition.RELEASE, "sync.release"),
        (Disposition.DEAD_LETTER, "sync.dead_letter"),
    ],
)
def test_every_fate_has_its_event(ear: Ear, fate: Disposition, event: str) -> None:
    ear.hear(Outcome(fate, error=PlexNotFound, message="No file.", attempts=3, wait_s=97.2))

    assert ear.lines[0].startswith(f"{event} scene=42 cause=update reason=PlexNotFound attempt=3")
    assert ("next_s=97" in ear.lines[0]) is (fate is Disposition.RETRY)


def test_a_dead_letter_is_told_once_per_class_and_hour(ear: Ear) -> None:
    dead_letter = Outcome(
        Disposition.DEAD_LETTER, error=AmbiguousMatch, message="Two items.\nMore.", title="A title"
    )
    ear.hear(dead_letter)
    first = ear.told
    ear.hear(dead_letter)
    ear.clock.advance(3599)
    ear.hear(dead_letter)
    second = ear.told
    ear.clock.advance(2)
    ear.hear(dead_letter)

    assert first == [
        (
            "dead:AmbiguousMatch",
            "Scene 42 (A title) is in the dead letters: AmbiguousMatch. Two items.",
        )
    ]
    assert second == []
    assert len(ear.told) == 1


def test_a_failed_part_is_one_notice_for_all_scenes(ear: Ear) -> None:
    for size in range(10_000_001, 10_000_011):
        warning = f"poster: the cover has {size} bytes, Plex takes 10000000"
        ear.hear(
            Outcome(Disposition.COMPLETE, SyncResult.WROTE, wrote=("title",), warnings=(warning,))
        )

    assert len(ear.told) == 1


def test_a_scene_whose_item_belongs_to_another_is_named(ear: Ear) -> None:
    ear.hear(Outcome(Disposition.COMPLETE, SyncResult.CLAIMED, message="item 7 also plays scene 3"))

    assert ear.told == [("claimed", "Scene 42 was not written: item 7 also plays scene 3.")]


def test_an_access_error_names_the_settings_until_it_ends(ear: Ear) -> None:
    refused = CircuitState(
        BreakerStatus.OPEN, refused=True, reason="PlexAccessError: Plex answered 401"
    )
    ear.reporter.on_breaker_transition(CircuitState(), refused)
    waiting = [text for kind, _, text in ear.notices.pending() if kind == "refused"]
    ear.reporter.on_breaker_transition(refused, CircuitState())

    assert "Plex token" in waiting[0]
    assert "refused" not in [kind for kind, _, _ in ear.notices.pending()]


def test_every_reported_outage_gets_a_recovery_notice(
    ear: Ear,
) -> None:
    told = []
    for calm_s, away_s in ((60.0, 3_000.0), (700.0, 600.0), (100.0, 100.0)):
        ear.clock.advance(calm_s)
        gone = CircuitState(BreakerStatus.OPEN, since=ear.clock.now, reason="PlexUnavailable: x")
        ear.reporter.on_breaker_transition(CircuitState(), gone)
        told += ear.told
        ear.clock.advance(away_s)
        ear.reporter.on_breaker_transition(gone, CircuitState())
        told += ear.told

    kinds = [kind for kind, _ in told]
    assert kinds == [
        "plex_gone",
        "plex_back",
        "plex_gone",
        "plex_back",
    ]  # the third one is too soon
    assert "Plex is back after 10 min" in told[3][1]


def test_an_outage_that_ended_before_its_report_is_not_reported(ear: Ear) -> None:
    gone = CircuitState(BreakerStatus.OPEN, since=ear.clock.now, reason="PlexUnavailable: x")
    ear.reporter.on_breaker_transition(CircuitState(), gone)
    ear.reporter.on_breaker_transition(gone, CircuitState())

    assert ear.told == []


def test_a_long_outage_is_reported_despite_a_recent_report(ear: Ear) -> None:
    first = CircuitState(BreakerStatus.OPEN, since=ear.clock.now, reason="PlexUnavailable: x")
    ear.reporter.on_breaker_transition(CircuitState(), first)
    assert len(ear.told) == 1
    ear.clock.advance(60.0)
    second = CircuitState(BreakerStatus.OPEN, since=ear.clock.now, reason="PlexUnavailable: y")
    ear.reporter.on_breaker_transition(CircuitState(), second)
    ear.reporter.notify_long_outage(second)
    soon = ear.told

    ear.clock.advance(LONG_OUTAGE_S)
    ear.reporter.notify_long_outage(second)
    later = ear.told
    ear.reporter.notify_long_outage(second)

    assert soon == []
    assert "has not reached Plex for 5 min" in later[0][1]
    assert ear.told == []
