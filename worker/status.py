"""What a person sees of PlexSync: one snapshot of everything that is kept, and its lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.clock import Clock
from core.files import JsonFile
from core.version import VERSION
from plex.path_learner import Lesson
from sync_queue import statements as sql
from sync_queue.counters import Counters
from sync_queue.dead_letters import DeadLetter, DeadLetters
from sync_queue.facts import Facts, WorkerRow
from sync_queue.inbox import worker_lives
from sync_queue.records import Records
from sync_queue.store import JobStore
from worker import rate_limiter
from worker.breaker import Breaker, State
from worker.breaker_file import BreakerFile
from worker.learning import read_lessons
from worker.outage_report import duration
from worker.outages import Outage, read_history
from worker.rate_limiter import Ramp
from worker.stats import day_of
from worker.throttle import FILE_NAME as RAMP_FILE

NEWEST_LETTERS = 3
MOST_REASONS = 5
LONGEST_LINE = 400


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state at one moment. Counts are jobs; mappings go from a name to a count, most first."""

    journal_mode: str
    due: int
    later: int
    running: int
    done_today: int
    waiting: Mapping[str, int]
    dead: Mapping[str, int]
    newest: tuple[DeadLetter, ...]
    confidences: Mapping[str, int]
    worker: WorkerRow | None
    alive: bool
    breaker: Breaker
    outage: Outage | None
    ramp: Ramp | None
    lessons: tuple[Lesson, ...]
    reconciled: str = ""

    @property
    def doing(self) -> str:
        """What the worker does, for people."""
        return self.worker.doing if self.worker is not None and self.alive else "not running"


def take_snapshot(data_dir: Path, store: JobStore, clock: Clock) -> Snapshot:
    """Read everything that is kept; changes nothing but setting a corrupt file aside."""
    letters = DeadLetters(store)
    due, later, running = store.counts()
    days: Mapping[str, int] = Counters(store).by_kind().get("days", {})
    ramp = rate_limiter.from_document(JsonFile(data_dir / RAMP_FILE, clock.sleep).read())
    return Snapshot(
        journal_mode=str(store.connection.execute("PRAGMA journal_mode").fetchone()[0]),
        due=due,
        later=later,
        running=running,
        done_today=days.get(day_of(clock), 0),
        waiting=store.waiting_by_reason(),
        dead=letters.by_reason(),
        newest=tuple(letters.newest(NEWEST_LETTERS)),
        confidences=Records(store).confidences(),
        worker=Facts(store).worker(),
        alive=worker_lives(str(data_dir)),
        breaker=BreakerFile(data_dir, clock).load()[0],
        outage=read_history(data_dir, clock.sleep)[0].current,
        ramp=ramp if ramp is not None and not ramp.is_over else None,
        lessons=read_lessons(data_dir, clock.sleep),
        reconciled=Facts(store).get(sql.RECONCILED),
    )


def status_lines(shot: Snapshot, now: float) -> list[str]:
    """At most 25 lines, the most important last: Stash shows the newest line first."""
    lines = [f"PlexSync {VERSION}, database in {shot.journal_mode} mode."]
    if shot.confidences:
        lines.append(f"Matches: {_counted(shot.confidences)}.")
    lines += [f"Learned: {one.source} => {one.target} ({one.files} files)." for one in shot.lessons[:3]]
    lines += _reconciled_lines(shot.reconciled, now)
    lines += map(letter_line, shot.newest)
    lines += [f"Dead letters: {count} x {reason}." for reason, count in list(shot.dead.items())[:MOST_REASONS]]
    lines += [f"Waiting: {count} x {reason}." for reason, count in list(shot.waiting.items())[:MOST_REASONS]]
    lines += plex_lines(shot, now)
    since = f" since {duration(now - shot.worker.started_at)}" if shot.worker and shot.alive else ""
    lines.append(f"Worker: {shot.doing}{since}.")
    total = sum(shot.dead.values())
    lines.append(
        f"Queue: {shot.due} due, {shot.later} later, {shot.running} in progress, "
        f"{shot.done_today} done today, {total} dead letters."
    )
    return [line[:LONGEST_LINE] for line in lines]


def letter_line(letter: DeadLetter) -> str:
    """One dead letter on one line: scene, title, reason, what to do, what was looked at."""
    name = f"{letter.subject} ({letter.title})" if letter.title else letter.subject
    tried = f" Looked at: {'; '.join(letter.candidates)}." if letter.candidates else ""
    return f"Dead letter: {name}: {letter.reason}. {letter.message.partition(chr(10))[0]}{tried}"


def plex_lines(shot: Snapshot, now: float) -> list[str]:
    """Breaker, current outage, next probe and ramp; [] while everything is well."""
    lines = []
    if shot.ramp is not None and shot.breaker.state is State.CLOSED:
        lines.append(f"Plex is back; the queue drains at {shot.ramp.rate:.0f} jobs a second for now.")
    if shot.breaker.state is not State.CLOSED:
        gap = max(0.0, shot.breaker.next_probe_at - now)
        away = f" for {duration(now - shot.outage.start)}" if shot.outage else ""
        lines.append(f"Plex is away{away}: {shot.breaker.why}. It is asked again in {duration(gap)}.")
    return lines


def _reconciled_lines(fact: str, now: float) -> list[str]:
    """When both sides were compared last and what came of it; [] before the first time."""
    ended_at, _, text = fact.partition(" ")
    try:
        return [f"Reconciled {duration(max(0.0, now - float(ended_at)))} ago: {text}."] if text else []
    except ValueError:
        return []


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())
