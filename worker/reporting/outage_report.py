"""The outages of Plex, told to a person."""

import time

from core.text import format_duration
from worker.resilience.outages import KEPT, Outage, OutageHistory, duration_s, metrics

SHOWN = 13  # of the outages; with the lines around them twenty
MAX_ERROR = 120
NONE_YET = "No outage of Plex has been recorded."
UNKNOWN = "not known yet"


def report_lines(history: OutageHistory, now: float) -> list[str]:
    """At most 20 lines: how it is, the figures, the newest outages first."""
    if not history.outages:
        return [NONE_YET]
    newest = list(reversed(history.outages))
    lines = [
        *_figures(history, now),
        "The newest outages:",
        *(_line(one, now) for one in newest[:SHOWN]),
    ]
    if len(newest) > SHOWN:
        lines.append(f"{len(newest) - SHOWN} older ones are not shown.")
    return lines


def _figures(history: OutageHistory, now: float) -> list[str]:
    figures, current = metrics(history, now), history.current
    if current is not None:
        lines = [
            f"Plex is away since {_moment(current.start)}, for {format_duration(duration_s(current, now))}."
        ]
    else:
        ended = history.outages[-1].end or 0.0
        lines = [f"Plex is there; the last outage ended {format_duration(now - ended)} ago."]
    refused = (
        f", and {figures.refused} in which Plex turned PlexSync away" if figures.refused else ""
    )
    lines.append(f"{figures.count} outages{refused}; the last {KEPT} are kept.")
    if figures.count:
        share = UNKNOWN if figures.availability is None else f"{figures.availability:.2%}"
        lines.append(f"Plex was there {share} of the time since the first of them.")
        lines.append(f"Mean time between outages: {_or_unknown(figures.mtbf_s)}.")
        lines.append(f"Mean time to recovery: {_or_unknown(figures.mttr_s)}.")
    return lines


def _or_unknown(seconds: float | None) -> str:
    return UNKNOWN if seconds is None else format_duration(seconds)


def _line(outage: Outage, now: float) -> str:
    length = format_duration(duration_s(outage, now)) + (" so far" if outage.end is None else "")
    jobs = f"{outage.jobs} job{'' if outage.jobs == 1 else 's'} affected"
    error = f": {outage.error[:MAX_ERROR]}" if outage.error else ""
    ended = f"; {outage.how}" if outage.how else ""
    return f"{_moment(outage.start)}, {length}, {jobs}: {outage.cause}{error}{ended}."


def _moment(epoch_s: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(epoch_s))
