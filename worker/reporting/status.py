"""What a person sees of PlexSync: one snapshot of everything that is kept, and its lines."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.clock import Clock
from core.files import JsonFile
from core.step_timer import STEPS
from core.text import format_counts, format_duration, pluralize
from core.version import VERSION
from plex.path_learner import LearnedMapping
from sync.path_learning import read_mappings
from sync_queue import statements as sql
from sync_queue.counters import Counters
from sync_queue.dead_letters import DeadLetter, DeadLetters
from sync_queue.hook_queue import is_worker_alive
from sync_queue.meta import MetaStore, WorkerRow
from sync_queue.records import Records
from sync_queue.store import JobStore
from worker.reporting.stats import Statistics, current_statistics, utc_day
from worker.resilience import rate_limiter
from worker.resilience.breaker import BreakerStatus, CircuitState
from worker.resilience.breaker_file import CircuitStateFile
from worker.resilience.outages import Outage, OutageHistory, duration_s, read_history
from worker.resilience.rate_limiter import SlowStart
from worker.resilience.throttle import FILE_NAME as RAMP_FILE

NEWEST_LETTERS = 3
SHOWN_LESSONS = 3
MAX_LINES = 25  # Stash keeps the newest 30 for a page that is opened later
MAX_LINE = 400


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state at one moment. Counts are jobs; mappings go from a name to a count, most first."""

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
    lessons: tuple[LearnedMapping, ...]
    reconciled: str = ""

    @property
    def outage(self) -> Outage | None:
        """The outage that goes on now, if one does."""
        return self.history.current

    @property
    def worker_status(self) -> str:
        """Return what the worker does, for the user."""
        return self.worker.status_text if self.worker and self.alive else "not running"


def take_snapshot(data_dir: Path, store: JobStore, clock: Clock) -> Snapshot:
    """Read everything that is kept; changes nothing but setting a corrupt file aside."""
    dead_letters, counters = DeadLetters(store), Counters(store)
    due, later, running = store.counts()
    statistics = current_statistics(data_dir, counters, clock.sleep)
    ramp = rate_limiter.from_document(JsonFile(data_dir / RAMP_FILE, clock.sleep).read())
    return Snapshot(
        journal_mode=str(store.connection.execute("PRAGMA journal_mode").fetchone()[0]),
        due=due,
        later=later,
        running=running,
        statistics=statistics,
        done_today=statistics.days.get(utc_day(clock), 0),
        waiting=store.waiting_by_reason(),
        dead=dead_letters.by_reason(),
        newest=tuple(dead_letters.newest(NEWEST_LETTERS)),
        confidences=Records(store).confidences(),
        worker=MetaStore(store).worker(),
        alive=is_worker_alive(str(data_dir)),
        breaker=CircuitStateFile(data_dir, clock).load()[0],
        history=read_history(data_dir, clock.sleep)[0],
        ramp=ramp if ramp is not None and not ramp.is_over else None,
        lessons=read_mappings(data_dir, clock.sleep),
        reconciled=MetaStore(store).get(sql.RECONCILED),
    )


def status_lines(snapshot: Snapshot, now: float) -> list[str]:
    """At most 25 lines, the most important last: Stash shows the newest line first."""
    lines = [line[:MAX_LINE] for make in SECTIONS for line in make(snapshot, now)]
    return lines[-MAX_LINES:]


def format_dead_letter(dead_letter: DeadLetter) -> str:
    """One dead letter on one line: scene, title, reason, what to do, what was looked at."""
    name = dead_letter.subject.replace(":", " ")
    title = f" ({dead_letter.title})" if dead_letter.title else ""
    tried = f" Looked at: {'; '.join(dead_letter.candidates)}." if dead_letter.candidates else ""
    return f"Dead letter: {name}{title}: {dead_letter.reason}. {dead_letter.message.partition(chr(10))[0]}{tried}"


def version_lines(snapshot: Snapshot, now: float) -> list[str]:
    """What is installed."""
    other = (
        f"; the worker is still {snapshot.worker.version}"
        if snapshot.worker and snapshot.alive
        else ""
    )
    is_same = snapshot.worker is None or snapshot.worker.version == VERSION
    return [
        f"PlexSync {VERSION}{'' if is_same else other}, database in {snapshot.journal_mode} mode."
    ]


def timing_lines(snapshot: Snapshot, now: float) -> list[str]:
    """How long a job and its steps take; [] before the first job."""
    timing = snapshot.statistics.timing
    parts = [
        f"{name} {'/'.join(f'{seconds * 1000.0:.0f}' for seconds in (row.average, row.p50, row.p95))}"
        for name in STEPS
        if (row := timing.get(name)) is not None
    ]
    return (
        [f"Milliseconds (average/median/95 of 100 stay below): {', '.join(parts)}."]
        if parts
        else []
    )


def statistics_lines(snapshot: Snapshot, now: float) -> list[str]:
    """What was done since counting began, and what it cost; [] before the first job."""
    stats = snapshot.statistics
    if not stats.jobs:
        return []
    names = {
        "done": "done",
        "wait": "put off",
        "release": "given back while a server was away",
        "bury": "given up",
    }
    parts = [
        f"{stats.outcomes[name]:,} {text}"
        for name, text in names.items()
        if stats.outcomes.get(name)
    ]
    cost = [
        f"{count:g} to {server.capitalize()}"
        for server, count in sorted(stats.requests_per_job.items())
    ]
    requests = f"; requests per job: {', '.join(cost)}" if cost else ""
    return [f"In the last {format_duration(now - stats.since)}: {', '.join(parts)}{requests}."]


def match_lines(snapshot: Snapshot, now: float) -> list[str]:
    """How sure the matches are, and what was learned of folder names."""
    lines = [
        f"Learned: {one.source} => {one.target} ({one.files} files)."
        for one in snapshot.lessons[:SHOWN_LESSONS]
    ]
    return (
        [f"Matches: {_counted(snapshot.confidences)}.", *lines] if snapshot.confidences else lines
    )


def dead_letter_lines(snapshot: Snapshot, now: float) -> list[str]:
    """The newest dead letters, and all by reason."""
    by_reason = [f"Dead letters: {format_counts(snapshot.dead)}."] if snapshot.dead else []
    return [*map(format_dead_letter, snapshot.newest), *by_reason]


def waiting_lines(snapshot: Snapshot, now: float) -> list[str]:
    """What jobs wait for."""
    return [f"Waiting: {format_counts(snapshot.waiting)}."] if snapshot.waiting else []


def plex_lines(snapshot: Snapshot, now: float) -> list[str]:
    """Breaker, outage, next probe and ramp."""
    if snapshot.breaker.state is not BreakerStatus.CLOSED:
        gap = max(0.0, snapshot.breaker.next_probe_at - now)
        away = f" for {format_duration(now - snapshot.outage.start)}" if snapshot.outage else ""
        return [
            f"Plex is away{away}: {snapshot.breaker.reason}. It is asked again in {format_duration(gap)}."
        ]
    last = snapshot.history.outages[-1] if snapshot.history.outages else None
    lines = ["Plex: no trouble known."]
    if last is not None and last.end is not None:
        length = format_duration(duration_s(last, now))
        lines = [
            f"Plex: no trouble known; the last outage lasted {length} and ended {format_duration(now - last.end)} ago."
        ]
    if snapshot.ramp is not None:
        lines.append(
            f"Plex is back; the queue drains at {pluralize(round(snapshot.ramp.rate), 'job')} a second for now."
        )
    return lines


def worker_lines(snapshot: Snapshot, now: float) -> list[str]:
    """Whether a worker lives, what it does and since when."""
    if snapshot.worker is None or not snapshot.alive:
        return ["Worker: not running; the next edit starts it."]
    return [
        f"Worker: {snapshot.worker_status}, alive for {format_duration(now - snapshot.worker.started_at)}."
    ]


def queue_lines(snapshot: Snapshot, now: float) -> list[str]:
    """The one line that everybody wants to see first."""
    return [
        f"Queue: {snapshot.due:,} due, {snapshot.later:,} later, {snapshot.running:,} in progress, "
        f"{snapshot.done_today:,} done today, {pluralize(sum(snapshot.dead.values()), 'dead letter')}."
    ]


def reconciled_lines(snapshot: Snapshot, now: float) -> list[str]:
    """When both sides were compared last and what came of it; [] before the first time."""
    ended_at, _, text = snapshot.reconciled.partition(" ")
    try:
        return (
            [f"Reconciled {format_duration(max(0.0, now - float(ended_at)))} ago: {text}."]
            if text
            else []
        )
    except ValueError:
        return []


SECTIONS: tuple[Callable[[Snapshot, float], list[str]], ...] = (
    version_lines,
    timing_lines,
    statistics_lines,
    match_lines,
    reconciled_lines,
    dead_letter_lines,
    waiting_lines,
    plex_lines,
    worker_lines,
    queue_lines,
)
"""Who makes the lines, the most important last. Together they make 17 at most."""


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())
