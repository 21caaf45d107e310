"""Stash's times: texts in the zone of the server at the moment of writing, whole seconds, compared
as texts.

So a question for what is newer is asked with a wide margin, and each answer is decided by parsing
it.
"""

from datetime import datetime, timedelta, timezone

MARGIN = timedelta(hours=26)  # covers every zone a server can be in
SETTLED_S = 2.0  # whole seconds: a younger time may hide a second edit


def parse_time(text: str) -> float | None:
    """Epoch seconds of a time as Stash writes it; None when it is none."""
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.timestamp()


def is_settled(updated: float | None, read_at: float) -> bool:
    """Return True if a state was read so late that no later edit can share its second."""
    return updated is not None and read_at >= updated + SETTLED_S


def since_text(moment_s: float) -> str:
    """Return a time (epoch seconds) as a text without zone, early enough for every zone."""
    moment = datetime.fromtimestamp(moment_s, timezone.utc) - MARGIN
    return moment.strftime("%Y-%m-%dT%H:%M:%S")
