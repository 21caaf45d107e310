"""Carry out network calls at the same time, in threads or with sockets of one thread.

A call that can begin without waiting needs none: the owner's thread sends its request and looks
after its socket. Handing a call to a thread and its answer back takes as long as the call itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Any, Protocol

from core.calls import Call, Exchange
from core.clock import Clock
from core.own_thread import OwnThread
from plex.transport import MAX_IN_FLIGHT
from worker.lifecycle.awaited_sockets import AwaitedSockets


@dataclass(frozen=True, slots=True)
class Answer:
    """How one call ended. `error` is what it raised, None for nothing."""

    key: int
    value: Any
    error: BaseException | None
    took_s: float


class Pool(Protocol):
    """Carries out calls at the same time as the worker does something else."""

    def start(self, key: int, call: Call, *, in_thread: bool = False) -> None:
        """Begin the call; `key` identifies its answer.

        `in_thread`: the time it takes must not include what the owner's thread does meanwhile.
        """

    def wait(self) -> list[Answer]:
        """Return the answers that have come, oldest first; wait for one. Call it only while a call
        is in flight.
        """

    def discard(self) -> None:
        """Wait until the calls in flight have ended, and forget their answers."""

    def close(self) -> None:
        """End the threads; wait for the calls that are in flight."""


@dataclass(frozen=True, slots=True)
class _Awaited:
    """A call that was started: `finish` returns its answer, `started` is the clock's time.

    `exchange` is None for a call in a thread.
    """

    key: int
    finish: Callable[[], Any]
    started: float
    exchange: Exchange | None = None


class RequestPool:
    """Carries out up to `MAX_IN_FLIGHT` calls at a time; `owner` is the thread that gets the
    answers.

    The threads start with the first calls that need one. The standard library's executor, which
    makes a future of each call, takes longer to hand one over than PlexSync takes to plan an item.
    """

    def __init__(self, clock: Clock, owner: OwnThread) -> None:
        self._clock = clock
        self._owner = owner
        self._threads: list[Thread] = []
        self._in_threads = 0
        self._wanted: SimpleQueue[_Awaited | None] = SimpleQueue()
        self._ended: SimpleQueue[Answer] = SimpleQueue()
        self._sockets = AwaitedSockets[_Awaited]()

    def start(self, key: int, call: Call, *, in_thread: bool = False) -> None:
        """Begin the call; `key` identifies its answer.

        `in_thread`: the time it takes must not include what the owner's thread does meanwhile.
        """
        started = self._clock.monotonic()
        begun = None if in_thread or call.begin is None else call.begin()
        if begun is None:
            self._start_in_thread(_Awaited(key, call.run, started))
        else:
            self._look_after(begun.exchange, _Awaited(key, begun.finish, started, begun.exchange))

    def wait(self) -> list[Answer]:
        """Return the answers that have come, oldest first; wait for one. Call it only while a call
        is in flight.
        """
        answers = self._from_threads()
        while not answers:
            answers = self._from_sockets() if self._sockets.count else [self._take()]
            answers += self._from_threads()
        self._owner.run_pending()
        return answers

    def discard(self) -> None:
        """Wait until the calls in flight have ended, and forget their answers."""
        while self._in_threads or self._sockets.count:
            self.wait()

    def close(self) -> None:
        """End the threads; wait for the calls that are in flight."""
        self.discard()
        for _ in self._threads:
            self._wanted.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        self._sockets.close()

    def _look_after(self, exchange: Exchange, awaited: _Awaited) -> None:
        try:
            self._sockets.add(exchange, awaited)
        except OSError:
            # The request has been sent, so its answer is read, too.
            self._start_in_thread(awaited)

    def _from_sockets(self) -> list[Answer]:
        """Wait for a socket or a thread; return what the sockets have brought, [] for nothing."""
        answers = []
        for awaited in self._sockets.wait():
            if awaited.exchange is not None and awaited.exchange.is_quick:
                answers.append(self._answer(awaited))
            else:
                # What is left may wait for the server.
                self._start_in_thread(awaited)
        return answers

    def _from_threads(self) -> list[Answer]:
        # Only this thread takes answers, so one that has come does not go.
        answers = []
        while not self._ended.empty():
            answers.append(self._take())
        return answers

    def _take(self) -> Answer:
        answer = self._ended.get()
        self._in_threads -= 1
        return answer

    def _start_in_thread(self, awaited: _Awaited) -> None:
        if len(self._threads) < min(self._in_threads + 1, MAX_IN_FLIGHT):
            name = f"request_{len(self._threads)}"
            # An idle thread must not keep a process alive that did not close the pool.
            thread = Thread(target=self._run, name=name, daemon=True)
            # The system may refuse it; then no answer may be waited for.
            thread.start()
            self._threads.append(thread)
        self._in_threads += 1
        self._wanted.put(awaited)

    def _run(self) -> None:
        while self._run_next():
            pass

    def _run_next(self) -> bool:
        """Carry out the next call; return False at the end. No image is kept until the next one."""
        wanted = self._wanted.get()
        if wanted is None:
            return False
        self._ended.put(self._answer(wanted))
        self._sockets.wake()
        return True

    def _answer(self, awaited: _Awaited) -> Answer:
        """Finish the call, in this thread."""
        value, failure = None, None
        try:
            value = awaited.finish()
        except BaseException as error:  # noqa: BLE001 broad: the owner's thread gets every error
            failure = error
        return Answer(awaited.key, value, failure, self._clock.monotonic() - awaited.started)
