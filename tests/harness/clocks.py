"""Provide the clock that moves only when a test moves it."""

from collections.abc import Callable


def _ignore(seconds: float) -> None:
    """Take no notice of a sleep."""


class FakeClock:
    """A clock that moves only on request; `sleep` moves it and calls `on_sleep` with the seconds."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self.now = start
        self.steady = 0.0
        self.sleeps: list[float] = []
        self.on_sleep: Callable[[float], object] = _ignore

    def __call__(self) -> float:
        """Return the wall time, for code that takes a function as its clock."""
        return self.now

    def wall(self) -> float:
        """Return the wall time in epoch seconds."""
        return self.now

    def monotonic(self) -> float:
        """Return the seconds that have passed, unaffected by `jump`."""
        return self.steady

    def sleep(self, seconds: float) -> None:
        """Move both clocks and record the sleep."""
        self.sleeps.append(seconds)
        self.on_sleep(seconds)
        self.advance(max(0.0, seconds))

    def advance(self, seconds: float) -> None:
        """Move both clocks."""
        self.now += seconds
        self.steady += seconds

    def jump(self, seconds: float) -> None:
        """Move the wall clock alone, as a corrected system clock does."""
        self.now += seconds
