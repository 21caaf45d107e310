"""Keep since when PlexSync has been here: no edit before the first catch-up may be lost.

The hook of the very first edit may be killed before it has enqueued anything. Only the files show
then that PlexSync was here before its first catch-up: its own code, and the lease file, which the
first worker creates and nothing changes afterwards.
"""

from pathlib import Path

from core.units import DAY_S
from sync_queue import statements as sql
from sync_queue.hook_queue import LEASE
from sync_queue.meta import MetaStore, parse_float

# Key of the meta row with the time of the first trace, kept by the first worker.
FIRST_TRACE = "first_trace"
ENTRY = "PlexSync.py"
# An older file proves nothing: the plugin may have been disabled since, or moved here.
MAX_TRACE_AGE_S = DAY_S


def keep_first_trace(facts: MetaStore, root: Path, data_dir: Path, now: float) -> None:
    """Store the first trace of PlexSync, unless an earlier worker did or the catch-up has run."""
    if facts.get(FIRST_TRACE) or facts.get(sql.WATERMARK):
        return
    # The time of the last change, on Windows of the creation: an archive cannot set it back.
    times = [_changed_at(path) for path in (root / ENTRY, data_dir / LEASE)]
    facts.set(FIRST_TRACE, repr(earliest_trace(times, now)))


def earliest_trace(times: list[float | None], now: float) -> float:
    """Return the earliest of the times that are at most a day old; `now` if there is none.

    Examples:
        >>> earliest_trace([99_000.0, 99_500.0, None, 5.0, 200_000.0], 100_000.0)
        99000.0
    """
    return min((time for time in times if time and 0 <= now - time <= MAX_TRACE_AGE_S), default=now)


def first_trace(facts: MetaStore, latest: float) -> float:
    """Return when PlexSync was first seen here; `latest` if unknown, or if the clock was ahead."""
    kept = parse_float(facts.get(FIRST_TRACE))
    return latest if kept is None else min(kept, latest)


def _changed_at(path: Path) -> float | None:
    try:
        return path.stat().st_ctime
    except OSError:
        return None
