"""The state of a job is sacred: every move is one method here, and one transaction.

    note     nothing -> waiting (or the waiting row learns of the change)
    take     waiting and due -> running
    finish   running -> done
    wait     running -> waiting, later
    release  running -> waiting, at once
    bury     running -> dead letter
    revive   dead letter -> waiting

Where a running job goes back and a newer waiting row of its subject exists, the newer row wins. A
store that was given an epoch is fenced: it refuses to write once a newer worker has begun.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from core.clock import Clock
from core.errors import Fenced
from core.job import PRIORITIES, PRIORITY_BACKFILL, PRIORITY_EDIT, PRIORITY_LAST, Job
from sync_queue import statements as sql
from sync_queue.database import transaction
from sync_queue.hook_queue import job_row

BATCH = 100  # jobs in one batch; a Stash query and a Plex read serve all of them
KEEP_DONE = 200  # finished rows kept for people who look
BACKFILL_BATCH = 100  # read together; a person's edit is still looked for between any two jobs
CRASHES_TO_ISOLATE = 3  # after this many deaths a job goes last, in a batch of its own

Checkpoint = Callable[[str], object]
Counts = Iterable[tuple[str, str]]
"""(kind, name) of counters that move together with the job."""


class JobStore:
    """The queue's moves on one connection. `epoch` None: a task, which is not fenced.

    Examples:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from core.clock import SystemClock
        >>> from sync_queue.schema import open_database
        >>> with TemporaryDirectory() as folder:
        ...     queue = open_database(Path(folder)).queue
        ...     store = JobStore(queue.connection, SystemClock())
        ...     store.enqueue("scene:42", "update")
        ...     store.enqueue("scene:42", "scan")
        ...     [job] = store.claim()
        ...     print(job.subject, job.cause, store.complete(job), store.claim())
        ...     queue.close()
        scene:42 update+scan True []
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        clock: Clock,
        *,
        epoch: int | None = None,
        checkpoint: Checkpoint = str,
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._epoch = epoch
        self._checkpoint = checkpoint

    # -- noting ---------------------------------------------------------------------------------

    def enqueue(
        self, subject: str, cause: str, priority: int = PRIORITY_EDIT, *, settle_s: float = 0.0
    ) -> None:
        """Note one change that nobody is typing at this moment."""
        self.enqueue_many([subject], cause, priority, settle_s=settle_s)

    def enqueue_many(
        self,
        subjects: Iterable[str],
        cause: str,
        priority: int = PRIORITY_BACKFILL,
        *,
        settle_s: float = 0.0,
        meta: tuple[str, str] | None = None,
    ) -> int:
        """Note many changes in one transaction, with one small fact beside them; how many subjects."""
        now = self._clock.wall()
        count = 0
        with self.transaction() as connection:
            for subject in subjects:
                connection.execute(
                    sql.ENQUEUE, job_row(subject, cause, priority, now, settle_s, None)
                )
                count += 1
            if meta is not None:
                connection.execute(sql.SET_META, {"key": meta[0], "value": meta[1]})
            self._checkpoint("store.enqueue")
        return count

    # -- taking ---------------------------------------------------------------------------------

    def claim(self, most: int = BATCH) -> list[Job]:
        """Claim a batch: the most urgent priority that has due jobs, and only that; [] when none is due."""
        now = self._clock.wall()
        with self.transaction() as connection:
            connection.execute(sql.CLAMP_DUE, {"now": now, "longest": sql.MAX_WAIT_S})
            for priority in PRIORITIES:
                rows = connection.execute(
                    sql.SELECT_DUE,
                    {"priority": priority, "now": now, "limit": min(most, _batch_size(priority))},
                ).fetchall()
                for row in rows:
                    connection.execute(sql.CLAIM, {"id": row[0]})
                if rows:
                    connection.execute(
                        sql.CLEAR_CURRENT_JOB
                    )  # until one of them is, a death is any of theirs
                    self._checkpoint("store.claim")
                    return [Job(*row) for row in rows]
        return []

    def has_higher_priority_due(self, priority: int) -> bool:
        """Whether a job of a more urgent priority is due now."""
        now = self._clock.wall()
        return any(
            self._connection.execute(sql.PRIORITY_DUE, {"priority": other, "now": now}).fetchone()
            for other in PRIORITIES
            if other < priority
        )

    def is_due(self) -> bool:
        """Whether any job is due now."""
        return self.has_higher_priority_due(PRIORITY_LAST + 1)

    def next_due(self) -> float | None:
        """When the next waiting job is due (epoch seconds, may be past); None when nothing waits."""
        due: float | None = self._connection.execute(sql.NEXT_DUE).fetchone()[0]
        return due

    def mark_current(self, job: Job) -> None:
        """Mark the one job that is being worked on, so that a death is charged to it alone.

        Raises:
            Fenced: a newer worker has begun.
        """
        with self.transaction() as connection:
            connection.execute(sql.SET_CURRENT_JOB, {"id": job.id, "epoch": self._epoch})

    # -- leaving --------------------------------------------------------------------------------

    def complete(self, job: Job, counts: Counts = ()) -> bool:
        """Running to done; the scene's dead letter goes. False when the row was not running."""
        with self.transaction() as connection:
            moved = connection.execute(sql.COMPLETE, {"id": job.id}).rowcount == 1
            self._checkpoint("store.complete")
            if moved:
                connection.execute(sql.DELETE_DEAD_LETTER, {"subject": job.subject})
                _count(connection, counts)
        return moved

    def retry_at(
        self, job: Job, due_at: float, reason: str, *, attempts: int, counts: Counts = ()
    ) -> bool:
        """Running to waiting until `due_at`, with the attempts spent so far; False as for `complete`."""
        return self._requeue(job, due_at, reason, attempts, job.priority, counts)

    def release(self, job: Job, reason: str = "") -> bool:
        """Running to waiting at once; no attempt is spent. False as for `complete`."""
        return self._requeue(job, self._requeue_time(job), reason, job.attempts, job.priority)

    def dead_letter(
        self,
        job: Job,
        *,
        title: str,
        reason: str,
        message: str,
        candidates: Iterable[str] = (),
        counts: Counts = (),
    ) -> bool:
        """Running to dead letter, in one transaction; False as for `complete`.

        Where a newer change of the subject already waits, that change decides and no letter is written.
        """
        dead_letter = _dead_letter_row(
            job, reason, message, self._clock.wall(), job.attempts + 1, title, candidates
        )
        with self.transaction() as connection:
            moved = connection.execute(sql.DROP_RUNNING, {"id": job.id}).rowcount == 1
            self._checkpoint("store.dead_letter")
            _count(connection, counts if moved else ())
            if (
                moved
                and connection.execute(sql.FIND_WAITING, {"subject": job.subject}).fetchone()
                is None
            ):
                connection.execute(sql.INSERT_DEAD_LETTER, dead_letter)
        return moved

    def _requeue_time(self, job: Job) -> float:
        """In its old place; but a clock that was set back must not make a released job wait."""
        return min(job.enqueued_at, self._clock.wall())

    def _requeue(
        self,
        job: Job,
        due_at: float,
        reason: str,
        attempts: int,
        priority: int,
        counts: Counts = (),
    ) -> bool:
        back = {
            "id": job.id,
            "due_at": due_at,
            "attempts": attempts,
            "priority": priority,
            "reason": reason,
        }
        with self.transaction() as connection:
            moved = self._requeue_or_merge(connection, job.subject, back)
            _count(connection, counts if moved else ())
        return moved

    def _requeue_or_merge(
        self, connection: sqlite3.Connection, subject: str, back: Mapping[str, object]
    ) -> bool:
        twin = connection.execute(sql.FIND_WAITING, {"subject": subject}).fetchone()
        if twin is None:
            return connection.execute(sql.REQUEUE, back).rowcount == 1
        dropped = connection.execute(sql.DROP_RUNNING, {"id": back["id"]}).rowcount == 1
        self._checkpoint("store.requeued")
        if dropped:
            connection.execute(sql.RAISE_PRIORITY, {"id": twin[0], "priority": back["priority"]})
        return dropped

    def refund_attempts(self, subjects: Iterable[str]) -> None:
        """Give each waiting subject one attempt back: its failure was the server's."""
        with self.transaction() as connection:
            for subject in subjects:
                connection.execute(sql.REFUND, {"subject": subject})

    # -- after a death --------------------------------------------------------------------------

    def recover_orphans(self) -> list[Job]:
        """Put back every running row of a worker that is gone; returns the jobs charged with its death.

        Only the holder of the lease may call this. The job in hand is charged. With none in hand the worker
        died while it read for all of them, so each is charged: after three deaths a job goes last and
        alone, where the innocent succeed. All in one transaction, so that no death is charged twice.
        """
        with self.transaction() as connection:
            current_job = connection.execute(sql.CURRENT_JOB).fetchone()
            suspect = current_job[0] if current_job else None
            connection.execute(sql.ADD_CRASH, {"id": suspect})
            connection.execute(sql.CLEAR_CURRENT_JOB)
            jobs = [Job(*row) for row in connection.execute(sql.RUNNING).fetchall()]
            for job in jobs:
                priority = PRIORITY_LAST if job.crashes >= CRASHES_TO_ISOLATE else job.priority
                back = {
                    "id": job.id,
                    "due_at": self._requeue_time(job),
                    "attempts": job.attempts,
                    "reason": "",
                }
                self._requeue_or_merge(connection, job.subject, {**back, "priority": priority})
                self._checkpoint("store.orphan")
        return [job for job in jobs if suspect in (None, job.id)]

    def dead_letter_waiting(self, job: Job, reason: str, message: str) -> bool:
        """Waiting to dead letter, for a job whose worker died; False when it is not waiting any more."""
        dead_letter = _dead_letter_row(job, reason, message, self._clock.wall(), job.crashes)
        with self.transaction() as connection:
            moved = connection.execute(sql.DROP_WAITING_ROW, {"id": job.id}).rowcount == 1
            if moved:
                connection.execute(sql.INSERT_DEAD_LETTER, dead_letter)
        return moved

    # -- waiting jobs ---------------------------------------------------------------------------

    def make_due(self, reason: str) -> int:
        """Make every job that waits for this reason due now; how many."""
        with self.transaction() as connection:
            return connection.execute(
                sql.MAKE_DUE, {"reason": reason, "now": self._clock.wall()}
            ).rowcount

    def is_waiting_for(self, reason: str) -> bool:
        """Whether a waiting job names this reason."""
        return self._connection.execute(sql.IS_WAITING, {"reason": reason}).fetchone() is not None

    def has_pending_change(self, subject: str, *, since: float) -> bool:
        """Whether the subject is queued, or has a dead letter not older than `since` (epoch seconds)."""
        return (
            self._connection.execute(
                sql.PENDING_CHANGE, {"subject": subject, "since": since}
            ).fetchone()
            is not None
        )

    def is_queued(self, subject: str) -> bool:
        """Whether the subject waits or is in progress."""
        return self._connection.execute(sql.QUEUED, {"subject": subject}).fetchone() is not None

    def clear_waiting(self) -> int:
        """Forget every waiting job, never one in progress; how many."""
        with self.transaction() as connection:
            return connection.execute(sql.DROP_WAITING).rowcount

    def prune(self) -> int:
        """Remove finished rows beyond the newest few; how many."""
        with self.transaction() as connection:
            return connection.execute(sql.PRUNE_DONE, {"keep": KEEP_DONE}).rowcount

    def counts(self) -> tuple[int, int, int]:
        """How many jobs are due, wait for later, and are in progress."""
        due, later, running = self._connection.execute(
            sql.COUNTS, {"now": self._clock.wall()}
        ).fetchone()
        return int(due or 0), int(later or 0), int(running or 0)

    def count_settling(self, within_s: float) -> int:
        """How many changes are so fresh that they rest, and are due within so many seconds."""
        values = {"now": self._clock.wall(), "within": within_s}
        return int(self._connection.execute(sql.SETTLING, values).fetchone()[0])

    def waiting_by_reason(self) -> dict[str, int]:
        """How many jobs wait for which class of error, most first."""
        return dict(self._connection.execute(sql.COUNT_REASONS).fetchall())

    def data_version(self) -> int:
        """A number that moves whenever another connection has committed; costs no lock."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def check_epoch(self) -> None:
        """Raises Fenced when a newer worker has begun."""
        if self._epoch is None:
            return
        row = self._connection.execute(sql.EPOCH).fetchone()
        if row is None or row[0] != self._epoch:
            raise Fenced(f"worker epoch {self._epoch} is over")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A fenced write transaction, for the moves and for the other tables of this database."""
        with transaction(self._connection) as connection:
            self.check_epoch()
            yield connection

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection, for reading the other tables of this database."""
        return self._connection


def _count(connection: sqlite3.Connection, counts: Counts) -> None:
    for kind, name in counts:
        connection.execute(sql.COUNT_ONE, {"kind": kind, "name": name})


def _dead_letter_row(
    job: Job,
    reason: str,
    message: str,
    now: float,
    attempts: int,
    title: str = "",
    candidates: Iterable[str] = (),
) -> dict[str, object]:
    """The parameters of BURY."""
    return {
        "subject": job.subject,
        "cause": job.cause,
        "priority": job.priority,
        "title": title,
        "reason": reason,
        "message": message,
        "attempts": attempts,
        "candidates": json.dumps(list(candidates)),
        "first_at": job.enqueued_at,
        "now": now,
    }


def _batch_size(priority: int) -> int:
    if priority >= PRIORITY_LAST:
        return 1
    return BATCH if priority < PRIORITY_BACKFILL else BACKFILL_BATCH
