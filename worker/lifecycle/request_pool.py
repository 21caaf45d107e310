"""Carry out network calls at the same time, in threads or with sockets of one thread.

A call that can begin without waiting needs none: the owner's thread sends its request and looks
after its socket. Handing a call to a thread and its answer back takes as long as the call itself.
"""

import contextlib
import selectors
import socket
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Any, Generic, Protocol, TypeVar

from core.calls import Call, Exchange
from core.clock import Clock
from core.own_thread import OwnThread
from plex.transport import MAX_IN_FLIGHT

_T = TypeVar("_T")
_WAKE = b"\0"
_MANY_WAKES = 4_096
# Who has waited for less found an answer that was there before.
_INSTANT_S = 0.001


@dataclass(frozen=True, slots=True)
class Answer:
    """How one call ended. `error` is what it raised, None for nothing.

    `took_s` does not include what the owner's thread did before it looked at the answer.
    """

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


class AwaitedSockets(Generic[_T]):
    """The exchanges that are under way. One thread uses them, any other may `wake` it.

    Each stands for a value, which `wait` returns once the exchange has stopped.
    """

    def __init__(self) -> None:
        """Open nothing."""
        self._selector: selectors.BaseSelector | None = None
        self._waker: socket.socket | None = None
        self._wake_end: socket.socket | None = None
        self._exchanges: dict[Exchange, _T] = {}

    @property
    def count(self) -> int:
        """Return how many exchanges are under way."""
        return len(self._exchanges)

    def add(self, exchange: Exchange, value: _T) -> None:
        """Look after an exchange.

        Raises:
            OSError: the system lets no further file or socket be opened.
        """
        self._opened().register(exchange, _event_of(exchange), exchange)
        self._exchanges[exchange] = value

    def wait(self) -> list[_T]:
        """Wait for a socket, a wake or the end of a time-out; return what has stopped, [] for none.

        Call it only while an exchange is under way.
        """
        limit_s = min(exchange.remaining_s for exchange in self._exchanges)
        ready = [key.data for key, _ in self._opened().select(limit_s)]
        for exchange in ready:
            if exchange is None:
                self._forget_wakes()
            else:
                self._advance(exchange)
        for exchange in self._exchanges:
            # One that this thread has not looked at for long may have its answer by now.
            if exchange not in ready and not exchange.remaining_s:
                exchange.expire()
        return [self._remove(one) for one in list(self._exchanges) if one.has_stopped]

    def wake(self) -> None:
        """Let `wait` return; any thread may call this."""
        if self._waker is not None:
            # With a full buffer it wakes anyway.
            with contextlib.suppress(BlockingIOError):
                self._waker.send(_WAKE)

    def close(self) -> None:
        """Close what was opened; the sockets of exchanges stay open."""
        for opened in (self._selector, self._waker, self._wake_end):
            if opened is not None:
                opened.close()
        self._selector = self._waker = self._wake_end = None

    def _opened(self) -> selectors.BaseSelector:
        if self._selector is None:
            selector = selectors.DefaultSelector()
            try:
                wake_end, waker = socket.socketpair()
            except OSError:
                selector.close()
                raise
            wake_end.setblocking(False)
            waker.setblocking(False)
            selector.register(wake_end, selectors.EVENT_READ)
            self._selector, self._wake_end, self._waker = selector, wake_end, waker
        return self._selector

    def _advance(self, exchange: Exchange) -> None:
        was_sending = exchange.is_sending
        exchange.advance()
        if exchange.is_sending != was_sending:
            self._opened().modify(exchange, _event_of(exchange), exchange)

    def _remove(self, exchange: Exchange) -> _T:
        self._opened().unregister(exchange)
        return self._exchanges.pop(exchange)

    def _forget_wakes(self) -> None:
        assert self._wake_end is not None  # it has just woken this thread
        with contextlib.suppress(BlockingIOError):
            self._wake_end.recv(_MANY_WAKES)


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
        self._looked_at = clock.monotonic()

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
        began = self._clock.monotonic()
        stopped = self._sockets.wait()
        now = self._clock.monotonic()
        came = now if now - began > _INSTANT_S else self._looked_at
        self._looked_at = now
        for awaited in stopped:
            if awaited.exchange is not None and awaited.exchange.is_quick:
                answers.append(self._answer(awaited, came))
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

    def _answer(self, awaited: _Awaited, came: float | None = None) -> Answer:
        """Finish the call, in this thread; `came` is when its answer did, None for at the end."""
        value, failure = None, None
        try:
            value = awaited.finish()
        except BaseException as error:  # noqa: BLE001 broad: the owner's thread gets every error
            failure = error
        ended = self._clock.monotonic() if came is None else came
        return Answer(awaited.key, value, failure, max(0.0, ended - awaited.started))


def _event_of(exchange: Exchange) -> int:
    return selectors.EVENT_WRITE if exchange.is_sending else selectors.EVENT_READ
