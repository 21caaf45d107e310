"""Restart a worker that makes no progress: a hung worker would hold the lease forever."""

import os
import threading
from collections.abc import Callable

from core.clock import Clock
from core.launch import launch_worker

STALL_TIMEOUT_S = 600.0
EXIT_STATUS = 75


def restart_worker(root: str) -> None:
    """Start another worker and end this process; never return.

    The new worker finds the lease free, because starting an interpreter takes far longer than the
    exit of this process. Nothing is logged: the hung thread may hold the lock of the log.
    """
    try:
        launch_worker(root, "watchdog")
    finally:
        os._exit(EXIT_STATUS)


class Watchdog:
    """A thread that calls `end` after `stall_timeout_s` without a heartbeat."""

    def __init__(
        self,
        clock: Clock,
        end: Callable[[], object] | None = None,
        stall_timeout_s: float = STALL_TIMEOUT_S,
    ) -> None:
        self._clock = clock
        self._end = end or (lambda: os._exit(EXIT_STATUS))
        self._stall_timeout_s = stall_timeout_s
        self._last_heartbeat = clock.monotonic()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread; do nothing if it was never started."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def heartbeat(self) -> None:
        """Record that the worker makes progress."""
        self._last_heartbeat = self._clock.monotonic()

    def is_stalled(self) -> bool:
        """Return True if the last heartbeat is too long ago."""
        return self._clock.monotonic() - self._last_heartbeat >= self._stall_timeout_s

    def _watch(self) -> None:
        while not self._stopped.wait(min(10.0, self._stall_timeout_s / 4)):
            if self.is_stalled():
                self._end()
                return
