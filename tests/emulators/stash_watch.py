"""Notices that a client has gone while its request is still being worked on."""

from __future__ import annotations

import os
import select
import socket
from threading import Thread
from types import TracebackType

from tests.emulators.stash_process import Cancellation

_GONE = select.POLLRDHUP | select.POLLHUP | select.POLLERR


class ConnectionWatch:
    """Cancels the request as soon as the other side closes its end."""

    def __init__(self, connection: socket.socket, cancel: Cancellation) -> None:
        self._connection = connection
        self._cancel = cancel
        self._wake_out, self._wake_in = os.pipe()
        self._thread = Thread(target=self._run, name="connection watch", daemon=True)

    def __enter__(self) -> ConnectionWatch:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.write(self._wake_in, b"x")
        self._thread.join()
        os.close(self._wake_in)
        os.close(self._wake_out)

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._connection, _GONE)
        poll.register(self._wake_out, select.POLLIN)
        ready = {each for each, _ in poll.poll()}
        if self._wake_out not in ready:
            self._cancel.cancel()
