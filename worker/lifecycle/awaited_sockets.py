"""Look after the sockets of several requests in one thread."""

import contextlib
import selectors
import socket
from typing import Generic, TypeVar

from core.calls import Exchange

_T = TypeVar("_T")
_WAKE = b"\0"
_MANY_WAKES = 4_096


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


def _event_of(exchange: Exchange) -> int:
    return selectors.EVENT_WRITE if exchange.is_sending else selectors.EVENT_READ
