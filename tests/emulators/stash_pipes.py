"""Reading a plugin's pipes: when to stop, when to close, and what counts as a line."""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from threading import Lock, Thread
from typing import IO

LINE_LIMIT = 65_536
_CHUNK = 65_536


class Pump:
    """Reads one pipe until its end, until the taker has had enough, or until it is detached."""

    def __init__(
        self, pipe: IO[bytes], take: Callable[[bytes], bool], after: Callable[[], None]
    ) -> None:
        self._pipe = pipe
        self._take = take
        self._after = after
        self._wake_out, self._wake_in = os.pipe()
        self._drain = False
        self._open = True
        self._lock = Lock()
        self.thread = Thread(target=self._run, name="plugin pipe", daemon=True)
        self.thread.start()

    def detach(self, *, drain: bool) -> None:
        """Close the read end now; `drain` first takes what already lies in the pipe."""
        with self._lock:
            if self._open:
                self._drain = drain
                os.write(self._wake_in, b"x")

    def _run(self) -> None:
        self._read()
        with self._lock:
            self._open = False
            os.close(self._wake_in)
            os.close(self._wake_out)
        self._pipe.close()
        self._after()

    def _read(self) -> None:
        poll = select.poll()
        poll.register(self._pipe, select.POLLIN)
        poll.register(self._wake_out, select.POLLIN)
        while True:
            ready = {each for each, _ in poll.poll()}
            if self._wake_out in ready:
                self._take_the_rest()
                return
            data = os.read(self._pipe.fileno(), _CHUNK)
            if not data or not self._take(data):
                return

    def _take_the_rest(self) -> None:
        os.set_blocking(self._pipe.fileno(), False)
        while self._drain:
            try:
                data = os.read(self._pipe.fileno(), _CHUNK)
            except BlockingIOError:
                return
            if not data or not self._take(data):
                return


class LineSplitter:
    """Cuts stderr into lines; a line too long for Stash's scanner ends the reading."""

    def __init__(self, emit: Callable[[bytes], None]) -> None:
        self._emit = emit
        self._rest = b""

    def feed(self, data: bytes) -> bool:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if len(line) >= LINE_LIMIT:
                self._rest = b""
                return False
            self._send(line)
        if len(self._rest) >= LINE_LIMIT:
            self._rest = b""
            return False
        return True

    def end(self) -> None:
        self._send(self._rest)
        self._rest = b""

    def _send(self, line: bytes) -> None:
        stripped = line[:-1] if line.endswith(b"\r") else line
        if stripped:
            self._emit(stripped)
