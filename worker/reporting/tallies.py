"""Counts synced and failed jobs by hour and by day (UTC), in the queue's counters.

A completed job is synced, a dead-lettered one has failed; a retry is neither. Hours are kept for 48
hours and days for 35 days.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache

from core.outcome import Disposition
from core.units import DAY_S, HOUR_S
from sync_queue.counters import Counters

# Kinds of counters; they are stored, so they never change. `days` is as old as version 1.1.
DAYS, FAILED_DAYS = "days", "failed_days"
HOURS, FAILED_HOURS = "hours", "failed_hours"
KEPT_HOURS_S = 48 * HOUR_S
KEPT_DAYS_S = 35 * DAY_S
_DAY_FORMAT, _HOUR_FORMAT = "%Y-%m-%d", "%Y-%m-%dT%H"

Counts = Mapping[str, Mapping[str, int]]
"""Kind of counter to name to count, as `Counters.by_kind` returns them."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Jobs of one hour or day; `at` is when it began, epoch seconds."""

    at: float
    synced: int = 0
    failed: int = 0


def utc_day_of(at: float) -> str:
    """Return the UTC day of a time: YYYY-MM-DD."""
    return _utc_hour_of(at).partition("T")[0]


def tally_counters(disposition: Disposition, at: float) -> list[tuple[str, str]]:
    """Return the counters, (kind, name), that a job which ended at this time adds to.

    Examples:
        >>> tally_counters(Disposition.DEAD_LETTER, 1_700_000_000.0)
        [('failed_days', '2023-11-14'), ('failed_hours', '2023-11-14T22')]
    """
    day, hour = utc_day_of(at), _utc_hour_of(at)
    if disposition is Disposition.COMPLETE:
        return [(DAYS, day), (HOURS, hour)]
    if disposition is Disposition.DEAD_LETTER:
        return [(FAILED_DAYS, day), (FAILED_HOURS, hour)]
    return []


def prune(counters: Counters, now: float) -> None:
    """Delete the hours and days that are too old to be kept."""
    day, hour = utc_day_of(now - KEPT_DAYS_S), _utc_hour_of(now - KEPT_HOURS_S)
    counters.forget_before({DAYS: day, FAILED_DAYS: day, HOURS: hour, FAILED_HOURS: hour})


def last_hours(counts: Counts, now: float, hours: int = 24) -> tuple[Tally, ...]:
    """Return the last hours with a job, the current one included, oldest first."""
    since = now - (hours - 1) * HOUR_S
    return tuple(_tallies(counts, (HOURS, FAILED_HOURS), _HOUR_FORMAT, _utc_hour_of(since)))


def last_days(counts: Counts, now: float, days: int = 30) -> tuple[Tally, ...]:
    """Return the last days with a job, the current one included, oldest first."""
    since = now - (days - 1) * DAY_S
    return tuple(_tallies(counts, (DAYS, FAILED_DAYS), _DAY_FORMAT, utc_day_of(since)))


def today(counts: Counts, now: float) -> Tally:
    """Return the jobs of the UTC day of `now`."""
    day = utc_day_of(now)
    synced = counts.get(DAYS, {}).get(day, 0)
    return Tally(_read(day, _DAY_FORMAT), synced, counts.get(FAILED_DAYS, {}).get(day, 0))


def _utc_hour_of(at: float) -> str:
    return _name_of_hour(int(at // HOUR_S))


# Every job of an hour asks for its name.
@lru_cache(maxsize=8)
def _name_of_hour(number: int) -> str:
    return datetime.fromtimestamp(number * HOUR_S, timezone.utc).strftime(_HOUR_FORMAT)


def _read(name: str, form: str) -> float:
    return datetime.strptime(name, form).replace(tzinfo=timezone.utc).timestamp()


def _tallies(counts: Counts, kinds: tuple[str, str], form: str, first: str) -> Iterable[Tally]:
    """Yield the tallies from the one named `first` on; names sort by time."""
    synced, failed = (counts.get(kind, {}) for kind in kinds)
    for name in sorted({*synced, *failed}):
        if name >= first:
            yield Tally(_read(name, form), synced.get(name, 0), failed.get(name, 0))
