"""Formats the recorded outages of Plex for users."""

import time

from core.text import format_duration, pluralize
from worker.resilience.outages import KEPT, Outage, OutageHistory, duration_s, metrics

# with the lines around them at most twenty
SHOWN = 13
MAX_ERROR = 120
NONE_YET = "No outage of Plex has been recorded."
UNKNOWN = "not known yet"


def report_lines(history: OutageHistory, now: float) -> list[str]:
    """Return at most 20 lines: the current state, the metrics, the newest outages first."""
    if not history.outages:
        return [NONE_YET]
    newest = list(reversed(history.outages))
    lines = [*_metric_lines(history, now), "The newest outages:"]
    lines += [_outage_line(outage, now) for outage in newest[:SHOWN]]
    if len(newest) > SHOWN:
        lines.append(f"{len(newest) - SHOWN} older outages are not shown.")
    return lines


def _metric_lines(history: OutageHistory, now: float) -> list[str]:
    figures = metrics(history, now)
    refused = ""
    if figures.refused:
        refused = f", and {figures.refused} in which Plex denied PlexSync access"
    lines = [
        _state_line(history, now),
        f"{pluralize(figures.count, 'outage')}{refused}; the last {KEPT} are kept.",
    ]
    if figures.count:
        share = UNKNOWN if figures.availability is None else f"{figures.availability:.2%}"
        lines.append(f"Plex was available {share} of the time since the first of them.")
        lines.append(f"Mean time between outages: {_duration_or_unknown(figures.mtbf_s)}.")
        lines.append(f"Mean time to recovery: {_duration_or_unknown(figures.mttr_s)}.")
    return lines


def _state_line(history: OutageHistory, now: float) -> str:
    current = history.current
    if current is not None:
        duration = format_duration(duration_s(current, now))
        return f"Plex is unavailable since {_local_time(current.start)}, for {duration}."
    ended_at = history.outages[-1].end or 0.0
    return f"Plex is available; the last outage ended {format_duration(now - ended_at)} ago."


def _duration_or_unknown(seconds: float | None) -> str:
    return UNKNOWN if seconds is None else format_duration(seconds)


def _outage_line(outage: Outage, now: float) -> str:
    length = format_duration(duration_s(outage, now)) + (" so far" if outage.end is None else "")
    jobs = f"{pluralize(outage.jobs, 'job')} affected"
    error = f": {outage.error[:MAX_ERROR]}" if outage.error else ""
    ended = f"; {outage.how}" if outage.how else ""
    return f"{_local_time(outage.start)}, {length}, {jobs}: {outage.cause}{error}{ended}."


def _local_time(epoch_s: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(epoch_s))
