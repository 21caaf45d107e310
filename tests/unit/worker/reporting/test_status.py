"""What a person sees of the queue, of Plex and of the worker."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.version import VERSION
from sync_queue.lease import Lease
from sync_queue.meta import start_epoch
from sync_queue.records import Records
from sync_queue.statements import RECONCILED
from sync_queue.store import JobStore
from tests.support import FakeClock, open_store
from tests.unit.worker.rig import Rig, kept_log
from worker.reporting.status import MAX_LINE, Snapshot, plex_lines, status_lines, take_snapshot
from worker.resilience.breaker import BreakerStatus, CircuitState
from worker.resilience.breaker_file import FILE_NAME, CircuitStateFile
from worker.resilience.outages import OutageRecorder
from worker.resilience.throttle import Throttle

WHY = "PlexUnavailable: no connection to Plex (ConnectionError)"


class Window:
    """A data folder and what the status shows of it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.clock = FakeClock()
        self.store: JobStore = open_store(data_dir, self.clock)
        self.lease = Lease(data_dir)

    def snapshot(self) -> Snapshot:
        return take_snapshot(self.data_dir, self.store, self.clock)

    def lines(self) -> list[str]:
        return status_lines(self.snapshot(), self.clock.now)

    def away(self, for_s: float, next_s: float) -> CircuitState:
        """Plex has been away for so long and is asked again so soon."""
        breaker = CircuitState(
            BreakerStatus.OPEN, since=self.clock.now - for_s, reason=WHY, probes=3
        )
        breaker = replace(breaker, next_probe_at=self.clock.now + next_s)
        CircuitStateFile(self.data_dir, self.clock).save(breaker)
        OutageRecorder(self.data_dir, self.clock, str).sync_with_breaker(breaker)
        return breaker

    def ramp(self) -> None:
        """Plex is just back."""
        Throttle(self.data_dir, self.clock, kept_log()[0]).on_breaker_transition(
            CircuitState(BreakerStatus.HALF_OPEN), CircuitState(BreakerStatus.CLOSED)
        )

    def bury(
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
            job, title=title, reason=reason, message=message, candidates=candidates
        )


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    made = Window(tmp_path)
    yield made
    made.lease.release()
    made.store.connection.close()


def test_while_all_is_well_the_status_says_so(window: Window) -> None:
    snapshot = window.snapshot()

    assert plex_lines(snapshot, window.clock.now) == ["Plex: no trouble known."]
    assert (snapshot.breaker.state, snapshot.outage, snapshot.ramp) == (
        BreakerStatus.CLOSED,
        None,
        None,
    )


def test_the_last_lines_show_the_worker_and_the_queue_counts(window: Window) -> None:
    window.store.enqueue("scene:1", "update")
    window.store.enqueue("scene:2", "update", settle_s=60.0)

    lines = window.lines()

    assert lines[-1] == "Queue: 1 due, 1 later, 0 in progress, 0 done today, 0 dead letters."
    assert lines[-2] == "Worker: not running; the next edit starts it."
    assert lines[0].startswith(f"PlexSync {VERSION}, database in ")


def test_an_outage_is_shown_with_length_cause_and_next_probe(window: Window) -> None:
    window.away(for_s=7200.0, next_s=42.0)

    assert f"Plex is away for 2 h: {WHY}. It is asked again in 42 s." in window.lines()


def test_a_probe_that_is_overdue_is_asked_now(window: Window) -> None:
    window.away(for_s=60.0, next_s=-30.0)

    assert "It is asked again in 0 s." in " ".join(window.lines())


def test_a_ramp_is_shown_with_its_rate(window: Window) -> None:
    window.ramp()

    assert "Plex is back; the queue drains at 1 job a second for now." in window.lines()


def test_a_ramp_that_a_new_outage_broke_off_is_not_shown(window: Window) -> None:
    window.ramp()
    window.away(for_s=5.0, next_s=5.0)

    text = " ".join(window.lines())

    assert "Plex is away" in text
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
def test_the_last_reconciliation_is_one_line(window: Window, fact: str, lines: list[str]) -> None:
    window.store.enqueue_many([], "", meta=(RECONCILED, fact.format(window.clock.now - 7_200.0)))

    shown = [line for line in window.lines() if line.startswith("Reconciled")]

    assert len(shown) == len(lines)
    assert all(line.startswith(start) for line, start in zip(shown, lines, strict=True))


def test_a_breaker_file_of_garbage_shows_a_closed_breaker(window: Window) -> None:
    (window.data_dir / FILE_NAME).write_text("}{", encoding="utf-8")

    assert window.snapshot().breaker.state is BreakerStatus.CLOSED


def test_what_waits_and_what_failed_is_counted_by_reason(window: Window) -> None:
    for number in range(3):
        window.bury(f"scene:{number}", "AmbiguousMatch")
    for number in range(10, 12):
        window.store.enqueue(f"scene:{number}", "update")
    for job in window.store.claim():
        window.store.retry_at(job, window.clock.now + 60.0, "PlexNotFound", attempts=1)

    lines = window.lines()

    assert "Dead letters: 3 x AmbiguousMatch." in lines
    assert "Waiting: 2 x PlexNotFound." in lines


def test_a_dead_letter_says_what_to_do_and_what_was_looked_at(window: Window) -> None:
    window.bury("scene:7", "AmbiguousMatch", "Two items.\nmore", "A title", ("item 7", "item 8"))

    assert (
        "Dead letter: scene 7 (A title): AmbiguousMatch. Two items. Looked at: item 7; item 8."
        in window.lines()
    )


def test_a_dead_letter_without_a_title_shows_its_scene(window: Window) -> None:
    window.bury("scene:7", "PoisonJob", "It died.")

    assert "Dead letter: scene 7: PoisonJob. It died." in window.lines()


def test_whatever_there_is_the_status_stays_short(window: Window) -> None:
    window.away(for_s=60.0, next_s=5.0)
    for number in range(40):
        window.bury(f"scene:{number}", f"Reason{number}", "x" * 5000, "y" * 500)
        window.store.enqueue(f"scene:{100 + number}", "update")
        (job,) = window.store.claim()
        window.store.retry_at(job, window.clock.now + 60.0, f"Reason{number}", attempts=1)

    lines = window.lines()

    assert len(lines) <= 25
    assert max(map(len, lines)) <= MAX_LINE


def test_a_worker_that_lives_says_what_it_does_and_since_when(window: Window) -> None:
    start_epoch(window.store.connection, 4711, VERSION, "hook", window.clock.now)
    window.lease.acquire()
    window.clock.advance(90.0)

    snapshot = window.snapshot()

    assert snapshot.alive
    assert window.lines()[-2] == "Worker: starting, alive for 1.5 min."


def test_a_stopped_worker_is_not_shown_as_running(window: Window) -> None:
    start_epoch(window.store.connection, 4711, VERSION, "hook", window.clock.now)

    assert window.snapshot().worker_status == "not running"


def test_looking_twice_shows_the_same_and_changes_nothing(window: Window) -> None:
    window.away(for_s=60.0, next_s=5.0)
    before = {path.name: path.read_bytes() for path in window.data_dir.glob("*.json")}

    first, second = window.lines(), window.lines()

    assert first == second
    assert {path.name: path.read_bytes() for path in window.data_dir.glob("*.json")} == before


def test_matches_are_counted_by_confidence_and_today_by_its_jobs(rig: Rig) -> None:
    scenes = [rig.scene(name) for name in ("a", "b")]
    rig.sync(*scenes)

    snapshot = take_snapshot(rig.data_dir, rig.worker.components.store, rig.clock)

    assert (
        dict(Records(rig.worker.components.store).confidences())
        == dict(snapshot.confidences)
        == {"high": 2}
    )
    assert snapshot.done_today == 2
    assert "Matches: 2 high." in status_lines(snapshot, rig.clock.now)


def test_the_status_in_an_outage_is_what_the_worker_holds(rig: Rig) -> None:
    rig.plex.down()
    rig.sync(rig.scene("a"))

    snapshot = take_snapshot(rig.data_dir, rig.worker.components.store, rig.clock)

    assert snapshot.breaker == rig.worker.components.circuit.breaker
    assert snapshot.outage is not None
    assert snapshot.outage.start == rig.clock.now


def test_an_outage_that_is_over_is_told_with_its_length(window: Window) -> None:
    history = OutageRecorder(window.data_dir, window.clock, str)
    history.sync_with_breaker(CircuitState(BreakerStatus.OPEN, since=window.clock.now, reason=WHY))
    window.clock.advance(300.0)
    history.sync_with_breaker(CircuitState())
    window.clock.advance(7200.0)

    assert (
        "Plex: no trouble known; the last outage lasted 5 min and ended 2 h ago." in window.lines()
    )


def test_a_worker_of_an_older_version_is_named(window: Window) -> None:
    start_epoch(window.store.connection, 4711, "0.9.0", "hook", window.clock.now)
    window.lease.acquire()

    assert window.lines()[0].startswith(
        f"PlexSync {VERSION}; the worker is still 0.9.0, database in "
    )


def test_the_statistics_are_a_line_of_counts_and_a_line_of_times(rig: Rig) -> None:
    rig.sync(rig.scene("a"), rig.scene("b"), rig.scene("c", in_plex=False))
    rig.worker.components.statistics.save()
    rig.clock.advance(3600.0)

    lines = status_lines(
        take_snapshot(rig.data_dir, rig.worker.components.store, rig.clock), rig.clock.now
    )

    counts = next(line for line in lines if line.startswith("In the last 1 h: "))
    times = next(
        line
        for line in lines
        if line.startswith("Milliseconds (average/median/95 of 100 stay below): ")
    )
    assert counts.startswith("In the last 1 h: 2 done, 1 put off; requests per job: ")
    assert "to Plex" in counts
    assert "to Stash" in counts
    assert "job 0/0/0, read 0/0/0, match 0/0/0, items 0/0/0" in times


def test_counters_of_a_running_drain_are_shown(
    window: Window,
) -> None:
    window.store.enqueue("scene:1", "update")
    window.store.complete(window.store.claim()[0], [("outcomes", "done")])

    assert any(line.endswith(": 1 done.") for line in window.lines())
