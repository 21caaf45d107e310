"""Change the state of jobs: each transition is one method and one transaction.

    enqueue      nothing -> waiting (or the waiting row is updated with the change)
    claim        waiting and due -> running
    complete     running -> done
    retry_at     running -> waiting, later
    release      running -> waiting, immediately
    dead_letter  running -> dead letter
    requeue      dead letter -> waiting (`dead_letters.py`)

Where a running job returns to the queue and a newer waiting row of its subject exists, the newer
row wins. A store that was given an epoch is fenced: it refuses to write once a newer worker has
started.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from core.checkpoint import Checkpoint, no_checkpoint
from core.clock import Clock
from core.job import PRIORITIES, PRIORITY_BACKFILL, PRIORITY_EDIT, PRIORITY_LAST, Job
from core.match import CandidateEntry
from sync_queue import statements as sql
from sync_queue.follow_up import FollowUp, enqueue_follow_up
from sync_queue.hook_queue import job_row
from sync_queue.job_queries import JobQueries
from sync_queue.job_rows import dead_letter_row, requeue_row

BATCH = 100  # jobs in one batch; a Stash query and a Plex read serve all of them
CRASHES_TO_ISOLATE = 3  # after this many crashes a job runs last, in a batch of its own

Counts = Iterable[tuple[str, str]]
"""(kind, name) of counters that change together with the job."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One running job that is done; see `JobStore.complete`."""

    job: Job
    counts: Counts = ()
    follow_up: FollowUp | None = None


class JobStore(JobQueries):
    """The transitions of jobs on one connection. `epoch` None: a task, which is not fenced.

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
        checkpoint: Checkpoint = no_checkpoint,
    ) -> None:
        super().__init__(connection, clock, epoch=epoch)
        self._checkpoint = checkpoint

    def enqueue(
        self, subject: str, cause: str, priority: int = PRIORITY_EDIT, *, settle_s: float = 0.0
    ) -> None:
        """Enqueue one change, due after `settle_s` seconds."""
        self.enqueue_many([subject], cause, priority, settle_s=settle_s)

    def enqueue_many(
        self,
        subjects: Iterable[str],
        cause: str,
        priority: int = PRIORITY_BACKFILL,
        *,
        settle_s: float = 0.0,
        meta: tuple[str, str] | None = None,
        expected: str | None = None,
    ) -> int:
        """Enqueue many changes in one transaction and return the number of subjects.

        `meta` is a (key, value) row that is set in the same transaction; with `expected`, nothing
        is done unless the row still has that value.
        """
        now = self._clock.wall()
        count = 0
        with self.transaction() as connection:
            if meta and expected is not None and _meta_value(connection, meta[0]) != expected:
                return 0
            for subject in subjects:
                row = job_row(subject, cause, priority, now, settle_s, None)
                connection.execute(sql.ENQUEUE, row)
                count += 1
            if meta is not None:
                connection.execute(sql.SET_META, {"key": meta[0], "value": meta[1]})
            self._checkpoint("store.enqueue")
        return count

    def claim(self, limit: int = BATCH) -> list[Job]:
        """Claim a batch: due jobs of the most urgent priority that has any; [] if none is due."""
        now = self._clock.wall()
        with self.transaction() as connection:
            connection.execute(sql.CLAMP_DUE, {"now": now, "longest": sql.MAX_WAIT_S})
            for priority in PRIORITIES:
                size = min(limit, _batch_size(priority))
                query = {"priority": priority, "now": now, "limit": size}
                rows = connection.execute(sql.SELECT_DUE, query).fetchall()
                if not rows:
                    continue
                connection.executemany(sql.CLAIM, [{"id": row[0]} for row in rows])
                # Until jobs are marked as current, a crash is charged to all of them.
                connection.execute(sql.CLEAR_CURRENT_JOBS)
                self._checkpoint("store.claim")
                return [Job(*row) for row in rows]
        return []

    def mark_current(self, *job_ids: int) -> None:
        """Mark the jobs that are being processed, so that a crash is charged to them alone.

        Raises:
            Fenced: a newer worker has started.
        """
        ids = " ".join(map(str, job_ids))
        with self.transaction() as connection:
            connection.execute(sql.SET_CURRENT_JOBS, {"ids": ids, "epoch": self._epoch})

    def complete(self, job: Job, counts: Counts = (), follow_up: FollowUp | None = None) -> bool:
        """Complete a running job and drop its dead letter; return False if it was not running.

        `follow_up` is enqueued in the same transaction.
        """
        return self.complete_all([Completion(job, counts, follow_up)]) == 1

    def complete_all(self, completions: Iterable[Completion]) -> int:
        """Do `complete` for several jobs in one transaction; return how many were running."""
        changed: list[Completion] = []
        with self.transaction() as connection:
            for completion in completions:
                if connection.execute(sql.COMPLETE, {"id": completion.job.id}).rowcount == 1:
                    changed.append(completion)
                self._checkpoint("store.complete")
            subjects = [{"subject": completion.job.subject} for completion in changed]
            connection.executemany(sql.DELETE_DEAD_LETTER, subjects)
            for one in changed:
                if one.follow_up is not None:
                    now = self._clock.wall()
                    enqueue_follow_up(connection, one.job.subject, one.follow_up, now)
            _count(connection, chain.from_iterable(completion.counts for completion in changed))
        return len(changed)

    def retry_at(
        self, job: Job, due_at: float, reason: str, *, attempts: int, counts: Counts = ()
    ) -> bool:
        """Return a running job to the queue until `due_at`; return False if it was not running.

        `due_at` is in epoch seconds, `attempts` the number of failed attempts so far.
        """
        row = requeue_row(job, due_at, reason, attempts, job.priority)
        return self._requeue(job.subject, row, counts)

    def release(self, job: Job, reason: str = "") -> bool:
        """Return a running job without spending an attempt; return False if it was not running."""
        row = requeue_row(job, self._requeue_time(job), reason, job.attempts, job.priority)
        return self._requeue(job.subject, row)

    def dead_letter(
        self,
        job: Job,
        *,
        title: str,
        reason: str,
        message: str,
        candidates: Iterable[CandidateEntry] = (),
        counts: Counts = (),
    ) -> bool:
        """Move a running job to the dead letters; return False if it was not running.

        Where a newer change of the subject waits, no dead letter is written: that change decides.
        """
        now, attempts = self._clock.wall(), job.attempts + 1
        dead_letter = dead_letter_row(job, reason, message, now, attempts, title, candidates)
        with self.transaction() as connection:
            changed = connection.execute(sql.DROP_RUNNING, {"id": job.id}).rowcount == 1
            self._checkpoint("store.dead_letter")
            _count(connection, counts if changed else ())
            waiting = connection.execute(sql.FIND_WAITING, {"subject": job.subject}).fetchone()
            if changed and waiting is None:
                connection.execute(sql.INSERT_DEAD_LETTER, dead_letter)
        return changed

    def _requeue_time(self, job: Job) -> float:
        """Return the job's old position, never a future one: the clock may have been set back."""
        return min(job.enqueued_at, self._clock.wall())

    def _requeue(self, subject: str, row: Mapping[str, object], counts: Counts = ()) -> bool:
        with self.transaction() as connection:
            changed = self._requeue_or_merge(connection, subject, row)
            _count(connection, counts if changed else ())
        return changed

    def _requeue_or_merge(
        self, connection: sqlite3.Connection, subject: str, row: Mapping[str, object]
    ) -> bool:
        waiting_row = connection.execute(sql.FIND_WAITING, {"subject": subject}).fetchone()
        if waiting_row is None:
            return connection.execute(sql.REQUEUE, row).rowcount == 1
        dropped = connection.execute(sql.DROP_RUNNING, {"id": row["id"]}).rowcount == 1
        self._checkpoint("store.requeued")
        if dropped:
            values = {"id": waiting_row[0], "priority": row["priority"]}
            connection.execute(sql.RAISE_PRIORITY, values)
        return dropped

    def refund_attempts(self, subjects: Iterable[str]) -> None:
        """Return one attempt to each waiting subject whose failure was the server's."""
        with self.transaction() as connection:
            for subject in subjects:
                connection.execute(sql.REFUND, {"subject": subject})

    def recover_orphans(self) -> list[Job]:
        """Return every running row of a stopped worker to the queue; return the jobs charged.

        Only the holder of the lease may call this. The crash is charged to each current job.
        Without one the worker crashed while it read for all of them, so each is charged. A charged
        job is processed beside no other, and after three crashes last and in a batch of its own: so
        the next crash is charged to the poison job alone, and the others succeed. One transaction,
        so no crash is charged twice.
        """
        with self.transaction() as connection:
            suspects = self.current_jobs()
            for suspect in suspects or (None,):
                connection.execute(sql.ADD_CRASH, {"id": suspect})
            connection.execute(sql.CLEAR_CURRENT_JOBS)
            jobs = [Job(*row) for row in connection.execute(sql.RUNNING).fetchall()]
            for job in jobs:
                priority = PRIORITY_LAST if job.crashes >= CRASHES_TO_ISOLATE else job.priority
                due_at = self._requeue_time(job)
                row = requeue_row(job, due_at, "", job.attempts, priority)
                self._requeue_or_merge(connection, job.subject, row)
                self._checkpoint("store.orphan")
        return [job for job in jobs if not suspects or job.id in suspects]

    def dead_letter_waiting(self, job: Job, reason: str, message: str, counts: Counts = ()) -> bool:
        """Move a waiting job that crashed its worker to the dead letters; False if it is gone."""
        dead_letter = dead_letter_row(job, reason, message, self._clock.wall(), job.crashes)
        with self.transaction() as connection:
            changed = connection.execute(sql.DROP_WAITING_ROW, {"id": job.id}).rowcount == 1
            if changed:
                connection.execute(sql.INSERT_DEAD_LETTER, dead_letter)
                _count(connection, counts)
        return changed

    def make_due(self, reason: str) -> int:
        """Make every job that waits for this reason due now; return how many."""
        values = {"reason": reason, "now": self._clock.wall()}
        with self.transaction() as connection:
            return connection.execute(sql.MAKE_DUE, values).rowcount

    def clear_waiting(self) -> int:
        """Delete every waiting job, never one in progress; return how many."""
        with self.transaction() as connection:
            return connection.execute(sql.DROP_WAITING).rowcount


def _count(connection: sqlite3.Connection, counts: Counts) -> None:
    rows = [(*counter, count) for counter, count in Counter(counts).items()]
    connection.executemany(sql.COUNT, rows)


def _meta_value(connection: sqlite3.Connection, key: str) -> str:
    row = connection.execute(sql.GET_META, {"key": key}).fetchone()
    return str(row[0]) if row else ""


def _batch_size(priority: int) -> int:
    return 1 if priority >= PRIORITY_LAST else BATCH
