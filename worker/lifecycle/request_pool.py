"""Carry out network calls in threads; the only module of the worker that has threads for them."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Protocol

from core.calls import Call
from core.clock import Clock
from core.own_thread import OwnThread
from plex.transport import MAX_IN_FLIGHT


@dataclass(frozen=True, slots=True)
class Answer:
    """How one call ended. `error` is what it raised, None for nothing."""

    key: int
    value: Any
    error: BaseException | None
    took_s: float


class Pool(Protocol):
    """Carries out calls at the same time as the worker does something else."""

    def start(self, key: int, call: Call) -> None:
        """Begin the call; `key` identifies its answer."""

    def wait(self) -> Answer:
        """Return the next answer; wait for it. Call it only while a call is in flight."""

    def discard(self, count: int) -> None:
        """Wait until so many calls have ended, and forget their answers."""

    def close(self) -> None:
        """End the threads; wait for the calls that are in flight."""


class RequestPool:
    """Carries out up to `MAX_IN_FLIGHT` calls at a time; `owner` is the thread that gets the
    answers.
    """

    def __init__(self, clock: Clock, owner: OwnThread) -> None:
        self._executor = ThreadPoolExecutor(MAX_IN_FLIGHT, thread_name_prefix="request")
        self._clock = clock
        self._owner = owner
        self._ended: SimpleQueue[tuple[int, float, Future[Any]]] = SimpleQueue()

    def start(self, key: int, call: Call) -> None:
        """Begin the call; `key` identifies its answer."""
        started = self._clock.monotonic()
        future = self._executor.submit(call.run)
        future.add_done_callback(lambda future: self._on_end(key, started, future))

    def wait(self) -> Answer:
        """Return the next answer; wait for it. Call it only while a call is in flight."""
        key, took_s, future = self._ended.get()
        self._owner.run_pending()
        error = future.exception()
        return Answer(key, future.result() if error is None else None, error, took_s)

    def discard(self, count: int) -> None:
        """Wait until so many calls have ended, and forget their answers."""
        for _ in range(count):
            self._ended.get()

    def close(self) -> None:
        """End the threads; wait for the calls that are in flight."""
        self._executor.shutdown()

    def _on_end(self, key: int, started: float, future: Future[Any]) -> None:
        self._ended.put((key, self._clock.monotonic() - started, future))
