"""Lists the jobs of the queue in the order in which they are processed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.clock import Clock
from sync_queue import list_statements as list_sql
from sync_queue.store import JobStore

PER_QUERY = 400  # SQLite before 3.32 takes 999 values, and one statement names each subject twice

_RUNNING = 2


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """One job that waits or is in progress.

    Attributes:
        subject: such as `scene:42`.
        cause: why it was enqueued; several are joined with `+`.
        priority: lower is sooner.
        due_at: epoch seconds.
        attempts: failed attempts that counted.
        reason: the class of the last failure, "" for none.
        is_running: True while it is in progress.
    """

    subject: str
    cause: str
    priority: int
    due_at: float
    attempts: int
    reason: str
    is_running: bool


@dataclass(frozen=True, slots=True)
class JobPage:
    """Some jobs of a list, and how many the list has in all."""

    total: int
    jobs: tuple[QueuedJob, ...]


class JobList:
    """The jobs of one queue: in progress, then due by priority, then later by due time."""

    def __init__(self, store: JobStore, clock: Clock) -> None:
        self._store = store
        self._now = clock.wall()

    def page(self, offset: int, limit: int) -> JobPage:
        """Return at most `limit` jobs after the first `offset`."""
        due, later, running = self._store.counts()
        parts = (
            (list_sql.RUNNING_JOBS, running),
            (list_sql.DUE_JOBS, due),
            (list_sql.LATER_JOBS, later),
        )
        jobs: list[QueuedJob] = []
        skipped = offset
        for statement, count in parts:
            if len(jobs) < limit and skipped < count:
                values = {"now": self._now, "limit": limit - len(jobs), "offset": skipped}
                rows = self._store.connection.execute(statement, values)
                jobs.extend(_job(*row) for row in rows)
            skipped = max(0, skipped - count)
        return JobPage(due + later + running, tuple(jobs))

    def of_subjects(self, subjects: Sequence[str], offset: int, limit: int) -> JobPage:
        """Return at most `limit` jobs of these subjects after the first `offset`."""
        jobs = sorted(self._among(subjects), key=self._position)
        return JobPage(len(jobs), tuple(jobs[offset : offset + limit]))

    def _among(self, subjects: Sequence[str]) -> Iterator[QueuedJob]:
        distinct = list(dict.fromkeys(subjects))
        for start in range(0, len(distinct), PER_QUERY):
            names = distinct[start : start + PER_QUERY]
            statement = list_sql.JOBS_AMONG.format(places=", ".join("?" * len(names)))
            for row in self._store.connection.execute(statement, [*names, *names]):
                yield _job(*row)

    def _position(self, job: QueuedJob) -> tuple[int, int, float, str]:
        """Return the sort key of a job: the order of `page`."""
        if job.is_running:
            return 0, 0, 0.0, job.subject
        if job.due_at <= self._now:
            return 1, job.priority, job.due_at, job.subject
        return 2, 0, job.due_at, job.subject


def _job(
    subject: str, cause: str, priority: int, due_at: float, attempts: int, reason: str, status: int
) -> QueuedJob:
    return QueuedJob(subject, cause, priority, due_at, attempts, reason, status == _RUNNING)
