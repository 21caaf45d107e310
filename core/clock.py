"""Provides time as an argument: production passes `SystemClock`, a test a clock that it moves."""

import time
from typing import Protocol


class Clock(Protocol):
    """The only source of time in PlexSync. All values are seconds."""

    def wall(self) -> float:
        """Return seconds since the epoch; they may jump."""

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start; they never jump."""

    def sleep(self, seconds: float) -> None:
        """Wait. Return immediately for zero or less."""


class SystemClock:
    """The machine's own clock."""

    def wall(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)
