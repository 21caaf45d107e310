"""Answer questions about the queue; nothing here changes a job."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from core.clock import Clock
from core.errors import Fenced
from core.job import PRIORITIES, PRIORITY_LAST
from sync_queue import statements as sql
from sync_queue.database import transaction


class JobQueries:
    """Read the queue on one connection. `epoch` None: a task, which is not fenced."""

    def __init__(
        self, connection: sqlite3.Connection, clock: Clock, *, epoch: int | None = None
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._epoch = epoch

    @property
    def connection(self) -> sqlite3.Connection:
        """Return the connection, for reading the other tables of this database."""
        return self._connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Open a fenced write transaction, for jobs and for the other tables of this database.

        Within another one it joins that one, so that several changes are kept together or not at
        all.

        Raises:
            Fenced: a newer worker has started.
        """
        if self._connection.in_transaction:
            yield self._connection
            return
        with transaction(self._connection) as connection:
            self.check_epoch()
            yield connection

    def check_epoch(self) -> None:
        """Check that this is still the newest worker.

        Raises:
            Fenced: a newer worker has started.
        """
        if self._epoch is None:
            return
        row = self._connection.execute(sql.EPOCH).fetchone()
        self._compare_epoch(row[0] if row else None)

    def _compare_epoch(self, newest: int | None) -> None:
        if self._epoch is not None and newest != self._epoch:
            raise Fenced(f"worker epoch {self._epoch} is over")

    def has_higher_priority_due(self, priority: int) -> bool:
        """Return True if a job of a more urgent priority is due now."""
        statement = sql.PRIORITIES_DUE.format(_more_urgent(priority))
        return (
            self._connection.execute(statement, {"now": self._clock.wall()}).fetchone() is not None
        )

    def is_preempted(self, priority: int) -> bool:
        """Return `has_higher_priority_due`, and do `check_epoch` with the same statement.

        Raises:
            Fenced: a newer worker has started.
        """
        statement = sql.EPOCH_AND_DUE.format(_more_urgent(priority))
        row = self._connection.execute(statement, {"now": self._clock.wall()}).fetchone()
        self._compare_epoch(row[0])
        return bool(row[1])

    def is_due(self) -> bool:
        """Return True if any job is due now."""
        return self.has_higher_priority_due(PRIORITY_LAST + 1)

    def next_due(self) -> float | None:
        """Return when the next waiting job is due (epoch seconds); None if none waits."""
        due: float | None = self._connection.execute(sql.NEXT_DUE).fetchone()[0]
        return due

    def is_waiting_for(self, reason: str) -> bool:
        """Return True if a waiting job has this reason."""
        return self._connection.execute(sql.IS_WAITING, {"reason": reason}).fetchone() is not None

    def has_pending_change(self, subject: str, *, since: float) -> bool:
        """Return True if the subject is queued or has a dead letter not older than `since`.

        `since` is in epoch seconds.
        """
        values = {"subject": subject, "since": since}
        return self._connection.execute(sql.PENDING_CHANGE, values).fetchone() is not None

    def is_queued(self, subject: str) -> bool:
        """Return True if the subject waits or is in progress."""
        return self._connection.execute(sql.QUEUED, {"subject": subject}).fetchone() is not None

    def counts(self) -> tuple[int, int, int]:
        """Return how many jobs are due, wait for later, and are in progress."""
        row = self._connection.execute(sql.COUNTS, {"now": self._clock.wall()}).fetchone()
        due, later, running = row
        return int(due or 0), int(later or 0), int(running or 0)

    def count_settling(self, within_s: float) -> int:
        """Return how many fresh changes settle and are due within so many seconds."""
        values = {"now": self._clock.wall(), "within": within_s}
        return int(self._connection.execute(sql.SETTLING, values).fetchone()[0])

    def count_caused_by(self, cause: str) -> int:
        """Return how many jobs wait or are in progress that this cause brought about."""
        return int(self._connection.execute(sql.COUNT_CAUSED_BY, {"cause": cause}).fetchone()[0])

    def waiting_by_reason(self) -> dict[str, int]:
        """Return the number of waiting jobs by error class, most first."""
        return dict(self._connection.execute(sql.COUNT_REASONS).fetchall())

    def data_version(self) -> int:
        """Return a number that changes when another connection has committed; takes no lock."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def current_jobs(self) -> tuple[int, ...]:
        """Return the ids of the jobs that were marked last; () if none was since the last claim."""
        row = self._connection.execute(sql.CURRENT_JOBS).fetchone()
        return tuple(map(int, str(row[0]).split())) if row and row[0] is not None else ()


def _more_urgent(priority: int) -> str:
    return ", ".join(str(other) for other in PRIORITIES if other < priority)
