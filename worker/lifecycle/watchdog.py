"""Ends a worker that makes no progress: a hung worker would hold the lease for ever."""

import os
import threading
from collections.abc import Callable

from core.clock import Clock
from core.launch import launch_worker

STALL_TIMEOUT_S = 600.0
EXIT_STATUS = 75


def restart_worker(root: str) -> None:
    """End this process, which hangs, and start a worker in its place; never returns.

    The successor finds the lease free: to start an interpreter takes far longer than to end here. What
    hung is not asked for anything, not even for a line in the log: its lock may be what everybody waits for.
    """
    try:
        launch_worker(root, "watchdog")
    finally:
        os._exit(EXIT_STATUS)


class Watchdog:
    """A thread that calls `end` when nobody has called `heartbeat` for ten minutes."""

    def __init__(
        self,
        clock: Clock,
        end: Callable[[], object] | None = None,
        silent_s: float = STALL_TIMEOUT_S,
    ) -> None:
        self._clock = clock
        self._end = end or (lambda: os._exit(EXIT_STATUS))
        self._silent_s = silent_s
        self._last = clock.monotonic()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def heartbeat(self) -> None:
        """Say that the worker lives."""
        self._last = self._clock.monotonic()

    def is_stalled(self) -> bool:
        """Whether the last beat is too long ago."""
        return self._clock.monotonic() - self._last >= self._silent_s

    def _watch(self) -> None:
        while not self._stopped.wait(min(10.0, self._silent_s / 4)):
            if self.is_stalled():
                self._end()
                return
