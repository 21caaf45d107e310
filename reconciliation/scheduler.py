"""Decide whether a run is due, and over which scenes. Pure."""

from dataclasses import dataclass

from core.units import DAY_S, HOUR_S
from reconciliation.history import History
from validation.scope import ALL, RECENT, Scope

FULL_EVERY_S = 7 * DAY_S
NEVER = "never"
SCHEDULED = frozenset({"full", "interval", "start"})
INTERVALS_S = {"hourly": HOUR_S, "daily": DAY_S, "weekly": 7 * DAY_S}


@dataclass(frozen=True, slots=True)
class DueRun:
    """A run that should begin, and its cause: `interval`, `full` or `start`."""

    cause: str
    scope: Scope


def due_run(
    history: History,
    interval: str,
    scope: Scope,
    now: float,
    first_start: float,
    *,
    has_restarted: bool,
) -> DueRun | None:
    """Return the run that is due now; None when none is.

    Args:
        history: the runs that have ended.
        interval: never, hourly, daily or weekly.
        scope: what the setting asks for.
        now: epoch seconds.
        first_start: when PlexSync first ran here; nothing is due within an interval after it.
        has_restarted: Stash may have been restarted since the last run.
    """
    if interval == NEVER:
        return None
    if _has_passed(max(history.full_at, first_start), FULL_EVERY_S, now):
        return DueRun("full", ALL)
    if _has_passed(max(history.last_covering(scope), first_start), INTERVALS_S[interval], now):
        return DueRun("interval", scope)
    if has_restarted and _has_passed(max(history.last, first_start), HOUR_S, now):
        return DueRun("start", RECENT)
    return None


def next_run_at(
    history: History, interval: str, scope: Scope, now: float, first_start: float
) -> float:
    """Return when the next run is due, epoch seconds: `now` if one is due, 0 for never.

    A start of Stash may bring about one earlier. Arguments as for `due_run`.
    """
    if interval == NEVER:
        return 0.0
    if due_run(history, interval, scope, now, first_start, has_restarted=False) is not None:
        return now
    full_at = max(history.full_at, first_start) + FULL_EVERY_S
    return min(full_at, max(history.last_covering(scope), first_start) + INTERVALS_S[interval])


def _has_passed(since: float, seconds: float, now: float) -> bool:
    # A moment in the future means that the clock was set back: then the time has passed.
    return not since <= now < since + seconds
