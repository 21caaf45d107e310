"""Stash's job queue: one job at a time, the last ten finished ones remembered."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition, Thread

from tests.emulators.stash_model import ServerTime
from tests.emulators.stash_process import Cancellation

REMEMBERED = 10
_ENDED = ("FINISHED", "CANCELLED", "FAILED")


class JobFailed(Exception):
    """The only way for a job to end as FAILED."""


@dataclass
class Job:
    id: int
    description: str
    work: Callable[[Job], None] = field(repr=False)
    status: str = "READY"
    progress: float | None = None
    progress_history: list[float] = field(default_factory=list)
    error: str | None = None
    add_time: str = ""
    start_time: str | None = None
    end_time: str | None = None
    cancel: Cancellation = field(default_factory=Cancellation, repr=False)

    def report(self, progress: float) -> None:
        self.progress = min(1.0, max(0.0, progress))
        self.progress_history.append(self.progress)

    @property
    def ended(self) -> bool:
        return self.status in _ENDED


class JobQueue:
    def __init__(self, time: ServerTime) -> None:
        self._time = time
        self._changed = Condition()
        self._waiting: list[Job] = []
        self._running: Job | None = None
        self._finished: deque[Job] = deque(maxlen=REMEMBERED)
        self._known: dict[int, Job] = {}
        self._last_id = 0
        self._open = True
        self._thread = Thread(target=self._loop, name="job queue", daemon=True)
        self._thread.start()

    def add(self, description: str, work: Callable[[Job], None]) -> Job:
        with self._changed:
            self._last_id += 1
            job = Job(self._last_id, description, work, add_time=self._time.now())
            self._known[job.id] = job
            self._waiting.append(job)
            self._changed.notify_all()
            return job

    def queue(self) -> list[Job]:
        with self._changed:
            return ([self._running] if self._running else []) + list(self._waiting)

    def find(self, job_id: int) -> Job | None:
        """As the API sees it: queued, running, or one of the last finished."""
        with self._changed:
            return next(
                (each for each in [*self.queue(), *self._finished] if each.id == job_id), None
            )

    def stop(self, job_id: int) -> None:
        job = self.find(job_id)
        if job is None or job.ended:
            return
        with self._changed:
            if job in self._waiting:
                self._waiting.remove(job)
                self._end(job, "CANCELLED", timed=False)
            elif job.status == "RUNNING":
                job.status = "STOPPING"
        job.cancel.cancel()

    def stop_all(self) -> None:
        for job in reversed(self.queue()):
            self.stop(job.id)

    def wait(self, job_id: int, timeout: float) -> Job:
        """The ended job; AssertionError when it has not ended in time."""
        job = self._known[job_id]
        with self._changed:
            if not self._changed.wait_for(lambda: job.ended, timeout):
                raise AssertionError(f"job {job_id} is still {job.status} after {timeout} s")
        return job

    def close(self) -> None:
        """Take no more jobs; the running one is left to the caller, who stops its process."""
        with self._changed:
            self._open = False
            self._waiting.clear()
            self._changed.notify_all()

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or not self._open)
                if not self._waiting:
                    return
                job = self._running = self._waiting.pop(0)
                job.status, job.start_time, job.progress = "RUNNING", self._time.now(), 0.0
            self._work(job)

    def _work(self, job: Job) -> None:
        try:
            job.work(job)
        except JobFailed as error:
            job.error = str(error)
        except Exception as error:  # noqa: BLE001 - a job that breaks ends; the queue continues, as in Stash
            job.error = f"{type(error).__name__}: {error}"
        with self._changed:
            self._running = None
            failed = "FAILED" if job.error is not None else "FINISHED"
            self._end(job, "CANCELLED" if job.cancel.cancelled else failed, timed=True)

    def _end(self, job: Job, status: str, *, timed: bool) -> None:
        job.status = status
        if timed:
            job.end_time = self._time.now()
        self._finished.append(job)
        self._changed.notify_all()
