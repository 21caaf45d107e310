"""Store how often a value was sent inside a record's JSON; keys and values never change."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from core.send_history import NO_HISTORY, SendHistory, Suspension

_SENT_AT, _NOT_KEPT, _SUSPENSION = "sent_at", "not_kept", "suspension"
SUSPENDED_PATTERN = f'%"{_SUSPENSION}"%'
"""What LIKE finds in the JSON of a record with a suspended value."""


def history_document(history: SendHistory) -> dict[str, Any]:
    """Return the history as JSON values, without what is empty; {} for an empty history."""
    if history is NO_HISTORY:
        return {}
    document: dict[str, Any] = {}
    if history.sent_at:
        document[_SENT_AT] = list(history.sent_at)
    if history.not_kept:
        document[_NOT_KEPT] = history.not_kept
    if history.is_suspended:
        document[_SUSPENSION] = history.suspension.value
    return document


def read_history(document: Mapping[str, Any] | None) -> SendHistory:
    """Return the history of a stored value; an empty one where none is stored.

    Raises:
        ValueError, TypeError, AttributeError: the document is invalid.
    """
    if not document:
        return NO_HISTORY
    return _history(
        tuple(document.get(_SENT_AT, ())), document.get(_NOT_KEPT, 0), document.get(_SUSPENSION)
    )


# What is sent together has one history, and each record is read again and again.
@lru_cache(maxsize=1024)
def _history(sent_at: tuple[Any, ...], not_kept: Any, suspension: Any) -> SendHistory:
    return SendHistory(
        tuple(map(int, sent_at)),
        int(not_kept),
        Suspension(suspension) if suspension else Suspension.NONE,
    )
