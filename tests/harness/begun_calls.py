"""Carry out calls as the worker does where they need no thread."""

from typing import Any

from core.calls import Begun, Exchange
from worker.lifecycle.request_pool import AwaitedSockets


def await_exchange(exchange: Exchange) -> None:
    """Look after the exchange until it has stopped."""
    sockets = AwaitedSockets[None]()
    sockets.add(exchange, None)
    while sockets.count:
        sockets.wait()
    sockets.close()


def finished(begun: Begun | None) -> Any:
    """Return the answer of a call that was begun; raise what it raises."""
    assert begun is not None, "it was not begun: no connection was idle"
    await_exchange(begun.exchange)
    return begun.finish()
