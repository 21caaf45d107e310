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
    def doing(self) -> str:
        """What the worker does, for people."""
        return self.worker.status if self.worker is not None and self.alive else "not running"


def take_snapshot(data_dir: Path, store: JobStore, clock: Clock) -> Snapshot:
    """Read everything that is kept; changes nothing but setting a corrupt file aside."""
    letters, counters = DeadLetters(store), Counters(store)
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
        dead=letters.by_reason(),
        newest=tuple(letters.newest(NEWEST_LETTERS)),
        confidences=Records(store).confidences(),
        worker=MetaStore(store).worker(),
        alive=is_worker_alive(str(data_dir)),
        breaker=CircuitStateFile(data_dir, clock).load()[0],
        history=read_history(data_dir, clock.sleep)[0],
        ramp=ramp if ramp is not None and not ramp.is_over else None,
        lessons=read_mappings(data_dir, clock.sleep),
        reconciled=MetaStore(store).get(sql.RECONCILED),
    )


def status_lines(shot: Snapshot, now: float) -> list[str]:
    """At most 25 lines, the most important last: Stash shows the newest line first."""
    lines = [line[:MAX_LINE] for make in SECTIONS for line in make(shot, now)]
    return lines[-MAX_LINES:]


def format_dead_letter(letter: DeadLetter) -> str:
    """One dead letter on one line: scene, title, reason, what to do, what was looked at."""
    name = letter.subject.replace(":", " ")
    title = f" ({letter.title})" if letter.title else ""
    tried = f" Looked at: {'; '.join(letter.candidates)}." if letter.candidates else ""
    return f"Dead letter: {name}{title}: {letter.reason}. {letter.message.partition(chr(10))[0]}{tried}"


def version_lines(shot: Snapshot, now: float) -> list[str]:
    """What is installed."""
    other = f"; the worker is still {shot.worker.version}" if shot.worker and shot.alive else ""
    is_same = shot.worker is None or shot.worker.version == VERSION
    return [f"PlexSync {VERSION}{'' if is_same else other}, database in {shot.journal_mode} mode."]


def timing_lines(shot: Snapshot, now: float) -> list[str]:
    """How long a job and its steps take; [] before the first job."""
    timing = shot.statistics.timing
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


def statistics_lines(shot: Snapshot, now: float) -> list[str]:
    """What was done since counting began, and what it cost; [] before the first job."""
    stats = shot.statistics
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


def match_lines(shot: Snapshot, now: float) -> list[str]:
    """How sure the matches are, and what was learned of folder names."""
    lines = [
        f"Learned: {one.source} => {one.target} ({one.files} files)."
        for one in shot.lessons[:SHOWN_LESSONS]
    ]
    return [f"Matches: {_counted(shot.confidences)}.", *lines] if shot.confidences else lines


def dead_letter_lines(shot: Snapshot, now: float) -> list[str]:
    """The newest dead letters, and all by reason."""
    by_reason = [f"Dead letters: {format_counts(shot.dead)}."] if shot.dead else []
    return [*map(format_dead_letter, shot.newest), *by_reason]


def waiting_lines(shot: Snapshot, now: float) -> list[str]:
    """What jobs wait for."""
    return [f"Waiting: {format_counts(shot.waiting)}."] if shot.waiting else []


def plex_lines(shot: Snapshot, now: float) -> list[str]:
    """Breaker, outage, next probe and ramp."""
    if shot.breaker.state is not BreakerStatus.CLOSED:
        gap = max(0.0, shot.breaker.next_probe_at - now)
        away = f" for {format_duration(now - shot.outage.start)}" if shot.outage else ""
        return [
            f"Plex is away{away}: {shot.breaker.why}. It is asked again in {format_duration(gap)}."
        ]
    last = shot.history.outages[-1] if shot.history.outages else None
    lines = ["Plex: no trouble known."]
    if last is not None and last.end is not None:
        length = format_duration(duration_s(last, now))
        lines = [
            f"Plex: no trouble known; the last outage lasted {length} and ended {format_duration(now - last.end)} ago."
        ]
    if shot.ramp is not None:
        lines.append(
            f"Plex is back; the queue drains at {pluralize(round(shot.ramp.rate), 'job')} a second for now."
        )
    return lines


def worker_lines(shot: Snapshot, now: float) -> list[str]:
    """Whether a worker lives, what it does and since when."""
    if shot.worker is None or not shot.alive:
        return ["Worker: not running; the next edit starts it."]
    return [f"Worker: {shot.doing}, alive for {format_duration(now - shot.worker.started_at)}."]


def queue_lines(shot: Snapshot, now: float) -> list[str]:
    """The one line that everybody wants to see first."""
    return [
        f"Queue: {shot.due:,} due, {shot.later:,} later, {shot.running:,} in progress, "
        f"{shot.done_today:,} done today, {pluralize(sum(shot.dead.values()), 'dead letter')}."
    ]


def reconciled_lines(shot: Snapshot, now: float) -> list[str]:
    """When both sides were compared last and what came of it; [] before the first time."""
    ended_at, _, text = shot.reconciled.partition(" ")
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
