"""Jobs that stopped trying: what happened, to which scene, and what was looked at."""

import json
from dataclasses import dataclass

from core.job import PRIORITY_EDIT
from sync_queue import statements as sql
from sync_queue.hook_queue import job_row
from sync_queue.store import JobStore


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead letter. Times are epoch seconds; `candidates` are lines for people."""

    subject: str
    cause: str
    priority: int
    title: str
    reason: str
    message: str
    attempts: int
    candidates: tuple[str, ...]
    first_at: float
    last_at: float


def _parse_candidates(text: str) -> tuple[str, ...]:
    """Lines for people; () for a text that makes no sense, which a bad disk may have changed."""
    try:
        return tuple(map(str, json.loads(text)))
    except (ValueError, TypeError, RecursionError):
        return ()


class DeadLetters:
    """The dead letters of one queue."""

    def __init__(self, store: JobStore) -> None:
        self._store = store

    def newest(self, limit: int = 100) -> list[DeadLetter]:
        """The newest letters first; [] when there is none."""
        rows = self._store.connection.execute(sql.NEWEST_DEAD_LETTERS, {"limit": limit}).fetchall()
        return [
            DeadLetter(
                subject,
                cause,
                priority,
                title,
                reason,
                message,
                attempts,
                _parse_candidates(seen),
                first,
                last,
            )
            for subject, cause, priority, title, reason, message, attempts, seen, first, last in rows
        ]

    def reason_of(self, subject: str) -> str:
        """The error class of the subject's letter; "" when it has none."""
        row = self._store.connection.execute(
            sql.DEAD_LETTER_REASON, {"subject": subject}
        ).fetchone()
        return str(row[0]) if row else ""

    def by_reason(self) -> dict[str, int]:
        """How many letters of which error class, most first."""
        return dict(self._store.connection.execute(sql.COUNT_DEAD_LETTERS).fetchall())

    def clear(self) -> int:
        """Delete every letter; how many."""
        with self._store.transaction() as connection:
            return connection.execute(sql.CLEAR_LETTERS).rowcount

    def drop(self, subject: str) -> bool:
        """Delete one subject's letter; whether there was one."""
        with self._store.transaction() as connection:
            return connection.execute(sql.DELETE_DEAD_LETTER, {"subject": subject}).rowcount == 1

    def requeue(self, dead_letter: DeadLetter, now: float) -> bool:
        """Dead letter to waiting, in one transaction; False when the letter is gone already."""
        note = job_row(
            dead_letter.subject, "revived", max(dead_letter.priority, PRIORITY_EDIT), now, 0.0, None
        )
        with self._store.transaction() as connection:
            gone = (
                connection.execute(
                    sql.DELETE_DEAD_LETTER, {"subject": dead_letter.subject}
                ).rowcount
                == 1
            )
            if gone:
                connection.execute(sql.ENQUEUE, note)
        return gone
