"""Takes one snapshot of everything that PlexSync stores, and formats it for users."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.clock import Clock
from core.outcome import Disposition
from core.send_history import Suspension
from core.step_timer import STEPS
from core.text import format_counts, format_duration, join_counts, pluralize
from core.version import VERSION
from plex.path_learner import LearnedMapping
from plex.suspensions import suspended_fields
from sync.path_learning import read_mappings
from sync_queue import statements as sql
from sync_queue.counters import Counters
from sync_queue.dead_letters import DeadLetter, DeadLetters
from sync_queue.hook_queue import is_worker_alive
from sync_queue.meta import MetaStore, WorkerRow
from sync_queue.records import Records
from sync_queue.store import JobStore
from worker.reporting.stats import Statistics, Timing, current_statistics
from worker.reporting.tallies import utc_day_of
from worker.resilience.breaker import BreakerStatus, CircuitState, CircuitStateFile
from worker.resilience.outages import Outage, OutageHistory, duration_s, read_history
from worker.resilience.throttle import SlowStart, slow_start_file

NEWEST_DEAD_LETTERS = 3
SHOWN_MAPPINGS = 3
# Stash keeps the newest 30 lines for a log page that is opened later
MAX_LINES = 25
MAX_LINE = 400
_SUSPENSION_TEXTS = {
    Suspension.NOT_KEPT: "Plex does not keep it",
    Suspension.OVERWRITTEN: "something replaces it",
}
DISPOSITION_TEXTS = {
    Disposition.COMPLETE: "done",
    Disposition.RETRY: "retried",
    Disposition.RELEASE: "released while a server was unavailable",
    Disposition.DEAD_LETTER: "dead-lettered",
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state at one moment.

    Counts are jobs; mappings go from a name to a count, highest first. `reconciled` is when the
    last comparison ended (epoch seconds), a blank and its summary; "" before the first one.
    `suspended` counts the values that are no longer sent, by field and reason.
    """

    journal_mode: str
    due: int
    later: int
    running: int
    statistics: Statistics
    done_today: int
    waiting: Mapping[str, int]
    dead: Mapping[str, int]
    newest: tuple[DeadLetter, ...]
    confidences: Mapping[str, int]
    worker: WorkerRow | None
    alive: bool
    breaker: CircuitState
    history: OutageHistory
    ramp: SlowStart | None
    mappings: tuple[LearnedMapping, ...]
    reconciled: str = ""
    suspended: Mapping[str, int] = field(default_factory=dict)

    @property
    def outage(self) -> Outage | None:
        """Return the current outage; None while Plex is available."""
        return self.history.current

    @property
    def worker_status(self) -> str:
        """Return what the worker does, for the user."""
        return self.worker.status_text if self.worker and self.alive else "not running"


def take_snapshot(data_dir: Path, store: JobStore, clock: Clock) -> Snapshot:
    """Read everything that is stored; change nothing, except that corrupt files are quarantined."""
    dead_letters, counters = DeadLetters(store), Counters(store)
    due, later, running = store.counts()
    statistics = current_statistics(data_dir, counters, clock)
    ramp = slow_start_file(data_dir, clock).load()
    return Snapshot(
        journal_mode=str(store.connection.execute("PRAGMA journal_mode").fetchone()[0]),
        due=due,
        later=later,
        running=running,
        statistics=statistics,
        done_today=statistics.days.get(utc_day_of(clock.wall()), 0),
        waiting=store.waiting_by_reason(),
        dead=dead_letters.by_reason(),
        newest=tuple(dead_letters.newest(NEWEST_DEAD_LETTERS)),
        confidences=Records(store).confidences(),
        worker=MetaStore(store).worker(),
        alive=is_worker_alive(str(data_dir)),
        breaker=CircuitStateFile(data_dir, clock).load()[0],
        history=read_history(data_dir, clock)[0],
        ramp=ramp if ramp is not None and not ramp.is_over else None,
        mappings=read_mappings(data_dir, clock),
        reconciled=MetaStore(store).get(sql.RECONCILED),
        suspended=_count_suspended(Records(store)),
    )


def status_lines(snapshot: Snapshot, now: float) -> list[str]:
    """Return at most 25 lines, the most important last: Stash shows the newest line first."""
    lines = [line[:MAX_LINE] for make in SECTIONS for line in make(snapshot, now)]
    return lines[-MAX_LINES:]


def format_dead_letter(dead_letter: DeadLetter) -> str:
    """Return one line: scene, title, reason, what to do, which candidates were compared."""
    name = dead_letter.subject.replace(":", " ")
    title = f" ({dead_letter.title})" if dead_letter.title else ""
    # a bug's message continues with its traceback
    first_line = dead_letter.message.partition("\n")[0]
    candidates = ""
    if dead_letter.candidates:
        candidates = f" Looked at: {'; '.join(dead_letter.candidates)}."
    return f"Dead letter: {name}{title}: {dead_letter.reason}. {first_line}{candidates}"


def version_lines(snapshot: Snapshot, now: float) -> list[str]:
    """Return the installed version, and that of the running worker if it is another one."""
    worker = snapshot.worker
    other = ""
    if worker is not None and snapshot.alive and worker.version != VERSION:
        other = f"; the worker is still {worker.version}"
    return [f"PlexSync {VERSION}{other}, database in {snapshot.journal_mode} mode."]


def timing_lines(snapshot: Snapshot, now: float) -> list[str]:
    """Return the times of a job and its steps; [] before the first job."""
    timing = snapshot.statistics.timing
    parts = [f"{name} {_milliseconds(timing[name])}" for name in STEPS if name in timing]
    if not parts:
        return []
    return [f"Milliseconds (average/median/95 of 100 stay below): {', '.join(parts)}."]


def statistics_lines(snapshot: Snapshot, now: float) -> list[str]:
    """Return outcomes and requests since counting began; [] before the first job."""
    stats = snapshot.statistics
    if not stats.jobs:
        return []
    outcomes = {
        text: stats.outcomes[disposition.value]
        for disposition, text in DISPOSITION_TEXTS.items()
        if stats.outcomes.get(disposition.value)
    }
    cost = [
        f"{count:g} to {server.capitalize()}"
        for server, count in sorted(stats.requests_per_job.items())
    ]
    requests = f"; requests per job: {', '.join(cost)}" if cost else ""
    return [f"In the last {format_duration(now - stats.since)}: {join_counts(outcomes)}{requests}."]


def match_lines(snapshot: Snapshot, now: float) -> list[str]:
    """Return the matches by confidence, and the learned path mappings."""
    lines = []
    if snapshot.confidences:
        lines.append(f"Matches: {join_counts(snapshot.confidences)}.")
    for mapping in snapshot.mappings[:SHOWN_MAPPINGS]:
        lines.append(f"Learned: {mapping.source} => {mapping.target} ({mapping.files} files).")
    return lines


def dead_letter_lines(snapshot: Snapshot, now: float) -> list[str]:
    """Return the newest dead letters, and the counts of all by reason."""
    by_reason = [f"Dead letters: {format_counts(snapshot.dead)}."] if snapshot.dead else []
    return [*map(format_dead_letter, snapshot.newest), *by_reason]


def suspended_lines(snapshot: Snapshot, now: float) -> list[str]:
    """Return the counts of values that are no longer sent; [] for none."""
    if not snapshot.suspended:
        return []
    return [
        f"No longer sent: {format_counts(snapshot.suspended)}. A new value in Stash is sent as "
        "always; Force Sync All, or another setting of the field, sends the old one again."
    ]


def waiting_lines(snapshot: Snapshot, now: float) -> list[str]:
    """Return the counts of retried jobs by reason."""
    return [f"Waiting: {format_counts(snapshot.waiting)}."] if snapshot.waiting else []


def plex_lines(snapshot: Snapshot, now: float) -> list[str]:
    """Return whether Plex is available: breaker, outage, next probe and slow start."""
    if snapshot.breaker.state is not BreakerStatus.CLOSED:
        duration = f" for {format_duration(now - snapshot.outage.start)}" if snapshot.outage else ""
        probe = format_duration(max(0.0, snapshot.breaker.next_probe_at - now))
        return [
            f"Plex is unavailable{duration}: {snapshot.breaker.reason}. "
            f"PlexSync tries again in {probe}."
        ]

    lines = [f"Plex: no problem known{_last_outage(snapshot, now)}."]
    if snapshot.ramp is not None:
        jobs = pluralize(round(snapshot.ramp.rate), "job")
        lines.append(f"Plex is back; PlexSync sends {jobs} per second and speeds up.")
    return lines


def worker_lines(snapshot: Snapshot, now: float) -> list[str]:
    """Return whether a worker is running, its status and since when."""
    if snapshot.worker is None or not snapshot.alive:
        return ["Worker: not running; the next edit starts it."]
    duration = format_duration(now - snapshot.worker.started_at)
    return [f"Worker: {snapshot.worker_status}, running for {duration}."]


def queue_lines(snapshot: Snapshot, now: float) -> list[str]:
    """Return the counts of the queue."""
    dead_letters = pluralize(sum(snapshot.dead.values()), "dead letter")
    return [
        f"Queue: {snapshot.due:,} due, {snapshot.later:,} later, {snapshot.running:,} in progress, "
        f"{snapshot.done_today:,} done today, {dead_letters}."
    ]


def reconciled_lines(snapshot: Snapshot, now: float) -> list[str]:
    """Return when both sides were compared last, and the result; [] before the first time."""
    ended_at, _, text = snapshot.reconciled.partition(" ")
    if not text:
        return []
    try:
        ago_s = max(0.0, now - float(ended_at))
    except ValueError:
        return []
    return [f"Reconciled {format_duration(ago_s)} ago: {text}."]


SECTIONS: tuple[Callable[[Snapshot, float], list[str]], ...] = (
    version_lines,
    timing_lines,
    statistics_lines,
    match_lines,
    reconciled_lines,
    suspended_lines,
    dead_letter_lines,
    waiting_lines,
    plex_lines,
    worker_lines,
    queue_lines,
)
"""The functions that make the lines, the most important last. They make 18 lines at most."""


def _count_suspended(records: Records) -> dict[str, int]:
    counts = Counter(
        f"{name} ({_SUSPENSION_TEXTS[reason]})"
        for record in records.suspended()
        for name, reason in suspended_fields(record).items()
    )
    return dict(counts)


def _milliseconds(timing: Timing) -> str:
    times_s = (timing.average, timing.p50, timing.p95)
    return "/".join(f"{time_s * 1000.0:.0f}" for time_s in times_s)


def _last_outage(snapshot: Snapshot, now: float) -> str:
    last = snapshot.history.outages[-1] if snapshot.history.outages else None
    if last is None or last.end is None:
        return ""
    length, ago = format_duration(duration_s(last, now)), format_duration(now - last.end)
    return f"; the last outage lasted {length} and ended {ago} ago"
