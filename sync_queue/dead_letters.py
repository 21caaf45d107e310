"""Jobs that stopped trying: what happened, to which scene, and what was looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.job import PRIORITY_EDIT, REQUEUED
from core.match import CandidateEntry
from sync_queue import statements as sql
from sync_queue.candidate_rows import parse_candidates
from sync_queue.hook_queue import job_row
from sync_queue.store import JobStore


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead letter. Times are epoch seconds."""

    subject: str
    cause: str
    priority: int
    title: str
    reason: str
    message: str
    attempts: int
    looked_at: tuple[CandidateEntry, ...]
    first_at: float
    last_at: float

    @property
    def candidates(self) -> tuple[str, ...]:
        """Return what was looked at, as lines for the user."""
        return tuple(entry.text for entry in self.looked_at)


def dead_letter_of(row: Sequence[Any]) -> DeadLetter:
    """Return the dead letter of a row."""
    subject, cause, priority, title, reason, message, attempts, text, first_at, last_at = row
    looked_at = parse_candidates(text)
    return DeadLetter(
        subject, cause, priority, title, reason, message, attempts, looked_at, first_at, last_at
    )


class DeadLetters:
    """The dead letters of one queue."""

    def __init__(self, store: JobStore) -> None:
        self._store = store

    def newest(self, limit: int | None = 100) -> list[DeadLetter]:
        """Return the newest dead letters first, all of them if `limit` is None; [] if there is
        none.
        """
        # SQLite takes a negative limit for none.
        values = {"limit": -1 if limit is None else limit}
        rows = self._store.connection.execute(sql.NEWEST_DEAD_LETTERS, values).fetchall()
        return list(map(dead_letter_of, rows))

    def reason_of(self, subject: str) -> str:
        """Return the error class of the subject's dead letter; "" if it has none."""
        row = self._store.connection.execute(
            sql.DEAD_LETTER_REASON, {"subject": subject}
        ).fetchone()
        return str(row[0]) if row else ""

    def by_reason(self) -> dict[str, int]:
        """Return the number of dead letters by error class, most first."""
        return dict(self._store.connection.execute(sql.COUNT_DEAD_LETTERS).fetchall())

    def times(self) -> dict[str, list[float]]:
        """Return when each dead letter failed last (epoch seconds), by error class."""
        times: dict[str, list[float]] = {}
        for reason, last_at in self._store.connection.execute(sql.DEAD_LETTER_TIMES):
            times.setdefault(reason, []).append(last_at)
        return times

    def newest_by_reason(self) -> list[tuple[str, int, float]]:
        """Return (error class, how many, when the newest failed), the newest first."""
        rows: list[tuple[str, int, float]] = self._store.connection.execute(
            sql.NEWEST_BY_REASON
        ).fetchall()
        return rows

    def drop(self, subject: str) -> bool:
        """Delete one subject's dead letter; return False if there was none."""
        with self._store.transaction() as connection:
            return connection.execute(sql.DELETE_DEAD_LETTER, {"subject": subject}).rowcount == 1

    def requeue(self, dead_letter: DeadLetter, now: float) -> bool:
        """Return a dead letter to the queue in one transaction; return False if it no longer
        exists.
        """
        subject, priority = dead_letter.subject, max(dead_letter.priority, PRIORITY_EDIT)
        row = job_row(subject, REQUEUED, priority, now, 0.0, None)
        with self._store.transaction() as connection:
            values = {"subject": subject}
            deleted = connection.execute(sql.DELETE_DEAD_LETTER, values).rowcount == 1
            if deleted:
                connection.execute(sql.ENQUEUE, row)
        return deleted
