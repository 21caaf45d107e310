"""Carry out network calls in threads; the only module of the worker that has threads for them."""

from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
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

    def wait(self) -> list[Answer]:
        """Return the answers that have come, oldest first; wait for one. Call it only while a call
        is in flight.
        """

    def discard(self) -> None:
        """Wait until the calls in flight have ended, and forget their answers."""

    def close(self) -> None:
        """End the threads; wait for the calls that are in flight."""


class RequestPool:
    """Carries out up to `MAX_IN_FLIGHT` calls at a time; `owner` is the thread that gets the
    answers.

    The threads start with the first calls. The standard library's executor, which makes a future
    of each call, takes longer to hand one over than PlexSync takes to plan an item.
    """

    def __init__(self, clock: Clock, owner: OwnThread) -> None:
        self._clock = clock
        self._owner = owner
        self._threads: list[Thread] = []
        self._in_flight = 0
        self._wanted: SimpleQueue[tuple[int, Call] | None] = SimpleQueue()
        self._ended: SimpleQueue[Answer] = SimpleQueue()

    def start(self, key: int, call: Call) -> None:
        """Begin the call; `key` identifies its answer."""
        self._in_flight += 1
        if len(self._threads) < min(self._in_flight, MAX_IN_FLIGHT):
            name = f"request_{len(self._threads)}"
            # An idle thread must not keep a process alive that did not close the pool.
            thread = Thread(target=self._run, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()
        self._wanted.put((key, call))

    def wait(self) -> list[Answer]:
        """Return the answers that have come, oldest first; wait for one. Call it only while a call
        is in flight.
        """
        answers = [self._ended.get()]
        # Only this thread takes answers, so one that has come does not go.
        while not self._ended.empty():
            answers.append(self._ended.get())
        self._in_flight -= len(answers)
        self._owner.run_pending()
        return answers

    def discard(self) -> None:
        """Wait until the calls in flight have ended, and forget their answers."""
        while self._in_flight:
            self._ended.get()
            self._in_flight -= 1

    def close(self) -> None:
        """End the threads; wait for the calls that are in flight."""
        for _ in self._threads:
            self._wanted.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _run(self) -> None:
        while self._run_next():
            pass

    def _run_next(self) -> bool:
        """Carry out the next call; return False at the end. No image is kept until the next one."""
        wanted = self._wanted.get()
        if wanted is None:
            return False
        key, call = wanted
        started = self._clock.monotonic()
        value, failure = None, None
        try:
            value = call.run()
        except BaseException as error:  # noqa: BLE001 broad: the owner's thread gets every error
            failure = error
        self._ended.put(Answer(key, value, failure, self._clock.monotonic() - started))
        return True
