"""Time as an argument: production passes `SystemClock`, a test passes a clock that moves when told."""

import time
from typing import Protocol


class Clock(Protocol):
    """The only source of time in PlexSync. All values are seconds."""

    def wall(self) -> float:
        """Seconds since the epoch; may jump."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never jumps."""

    def sleep(self, seconds: float) -> None:
        """Wait. Zero or less returns at once."""


class SystemClock:
    """The machine's own clock."""

    def wall(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)
