"""What PlexSync has done so far, in numbers.

The counters move in the queue's database, in the transaction of the job's own move, so that three jobs
count as three whoever is killed. `stats.json` is their readable copy, with the newest times, written at
the end of each drain.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.clock import Clock
from core.files import JsonFile
from core.job import Job
from core.log import EventLog
from core.outcome import Fate, Outcome
from sync_queue.counters import Counters

FILE_NAME = "stats.json"
DAY_S = 86_400.0
KEPT_TIMES = 500  # the newest successful jobs; enough for a median and a 95th percentile


class Statistics(BaseModel):
    """Counters since `since` (epoch seconds). `times_s` are the newest successful jobs, oldest first."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    since: float = Field(default=0.0, ge=0.0)
    outcomes: dict[str, int] = Field(default_factory=dict)
    errors: dict[str, int] = Field(default_factory=dict)
    fields: dict[str, int] = Field(default_factory=dict)
    confidence: dict[str, int] = Field(default_factory=dict)
    days: dict[str, int] = Field(default_factory=dict)
    times_s: tuple[Annotated[float, Field(ge=0.0)], ...] = ()

    @property
    def jobs(self) -> int:
        """How many outcomes there were, retries included."""
        return sum(self.outcomes.values())


def counts_of(outcome: Outcome, day: str) -> list[tuple[str, str]]:
    """The counters one outcome moves: (kind, name). `day` is YYYY-MM-DD."""
    if outcome.fate is not Fate.DONE:
        return [("outcomes", outcome.fate.value), ("errors", outcome.what)]
    counts = [("outcomes", outcome.fate.value), ("days", day)]
    counts += [("fields", name) for name in outcome.wrote]
    if outcome.items:
        counts.append(("confidence", outcome.confidence))
    return counts


def day_of(clock: Clock, ago_s: float = 0.0) -> str:
    """The day by the wall clock, some seconds ago, in UTC: YYYY-MM-DD."""
    return datetime.fromtimestamp(clock.wall() - ago_s, timezone.utc).strftime("%Y-%m-%d")


def percentile(times_s: Iterable[float], share: float) -> float | None:
    """The time that `share` (0 to 1) of the jobs stayed below, in seconds; None without any."""
    ordered = sorted(times_s)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def read_statistics(data_dir: Path, sleep: Callable[[float], None]) -> Statistics:
    """The readable copy; empty ones when there are none or they make no sense (they are set aside)."""
    return _read(JsonFile(data_dir / FILE_NAME, sleep))


def _read(file: JsonFile) -> Statistics:
    try:
        return Statistics.model_validate(file.read() or {})
    except ValidationError:
        file.discard()
        return Statistics()


class StatisticsKeeper:
    """Remembers the times it hears and writes the readable copy."""

    def __init__(self, data_dir: Path, counters: Counters, clock: Clock, log: EventLog) -> None:
        self._file = JsonFile(data_dir / FILE_NAME, clock.sleep)
        self._counters = counters
        self._clock = clock
        self._log = log
        kept = _read(self._file)
        if self._file.complaint:
            log.warning("state.set_aside", detail=self._file.complaint)
        self._since = kept.since or clock.wall()
        self._times_s = list(kept.times_s)

    def heard(self, job: Job, outcome: Outcome, took_s: float) -> None:
        """A drain's listener: keep the time of a successful job."""
        if outcome.fate is Fate.DONE and outcome.items:
            self._times_s = [*self._times_s[1 - KEPT_TIMES :], round(took_s, 4)]

    def now(self) -> Statistics:
        """The statistics of this moment."""
        return Statistics(since=self._since, times_s=tuple(self._times_s), **self._counters.by_kind())

    def save(self) -> None:
        """Write the readable copy, of today's and yesterday's days; a disk that is full only delays it."""
        self._counters.forget_before("days", day_of(self._clock, ago_s=DAY_S))
        try:
            self._file.write(self.now().model_dump(mode="json"), durable=False)
        except (OSError, TimeoutError) as error:
            self._log.warning("stats.unsaved", detail=str(error))
