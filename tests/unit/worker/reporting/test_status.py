"""The status shows the queue, Plex and the worker in few lines."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.match import CandidateEntry
from core.version import VERSION
from sync_queue.lease import Lease
from sync_queue.meta import start_epoch
from sync_queue.statements import RECONCILED
from sync_queue.store import JobStore
from tests.harness.captured_log import captured_log
from tests.harness.clocks import FakeClock
from tests.harness.database import open_store
from worker.reporting.status import MAX_LINE, Snapshot, plex_lines, status_lines, take_snapshot
from worker.resilience.breaker import (
    FILE_NAME,
    BreakerStatus,
    BreakerTransition,
    CircuitState,
    CircuitStateFile,
)
from worker.resilience.outages import OutageRecorder
from worker.resilience.throttle import Throttle

REASON = "PlexUnavailable: no connection to Plex (ConnectionError)"


class StatusHarness:
    """A data folder and the status that is read from it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.clock = FakeClock()
        self.store: JobStore = open_store(data_dir, self.clock)
        self.lease = Lease(data_dir)

    def snapshot(self) -> Snapshot:
        return take_snapshot(self.data_dir, self.store, self.clock)

    def lines(self) -> list[str]:
        return status_lines(self.snapshot(), self.clock.now)

    def store_outage(self, for_s: float, next_s: float) -> CircuitState:
        """Store an outage of `for_s` seconds whose next probe is due in `next_s`."""
        breaker = CircuitState(
            BreakerStatus.OPEN, since=self.clock.now - for_s, reason=REASON, probes=3
        )
        breaker = replace(breaker, next_probe_at=self.clock.now + next_s)
        CircuitStateFile(self.data_dir, self.clock).save(breaker)
        OutageRecorder(self.data_dir, self.clock, str).sync_with_breaker(breaker)
        return breaker

    def store_slow_start(self) -> None:
        """Store a slow start that has just begun."""
        Throttle(self.data_dir, self.clock, captured_log()[0]).on_breaker_transition(
            BreakerTransition(
                CircuitState(BreakerStatus.HALF_OPEN), CircuitState(BreakerStatus.CLOSED)
            )
        )

    def dead_letter(
        self,
        subject: str,
        reason: str,
        message: str = "",
        title: str = "",
        candidates: tuple[str, ...] = (),
    ) -> None:
        self.store.enqueue(subject, "update")
        (job,) = self.store.claim()
        self.store.dead_letter(
            job,
            title=title,
            reason=reason,
            message=message,
            candidates=map(CandidateEntry, candidates),
        )


@pytest.fixture
def status(tmp_path: Path) -> Iterator[StatusHarness]:
    made = StatusHarness(tmp_path)
    yield made
    made.lease.release()
    made.store.connection.close()


def test_without_problems_plex_is_one_line(status: StatusHarness) -> None:
    snapshot = status.snapshot()

    assert plex_lines(snapshot, status.clock.now) == ["Plex: no problem known."]
    assert (snapshot.breaker.state, snapshot.outage, snapshot.ramp) == (
        BreakerStatus.CLOSED,
        None,
        None,
    )


def test_the_last_lines_show_the_worker_and_the_queue_counts(status: StatusHarness) -> None:
    status.store.enqueue("scene:1", "update")
    status.store.enqueue("scene:2", "update", settle_s=60.0)

    lines = status.lines()

    assert lines[-1] == "Queue: 1 due, 1 later, 0 in progress, 0 done today, 0 dead letters."
    assert lines[-2] == "Worker: not running; the next edit starts it."
    assert lines[0].startswith(f"PlexSync {VERSION}, database in ")


def test_an_outage_is_shown_with_length_cause_and_next_probe(status: StatusHarness) -> None:
    status.store_outage(for_s=7200.0, next_s=42.0)

    assert f"Plex is unavailable for 2 h: {REASON}. PlexSync tries again in 42 s." in status.lines()


def test_an_overdue_probe_is_shown_as_due_now(status: StatusHarness) -> None:
    status.store_outage(for_s=60.0, next_s=-30.0)

    assert "PlexSync tries again in 0 s." in " ".join(status.lines())


def test_a_ramp_is_shown_with_its_rate(status: StatusHarness) -> None:
    status.store_slow_start()

    assert "Plex is back; PlexSync sends 1 job per second and speeds up." in status.lines()


def test_a_ramp_that_a_new_outage_broke_off_is_not_shown(status: StatusHarness) -> None:
    status.store_slow_start()
    status.store_outage(for_s=5.0, next_s=5.0)

    text = " ".join(status.lines())

    assert "Plex is unavailable" in text
    assert "Plex is back" not in text


@pytest.mark.parametrize(
    ("fact", "lines"),
    [
        (
            "{} 24h, 3 scenes in 0.5 s, gaps: none, queued: none",
            ["Reconciled 2 h ago: 24h, 3 scenes in 0.5 s, "],
        ),
        ("no time at all", []),
        ("", []),
    ],
)
def test_the_last_reconciliation_is_one_line(
    status: StatusHarness, fact: str, lines: list[str]
) -> None:
    status.store.enqueue_many([], "", meta=(RECONCILED, fact.format(status.clock.now - 7_200.0)))

    shown = [line for line in status.lines() if line.startswith("Reconciled")]

    assert len(shown) == len(lines)
    assert all(line.startswith(start) for line, start in zip(shown, lines, strict=True))


def test_a_breaker_file_of_garbage_shows_a_closed_breaker(status: StatusHarness) -> None:
    (status.data_dir / FILE_NAME).write_text("}{", encoding="utf-8")

    assert status.snapshot().breaker.state is BreakerStatus.CLOSED


def test_what_waits_and_what_failed_is_counted_by_reason(status: StatusHarness) -> None:
    for number in range(3):
        status.dead_letter(f"scene:{number}", "AmbiguousMatch")
    for number in range(10, 12):
        status.store.enqueue(f"scene:{number}", "update")
    for job in status.store.claim():
        status.store.retry_at(job, status.clock.now + 60.0, "PlexNotFound", attempts=1)

    lines = status.lines()

    assert "Dead letters: 3 x AmbiguousMatch." in lines
    assert "Waiting: 2 x PlexNotFound." in lines


def test_a_dead_letter_shows_what_to_do_and_its_candidates(status: StatusHarness) -> None:
    status.dead_letter(
        "scene:7", "AmbiguousMatch", "Two items.\nmore", "A title", ("item 7", "item 8")
    )

    assert (
        "Dead letter: scene 7 (A title): AmbiguousMatch. Two items. Looked at: item 7; item 8."
        in status.lines()
    )


def test_a_dead_letter_without_a_title_shows_its_scene(status: StatusHarness) -> None:
    status.dead_letter("scene:7", "PoisonJob", "It crashed.")

    assert "Dead letter: scene 7: PoisonJob. It crashed." in status.lines()


def test_the_status_stays_short(status: StatusHarness) -> None:
    status.store_outage(for_s=60.0, next_s=5.0)
    for number in range(40):
        status.dead_letter(f"scene:{number}", f"Reason{number}", "x" * 5000, "y" * 500)
        status.store.enqueue(f"scene:{100 + number}", "update")
        (job,) = status.store.claim()
        status.store.retry_at(job, status.clock.now + 60.0, f"Reason{number}", attempts=1)

    lines = status.lines()

    assert len(lines) <= 25
    assert max(map(len, lines)) <= MAX_LINE


def test_a_running_worker_shows_status_and_duration(status: StatusHarness) -> None:
    start_epoch(status.store.connection, 4711, VERSION, "hook", status.clock.now)
    status.lease.acquire()
    status.clock.advance(90.0)

    snapshot = status.snapshot()

    assert snapshot.alive
    assert status.lines()[-2] == "Worker: starting, running for 1.5 min."


def test_a_stopped_worker_is_not_shown_as_running(status: StatusHarness) -> None:
    start_epoch(status.store.connection, 4711, VERSION, "hook", status.clock.now)

    assert status.snapshot().worker_status == "not running"


def test_reading_twice_shows_the_same_and_changes_nothing(status: StatusHarness) -> None:
    status.store_outage(for_s=60.0, next_s=5.0)
    before = {path.name: path.read_bytes() for path in status.data_dir.glob("*.json")}

    first, second = status.lines(), status.lines()

    assert first == second
    assert {path.name: path.read_bytes() for path in status.data_dir.glob("*.json")} == before


def test_an_ended_outage_is_shown_with_its_length(status: StatusHarness) -> None:
    history = OutageRecorder(status.data_dir, status.clock, str)
    history.sync_with_breaker(
        CircuitState(BreakerStatus.OPEN, since=status.clock.now, reason=REASON)
    )
    status.clock.advance(300.0)
    history.sync_with_breaker(CircuitState())
    status.clock.advance(7200.0)

    assert (
        "Plex: no problem known; the last outage lasted 5 min and ended 2 h ago." in status.lines()
    )


def test_a_worker_of_an_older_version_is_named(status: StatusHarness) -> None:
    start_epoch(status.store.connection, 4711, "0.9.0", "hook", status.clock.now)
    status.lease.acquire()

    assert status.lines()[0].startswith(
        f"PlexSync {VERSION}; the worker is still 0.9.0, database in "
    )


def test_counters_of_a_running_drain_are_shown(
    status: StatusHarness,
) -> None:
    status.store.enqueue("scene:1", "update")
    status.store.complete(status.store.claim()[0], [("outcomes", "done")])

    assert any(line.endswith(": 1 done.") for line in status.lines())
