"""What the tests of the queue share."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.job import Job
from sync_queue.hook_queue import connect, insert_job, job_row
from sync_queue.schema import open_database
from sync_queue.statements import QUEUE, SETTLE_S, SETTLE_WINDOW_S
from sync_queue.store import JobStore
from tests.harness.clocks import FakeClock
from tests.harness.database import query


class Killed(BaseException):
    """Stands for a SIGKILL at a checkpoint: no code of PlexSync may catch it."""


class CheckpointKiller:
    """A checkpoint that kills at the n-th call; 0 never does."""

    def __init__(self, fatal: int = 0) -> None:
        self.fatal = fatal
        self.passed: list[str] = []

    def __call__(self, name: str) -> None:
        self.passed.append(name)
        if len(self.passed) == self.fatal:
            raise Killed(name)


class QueueHarness:
    """One store on a database of its own, with a clock that stands still."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.clock = FakeClock()
        self.killer = CheckpointKiller()
        opened = open_database(data_dir)
        self.ack_queue = opened.queue
        self.store = JobStore(opened.queue.connection, self.clock, checkpoint=self.killer)

    def save(self, subject: str, cause: str = "update") -> None:
        """Enqueue as the hook does: on another connection, with the settle rule of an edit."""
        now = self.clock.wall()
        connection = connect(str(self.data_dir))
        try:
            insert_job(connection, job_row(subject, cause, 0, now, SETTLE_S, SETTLE_WINDOW_S), None)
        finally:
            connection.close()

    def claimed(self, subject: str = "scene:1") -> Job:
        """A running job of this subject."""
        self.store.enqueue(subject, "update")
        jobs = self.store.claim()
        return next(job for job in jobs if job.subject == subject)

    def rows(self, columns: str, where: str = "1") -> list[tuple[object, ...]]:
        """Rows of the queue's table, as another process sees them."""
        return query(self.data_dir, f"SELECT {columns} FROM {QUEUE} WHERE {where} ORDER BY _id")

    def close(self) -> None:
        self.ack_queue.connection.close()


@contextmanager
def open_queue(data_dir: Path) -> Iterator[QueueHarness]:
    """Open a queue and close it at the end."""
    queue = QueueHarness(data_dir)
    try:
        yield queue
    finally:
        queue.close()


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[QueueHarness]:
    """A store on a fresh database."""
    with open_queue(tmp_path) as ready:
        yield ready
