"""Things that happen every so often, by a clock that does not jump."""

from core.clock import Clock


class IntervalTimer:
    """Fires at most once per `interval_s`; the first time immediately, unless `later`."""

    def __init__(self, clock: Clock, interval_s: float, *, later: bool = False) -> None:
        self._clock = clock
        self._interval_s = interval_s
        self._next = clock.monotonic() + (interval_s if later else 0.0)

    def fire(self) -> bool:
        """Return True at most once per interval; a True result restarts the interval."""
        now = self._clock.monotonic()
        if now < self._next:
            return False
        self._next = now + self._interval_s
        return True

    def postpone(self, seconds: float) -> None:
        """Not before `seconds` from now."""
        self._next = self._clock.monotonic() + seconds

    def expire(self) -> None:
        """Let the timer fire immediately."""
        self._next = self._clock.monotonic()
