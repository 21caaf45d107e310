"""A finished job is one log line; a problem is one notice per class and hour."""

from pathlib import Path

import pytest

from core.errors import AmbiguousMatch, PlexNotFound
from core.events import JobFinished
from core.job import Job
from core.outcome import Disposition, Outcome, SyncResult
from sync_queue.notices import Notices
from tests.harness.captured_log import captured_log
from tests.harness.clocks import FakeClock
from tests.harness.database import open_store
from worker.reporting.job_log import LONG_OUTAGE_S, JobReporter
from worker.resilience.breaker import BreakerStatus, BreakerTransition, CircuitState

JOB = Job(1, "scene:42", "update", 0, 0.0)


class NoticeHarness:
    """A reporter, its log lines and its notices."""

    def __init__(self, data_dir: Path) -> None:
        self.clock = FakeClock()
        self.notices = Notices(open_store(data_dir, self.clock))
        self.log, self.lines = captured_log()
        self.reporter = JobReporter(self.log, self.notices, self.clock)

    def finish(self, outcome: Outcome) -> None:
        self.reporter.on_job_finished(JobFinished(JOB, outcome, 0.25))

    def delivered(self) -> list[tuple[str, str]]:
        """Return (class, text) of the pending notices and mark them delivered."""
        waiting = self.notices.pending()
        for kind, _, _ in waiting:
            self.notices.mark_delivered(kind, self.clock.now)
        return [(kind, text) for kind, _, text in waiting]


@pytest.fixture
def harness(tmp_path: Path) -> NoticeHarness:
    return NoticeHarness(tmp_path)


def test_a_finished_job_is_one_line(harness: NoticeHarness) -> None:
    harness.finish(
        Outcome(
            Disposition.COMPLETE,
            SyncResult.WROTE,
            wrote=("title", "tags"),
            items=(9137,),
            confidence="high",
        )
    )

    assert harness.lines == [
        "sync.done scene=42 cause=update item=9137 what=wrote wrote=title,tags confidence=high "
        "took_s=0.25"
    ]
    assert harness.delivered() == []


@pytest.mark.parametrize(
    ("disposition", "event"),
    [
        (Disposition.RETRY, "sync.retry"),
        (Disposition.RELEASE, "sync.release"),
        (Disposition.DEAD_LETTER, "sync.dead_letter"),
    ],
)
def test_every_disposition_has_its_event(
    harness: NoticeHarness, disposition: Disposition, event: str
) -> None:
    harness.finish(
        Outcome(disposition, error=PlexNotFound, message="No file.", attempts=3, wait_s=97.2)
    )

    assert harness.lines[0].startswith(
        f"{event} scene=42 cause=update reason=PlexNotFound attempt=3"
    )
    assert ("next_s=97" in harness.lines[0]) is (disposition is Disposition.RETRY)


def test_a_dead_letter_is_reported_once_per_class_and_hour(harness: NoticeHarness) -> None:
    dead_letter = Outcome(
        Disposition.DEAD_LETTER, error=AmbiguousMatch, message="Two items.\nMore.", title="A title"
    )
    harness.finish(dead_letter)
    first = harness.delivered()
    harness.finish(dead_letter)
    harness.clock.advance(3599)
    harness.finish(dead_letter)
    second = harness.delivered()
    harness.clock.advance(2)
    harness.finish(dead_letter)

    assert first == [
        (
            "dead:AmbiguousMatch",
            "Scene 42 (A title) is in the dead letters: AmbiguousMatch. Two items.",
        )
    ]
    assert second == []
    assert len(harness.delivered()) == 1


def test_a_failed_part_is_one_notice_for_all_scenes(harness: NoticeHarness) -> None:
    for size in range(10_000_001, 10_000_011):
        warning = f"poster: the cover has {size} bytes, Plex takes 10000000"
        harness.finish(
            Outcome(Disposition.COMPLETE, SyncResult.WROTE, wrote=("title",), warnings=(warning,))
        )

    assert len(harness.delivered()) == 1


def test_a_scene_whose_item_belongs_to_another_is_named(harness: NoticeHarness) -> None:
    harness.finish(
        Outcome(Disposition.COMPLETE, SyncResult.CLAIMED, message="item 7 also plays scene 3")
    )

    assert harness.delivered() == [
        ("claimed", "Scene 42 was not written: item 7 also plays scene 3.")
    ]


def test_an_access_error_names_the_settings_until_it_ends(harness: NoticeHarness) -> None:
    refused = CircuitState(
        BreakerStatus.OPEN, refused=True, reason="PlexAccessError: Plex answered 401"
    )
    harness.reporter.on_breaker_transition(BreakerTransition(CircuitState(), refused))
    waiting = [text for kind, _, text in harness.notices.pending() if kind == "refused"]
    harness.reporter.on_breaker_transition(BreakerTransition(refused, CircuitState()))

    assert "Plex token" in waiting[0]
    assert "refused" not in [kind for kind, _, _ in harness.notices.pending()]


def test_every_reported_outage_gets_a_recovery_notice(
    harness: NoticeHarness,
) -> None:
    delivered = []
    for available_s, outage_s in ((60.0, 3_000.0), (700.0, 600.0), (100.0, 100.0)):
        harness.clock.advance(available_s)
        gone = CircuitState(
            BreakerStatus.OPEN, since=harness.clock.now, reason="PlexUnavailable: x"
        )
        harness.reporter.on_breaker_transition(BreakerTransition(CircuitState(), gone))
        delivered += harness.delivered()
        harness.clock.advance(outage_s)
        harness.reporter.on_breaker_transition(BreakerTransition(gone, CircuitState()))
        delivered += harness.delivered()

    kinds = [kind for kind, _ in delivered]
    assert kinds == [
        "plex_gone",
        "plex_back",
        "plex_gone",
        "plex_back",
    ]  # the third one is too soon
    assert "Plex is back after 10 min" in delivered[3][1]


def test_an_outage_that_ended_before_its_report_is_not_reported(harness: NoticeHarness) -> None:
    gone = CircuitState(BreakerStatus.OPEN, since=harness.clock.now, reason="PlexUnavailable: x")
    harness.reporter.on_breaker_transition(BreakerTransition(CircuitState(), gone))
    harness.reporter.on_breaker_transition(BreakerTransition(gone, CircuitState()))

    assert harness.delivered() == []


def test_a_long_outage_is_reported_despite_a_recent_report(harness: NoticeHarness) -> None:
    first = CircuitState(BreakerStatus.OPEN, since=harness.clock.now, reason="PlexUnavailable: x")
    harness.reporter.on_breaker_transition(BreakerTransition(CircuitState(), first))
    assert len(harness.delivered()) == 1
    harness.clock.advance(60.0)
    second = CircuitState(BreakerStatus.OPEN, since=harness.clock.now, reason="PlexUnavailable: y")
    harness.reporter.on_breaker_transition(BreakerTransition(CircuitState(), second))
    harness.reporter.notify_long_outage(second)
    soon = harness.delivered()

    harness.clock.advance(LONG_OUTAGE_S)
    harness.reporter.notify_long_outage(second)
    later = harness.delivered()
    harness.reporter.notify_long_outage(second)

    assert soon == []
    assert "has not reached Plex for 5 min" in later[0][1]
    assert harness.delivered() == []
