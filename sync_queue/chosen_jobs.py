"""Change waiting jobs that the user has chosen, each time in one transaction.

What deletes takes the number that the user was shown: it counts and deletes under one lock, so
that it never deletes more.
"""

import sqlite3
from collections.abc import Sequence

from core.clock import Clock
from core.job import PRIORITY_EDIT, SYNC_NOW
from sync_queue import list_statements as list_sql
from sync_queue import statements as sql
from sync_queue.hook_queue import job_row
from sync_queue.shown_number import was_shown
from sync_queue.store import JobStore


def expedite(store: JobStore, clock: Clock, subjects: Sequence[str]) -> int:
    """Make the waiting jobs of these subjects due and urgent, as an edit is; return how many."""
    now = clock.wall()
    with store.transaction() as connection:
        waiting = _waiting(connection, subjects)
        for subject in waiting:
            connection.execute(
                sql.ENQUEUE, job_row(subject, SYNC_NOW, PRIORITY_EDIT, now, 0.0, None)
            )
    return len(waiting)


def drop_jobs(store: JobStore, subjects: Sequence[str], shown: int | None) -> tuple[int, bool]:
    """Delete the waiting jobs of these subjects; return their number and whether it was done.

    Nothing is deleted if there are more than `shown`, or if that is None.
    """
    with store.transaction() as connection:
        waiting = _waiting(connection, subjects)
        is_done = was_shown(len(waiting), shown)
        if is_done:
            rows = ({"subject": subject} for subject in waiting)
            connection.executemany(list_sql.DROP_WAITING_SUBJECT, rows)
    return len(waiting), is_done


def drop_all_jobs(store: JobStore, shown: int | None) -> tuple[int, bool]:
    """Delete every waiting job; return their number and whether it was done, as `drop_jobs`."""
    with store.transaction() as connection:
        count = int(connection.execute(list_sql.COUNT_WAITING).fetchone()[0])
        is_done = was_shown(count, shown)
        if is_done:
            connection.execute(sql.DROP_WAITING)
    return count, is_done


def _waiting(connection: sqlite3.Connection, subjects: Sequence[str]) -> list[str]:
    """Return those of the subjects that wait."""
    return [
        subject
        for subject in dict.fromkeys(subjects)
        if connection.execute(sql.FIND_WAITING, {"subject": subject}).fetchone() is not None
    ]
