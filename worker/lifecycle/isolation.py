"""Isolate failures: an error in one job or listener never stops the others."""

import sqlite3
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TypeVar

from core.errors import Fenced, reason_of
from core.log import EventLog
from sync_queue.database import is_damage

_Event = TypeVar("_Event")


class isolate:  # noqa: N801
    """Catch any error of the block and hand it over as `error`; None if the block succeeded.

    Raises:
        Fenced, sqlite3.Error: the queue itself failed; that is no job's fault.
    """

    def __init__(self) -> None:
        self.error: Exception | None = None

    def __enter__(self) -> "isolate":
        return self

    def __exit__(
        self, kind: object, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        # Any error: a bug in one job must not stop the others.
        if not isinstance(error, Exception) or is_queue_error(error):
            return False
        self.error = error
        return True


def is_queue_error(error: Exception) -> bool:
    """Return True if the queue is locked, full or damaged, or a newer worker has taken over."""
    return isinstance(error, Fenced | sqlite3.OperationalError) or (
        isinstance(error, sqlite3.Error) and is_damage(error)
    )


def notify_listeners(
    listeners: Iterable[Callable[[_Event], object]], event: _Event, log: EventLog
) -> None:
    """Call every listener with the event; log the failure of one and continue with the next.

    Raises:
        Fenced, sqlite3.Error: the queue itself failed.
    """
    for listener in listeners:
        with isolate() as failure:
            listener(event)
        if failure.error is not None:
            detail = f"{reason_of(failure.error)}: {failure.error}"
            log.error("listener.failed", detail=detail)
