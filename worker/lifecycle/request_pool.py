"""Carry out network calls in threads; the only module of the worker that has threads for them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Protocol

from core.calls import Call
from core.clock import Clock
from core.own_thread import OwnThread


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


class RequestPool:
    """Carries out calls in up to `size` threads, and returns to `owner`'s thread what they say."""

    def __init__(self, size: int, clock: Clock, owner: OwnThread) -> None:
        self._executor = ThreadPoolExecutor(size, thread_name_prefix="request")
        self._monotonic: Callable[[], float] = clock.monotonic
        self._owner = owner
        self._answers: SimpleQueue[Answer] = SimpleQueue()

    def start(self, key: int, call: Call) -> None:
        """Begin the call; `key` identifies its answer."""
        self._executor.submit(self._carry_out, key, call)

    def wait(self) -> Answer:
        """Return the next answer; wait for it. Call it only while a call is in flight."""
        answer = self._answers.get()
        self._owner.run_pending()
        return answer

    def close(self) -> None:
        """End the threads; wait for the calls that are in flight."""
        self._executor.shutdown()

    def _carry_out(self, key: int, call: Call) -> None:
        started = self._monotonic()
        value, error = None, None
        try:
            value = call.run()
        except BaseException as raised:  # broad: the job that waits for the answer gets it
            error = raised
        self._answers.put(Answer(key, value, error, self._monotonic() - started))
