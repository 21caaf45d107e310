"""Enqueue what a completed job has left undone, in the transaction that completes it."""

import sqlite3
from dataclasses import dataclass

from core.job import PRIORITY_BACKFILL
from sync_queue import statements as sql
from sync_queue.hook_queue import job_row


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A job of the same subject: why, in how many seconds, and the error class it waits for."""

    cause: str
    wait_s: float
    reason: str


def enqueue_follow_up(
    connection: sqlite3.Connection, subject: str, follow_up: FollowUp, now: float
) -> None:
    """Enqueue the follow-up, or add its cause to the change that waits already.

    The caller has opened the transaction; `now` is in epoch seconds. What the user edits goes
    first, so the follow-up has the priority of a backfill.
    """
    has_change = connection.execute(sql.FIND_WAITING, {"subject": subject}).fetchone() is not None
    row = job_row(subject, follow_up.cause, PRIORITY_BACKFILL, now, follow_up.wait_s, None)
    connection.execute(sql.ENQUEUE, row)
    if not has_change:
        values = {"subject": subject, "reason": follow_up.reason}
        connection.execute(sql.SET_REASON, values)


def make_follow_ups_due(connection: sqlite3.Connection, cause: str, now: float) -> int:
    """Make every job that waits for this cause alone due now; return how many.

    The caller has opened the transaction.
    """
    return connection.execute(sql.MAKE_CAUSE_DUE, {"cause": cause, "now": now}).rowcount
