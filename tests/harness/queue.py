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
    """Stands for a SIGKILL at a checkpoint: nothing of ours may catch it."""


class KillSwitch:
    """A checkpoint that kills at the n-th call; 0 never does."""

    def __init__(self, fatal: int = 0) -> None:
        self.fatal = fatal
        self.passed: list[str] = []

    def __call__(self, name: str) -> None:
        self.passed.append(name)
        if len(self.passed) == self.fatal:
            raise Killed(name)


class Desk:
    """One store on a database of its own, with a clock that stands still."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.clock = FakeClock()
        self.switch = KillSwitch()
        opened = open_database(data_dir)
        self.queue = opened.queue
        self.store = JobStore(opened.queue.connection, self.clock, checkpoint=self.switch)

    def save(self, subject: str, cause: str = "update") -> None:
        """Note as the hook does it: another connection, the settle rule of a person's edit."""
        now = self.clock.wall()
        connection = connect(str(self.data_dir))
        try:
            insert_job(connection, job_row(subject, cause, 0, now, SETTLE_S, SETTLE_WINDOW_S), None)
        finally:
            connection.close()

    def taken(self, subject: str = "scene:1") -> Job:
        """A running job of this subject."""
        self.store.enqueue(subject, "update")
        jobs = self.store.claim()
        return next(job for job in jobs if job.subject == subject)

    def rows(self, columns: str, where: str = "1") -> list[tuple[object, ...]]:
        """Rows of the queue's table, as another process sees them."""
        return query(self.data_dir, f"SELECT {columns} FROM {QUEUE} WHERE {where} ORDER BY _id")

    def close(self) -> None:
        self.queue.connection.close()


@contextmanager
def opened_desk(data_dir: Path) -> Iterator[Desk]:
    """A desk that is closed in the end."""
    desk = Desk(data_dir)
    try:
        yield desk
    finally:
        desk.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A store on a fresh database."""
    with opened_desk(tmp_path) as ready:
        yield ready
