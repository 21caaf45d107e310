"""Advance several jobs at the same time: one thread decides, only their network calls overlap."""

from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from core.calls import Alone, Call, Steps
from worker.lifecycle.isolation import isolate
from worker.lifecycle.request_pool import Answer, Pool


@dataclass(frozen=True, slots=True)
class Ended:
    """How one job ended: with a value, with an error, or abandoned before its next request."""

    key: int
    value: Any = None
    error: Exception | None = None
    is_abandoned: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """What the scheduler asks before it sends a request.

    Attributes:
        in_flight: how many requests may be in flight now, at least 1.
        before_requests: called before requests that go out together.
        may_send: may the job of this key send another request; False abandons the job.
        before_write: wait until Plex has rested; False abandons the job.
        may_sleep: may what is called here, or between two jobs, sleep while requests are in flight.
        on_write: gets the seconds that a write took.
    """

    in_flight: Callable[[], int]
    before_requests: Callable[[], object]
    may_send: Callable[[int], bool]
    before_write: Callable[[], bool]
    may_sleep: Callable[[], bool]
    on_write: Callable[[float], object]


@dataclass(slots=True)
class _Running:
    steps: Steps[Any]
    items: frozenset[int]
    is_alone: bool
    is_writing: bool = False


class InFlight:
    """Advances jobs, each a generator of calls, with one call of each in flight at most.

    Two jobs never run at the same time if they have an item in common. Jobs start and send in the
    order in which they are given.
    """

    def __init__(self, pool: Pool, limits: Limits) -> None:
        self._pool = pool
        self._limits = limits
        self._running: dict[int, _Running] = {}
        self._added: deque[int] = deque()
        self._ready: deque[tuple[int, Call]] = deque()
        self._waiting_alone: deque[int] = deque()
        self._alone: int | None = None
        self._in_flight = 0
        self._ended: list[Ended] = []

    @property
    def keys(self) -> tuple[int, ...]:
        """Return the keys of the jobs that have begun and not ended, oldest first."""
        return tuple(self._running)

    @property
    def has_any(self) -> bool:
        """Return True while there is a job whose end was not taken by `next`."""
        return bool(self._running or self._ended)

    def may_start(self, items: Collection[int], *, is_alone: bool = False) -> bool:
        """Return True if a job that writes these items may start now.

        `is_alone`: it must not run beside any other job.
        """
        if not self._running:
            return True
        running = self._running.values()
        if is_alone or self._waiting_alone or self._alone is not None:
            return False
        if any(job.is_alone or not job.items.isdisjoint(items) for job in running):
            return False
        return len(self._running) < self._limits.in_flight()

    def add(
        self, key: int, steps: Steps[Any], items: Collection[int] = (), *, is_alone: bool = False
    ) -> None:
        """Add a job that `may_start`; `start_added` starts it."""
        self._running[key] = _Running(steps, frozenset(items), is_alone)
        self._added.append(key)

    def start_added(self) -> None:
        """Advance each job that was added to its first request."""
        while self._added:
            key = self._added.popleft()
            steps = self._running[key].steps
            self._advance(key, partial(steps.send, None))
        self._send_ready()

    def next(self) -> list[Ended]:
        """Return how the next jobs ended, oldest first; wait for answers until one does.

        Raises:
            Fenced, sqlite3.Error: the queue itself failed.
        """
        while not self._ended:
            if self._in_flight:
                answers = self._pool.wait()
                self._in_flight -= len(answers)
                for answer in answers:
                    self._on_answer(answer)
            else:
                self._continue_alone()
            self._send_ready()
        ended, self._ended = self._ended, []
        return ended

    def run(self, steps: Steps[Any]) -> Any:
        """Run steps that are no job, while no job runs; return their result.

        Raises:
            Exception: what the steps raise.
        """
        self.add(-1, steps, is_alone=True)
        self.start_added()
        [ended] = self.next()
        if ended.error is not None:
            raise ended.error
        return ended.value

    @contextmanager
    def closing(self) -> Iterator[None]:
        """Abandon every job and wait for the calls in flight, if the block raises."""
        try:
            yield
        finally:
            for job in self._running.values():
                job.steps.close()
            self._pool.discard()
            self._in_flight = 0
            self._running.clear()
            self._added.clear()
            self._ready.clear()
            self._waiting_alone.clear()
            self._ended.clear()
            self._alone = None

    def _on_answer(self, answer: Answer) -> None:
        job, error = self._running[answer.key], answer.error
        if job.is_writing:
            self._limits.on_write(answer.took_s)
        if error is None:
            self._advance(answer.key, partial(job.steps.send, answer.value))
        elif isinstance(error, Exception):
            self._advance(answer.key, partial(job.steps.throw, error))
        else:
            raise error

    def _advance(self, key: int, step: Callable[[], Call | Alone]) -> None:
        """Let the job run to its next request, or to its end."""
        with isolate() as failure:
            try:
                wanted = step()
            except StopIteration as end:
                self._end(Ended(key, value=end.value))
                return
        if failure.error is not None:
            self._end(Ended(key, error=failure.error))
        elif isinstance(wanted, Alone):
            self._waiting_alone.append(key)
        else:
            self._ready.append((key, wanted))

    def _end(self, ended: Ended) -> None:
        del self._running[ended.key]
        if self._alone == ended.key:
            self._alone = None
        self._ended.append(ended)

    def _send_ready(self) -> None:
        is_checked = False
        while self._ready and self._in_flight < self._limits.in_flight():
            key, wanted = self._ready.popleft()
            job = self._running[key]
            is_rested = not wanted.is_write or self._limits.before_write()
            if not is_checked:
                self._limits.before_requests()
                is_checked = True
            if not (is_rested and self._limits.may_send(key)):
                job.steps.close()
                self._end(Ended(key, is_abandoned=True))
                continue
            job.is_writing = wanted.is_write
            self._pool.start(key, wanted, in_thread=self._limits.may_sleep())
            self._in_flight += 1

    def _continue_alone(self) -> None:
        """Continue the first job that asked to be alone; all the others have asked, too."""
        key = self._waiting_alone.popleft()
        job = self._running[key]
        self._alone = key
        self._advance(key, partial(job.steps.send, None))
