"""Isolate failures: an error in one job or listener never stops the others."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from core.errors import Fenced
from core.log import EventLog
from sync_queue.database import is_damage

_Event = TypeVar("_Event")


@dataclass(slots=True)
class Failure:
    """The error of one `isolate` block; `error` is None if the block succeeded."""

    error: Exception | None = None


@contextmanager
def isolate() -> Iterator[Failure]:
    """Catch any error of the block and hand it over as `error` of the yielded object.

    Raises:
        Fenced, sqlite3.Error: the queue itself failed; that is no job's fault.
    """
    failure = Failure()
    try:
        yield failure
    except Exception as error:  # broad: a bug in one job must not stop the others
        if is_queue_error(error):
            raise
        failure.error = error


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
            detail = f"{type(failure.error).__name__}: {failure.error}"
            log.error("listener.failed", detail=detail)
