"""Give this process the time of a test.

Every Python loads this that has its folder on PYTHONPATH; `tests/flow/simulated_time.py` is the
other side, and says why.
"""

from __future__ import annotations

import os

# Imported before the clock is replaced, so that their own timeouts stay real.
import queue  # noqa: F401
import random
import selectors  # noqa: F401
import socket
import struct
import subprocess
import threading
import time
from typing import Any

_TICK_S = float(os.environ.get("SIMULATED_TICK_S", "0"))
_start_process = subprocess.Popen.__init__


class _Time:
    """The time as the test has it; it stands still while this process works."""

    def __init__(self, port: int) -> None:
        self._turn = threading.Lock()
        self._test = socket.create_connection(("127.0.0.1", port))
        self._now = self._ask(b"P", struct.pack("!q", os.getpid()))

    def wall(self) -> float:
        return self._now

    def monotonic(self) -> float:
        self._now += _TICK_S
        return self._now

    def sleep(self, seconds: float) -> None:
        """Wait until the test has moved its clock far enough."""
        self._now = self._ask(b"S", struct.pack("!d", self._now + max(0.0, seconds)))

    def announce(self, pid: int) -> None:
        """Tell the test of a child before it can connect by itself."""
        self._ask(b"C", struct.pack("!q", pid))

    def _ask(self, tag: bytes, value: bytes) -> float:
        with self._turn:
            self._test.sendall(tag + value)
            answer = b""
            while len(answer) < 8:
                part = self._test.recv(8 - len(answer))
                if not part:  # the test is over
                    os._exit(0)
                answer += part
        found: float = struct.unpack("!d", answer)[0]
        return found


def _start_announced(process: subprocess.Popen[Any], *arguments: Any, **options: Any) -> None:
    _start_process(process, *arguments, **options)
    _TIME.announce(process.pid)


def _middle(_rng: random.Random, a: float, b: float) -> float:
    """Take the jitter out of waits, so that two runs which are compared wait equally long.

    With it, jobs that wait are read by one request in one run, and by several in the other.
    """
    return (a + b) / 2.0


_TIME = _Time(int(os.environ["SIMULATED_TIME_PORT"]))
time.time = _TIME.wall
time.monotonic = _TIME.monotonic
time.perf_counter = _TIME.monotonic
time.sleep = _TIME.sleep  # type: ignore[assignment]
subprocess.Popen.__init__ = _start_announced  # type: ignore[assignment, method-assign]
random.Random.uniform = _middle  # type: ignore[assignment, method-assign]
