"""Keep the sync of the library that the user has asked the worker for: one row of the queue.

The row is the request and the position. It moves in the transaction that enqueues, and only while
it is what the worker has read: a killed worker continues where it was, and a cancelled run ends.
"""

from pydantic import BaseModel, ConfigDict, ValidationError

from sync_queue import statements as sql
from sync_queue.meta import MetaStore


class SyncRun(BaseModel):
    """One sync of the library. Times are epoch seconds.

    Attributes:
        kind: `sync_all`, `sync_recent` or `force_sync`; also the cause of its jobs.
        asked_at: when the user asked for it.
        started_at: when the worker began, 0 before.
        cursor: every scene up to this id was looked at.
        done, total: scenes looked at, and in all; `total` is 0 where it is unknown.
        queued: jobs enqueued.
        is_enqueued: every scene was looked at; only its jobs are left.
    """

    model_config = ConfigDict(frozen=True)

    kind: str
    asked_at: float
    started_at: float = 0.0
    cursor: int = 0
    done: int = 0
    total: int = 0
    queued: int = 0
    is_enqueued: bool = False


def read_sync(text: str) -> SyncRun | None:
    """Return the sync that the row's text describes; None for "" and for a corrupt text."""
    try:
        return SyncRun.model_validate_json(text) if text else None
    except ValidationError:
        return None


def current_sync(facts: MetaStore) -> SyncRun | None:
    """Return the newest sync, enqueued or not; None when there is none."""
    return read_sync(facts.get(sql.SYNC_RUN))


def request_sync(facts: MetaStore, kind: str, now: float) -> SyncRun:
    """Ask the worker for a sync; it replaces the one before."""
    run = SyncRun(kind=kind, asked_at=now)
    facts.set(sql.SYNC_RUN, run.model_dump_json())
    return run
