"""What PlexSync has done so far, in numbers, kept in `stats.json`; a drain's listener.

Saved after every job: a worker may be killed at any moment, and three jobs must count as three.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.clock import Clock
from core.files import JsonFile
from core.job import Job
from core.log import EventLog
from core.outcome import Fate, Outcome

FILE_NAME = "stats.json"
KEPT_TIMES = 500  # the newest successful jobs; enough for a median and a 95th percentile


class Statistics(BaseModel):
    """Counters since `since` (epoch seconds). `times_s` are the newest successful jobs, oldest first."""

    model_config = ConfigDict(frozen=True)

    since: float = 0.0
    outcomes: dict[str, int] = Field(default_factory=dict)
    errors: dict[str, int] = Field(default_factory=dict)
    fields: dict[str, int] = Field(default_factory=dict)
    confidence: dict[str, int] = Field(default_factory=dict)
    days: dict[str, int] = Field(default_factory=dict)
    plex_requests: int = 0
    times_s: tuple[float, ...] = ()

    @property
    def jobs(self) -> int:
        """How many outcomes there were, retries included."""
        return sum(self.outcomes.values())


def including(stats: Statistics, outcome: Outcome, took_s: float, day: str) -> Statistics:
    """The statistics with one more outcome. `day` is YYYY-MM-DD; only its jobs and the day before's are kept."""
    done = outcome.fate is Fate.DONE
    changes: dict[str, Any] = {"outcomes": _plus(stats.outcomes, [outcome.fate.value])}
    if done:
        changes["fields"] = _plus(stats.fields, outcome.wrote)
        changes["days"] = dict(sorted(_plus(stats.days, [day]).items())[-2:])
    else:
        changes["errors"] = _plus(stats.errors, [outcome.what])
    if done and outcome.items:
        changes["confidence"] = _plus(stats.confidence, [outcome.confidence])
        changes["times_s"] = (*stats.times_s, round(took_s, 4))[-KEPT_TIMES:]
    return stats.model_copy(update=changes)


def percentile(times_s: Iterable[float], share: float) -> float | None:
    """The time that `share` (0 to 1) of the jobs stayed below, in seconds; None without any."""
    ordered = sorted(times_s)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def read_statistics(data_dir: Path, sleep: Callable[[float], None]) -> Statistics:
    """The kept statistics; empty ones when there are none or they make no sense (they are set aside)."""
    file = JsonFile(data_dir / FILE_NAME, sleep)
    try:
        return Statistics.model_validate(file.read() or {})
    except ValidationError:
        file.discard()
        return Statistics()


class StatisticsKeeper:
    """Counts what it hears and saves it."""

    def __init__(self, data_dir: Path, clock: Clock, log: EventLog) -> None:
        self._file = JsonFile(data_dir / FILE_NAME, clock.sleep)
        self._clock = clock
        self._log = log
        self.stats = read_statistics(data_dir, clock.sleep)
        if not self.stats.since:
            self.stats = self.stats.model_copy(update={"since": clock.wall()})

    def heard(self, job: Job, outcome: Outcome, took_s: float) -> None:
        """Count one outcome."""
        self.stats = including(self.stats, outcome, took_s, today(self._clock))
        self._save()

    def count_requests(self, requests: int) -> None:
        """Add requests sent to Plex since the last call."""
        if requests:
            self.stats = self.stats.model_copy(update={"plex_requests": self.stats.plex_requests + requests})
            self._save()

    def _save(self) -> None:
        try:
            self._file.write(self.stats.model_dump(mode="json"), durable=False)
        except (OSError, TimeoutError) as error:
            self._log.warning("stats.unsaved", detail=str(error))


def today(clock: Clock) -> str:
    """The day by the wall clock, in UTC."""
    return datetime.fromtimestamp(clock.wall(), timezone.utc).strftime("%Y-%m-%d")


def _plus(counts: dict[str, int], names: Iterable[str]) -> dict[str, int]:
    more = dict(counts)
    for name in names:
        more[name] = more.get(name, 0) + 1
    return more
