"""Decide whether Stash is still running; the worker exits when it is not."""

from collections.abc import Callable

from core.clock import Clock
from core.timers import IntervalTimer
from worker.lifecycle.live_settings import LiveSettings

PING_INTERVAL_S = 60.0
# A Stash that has answered this recently is not pinged.
PING_SKIP_S = 120.0
UNREACHABLE_AFTER_S = 600.0


class StashMonitor:
    """Records when Stash last answered; calls `on_recovered` when it answers after a failure."""

    def __init__(
        self, settings: LiveSettings, clock: Clock, on_recovered: Callable[[], None]
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._on_recovered = on_recovered
        self._has_failed = False
        self._ping_timer = IntervalTimer(clock, PING_INTERVAL_S)
        self._answered_at = clock.monotonic()

    def on_response(self) -> None:
        """Record that Stash has answered, or that one of its hooks or tasks has run."""
        self._answered_at = self._clock.monotonic()
        if self._has_failed:
            self._has_failed = False
            self._on_recovered()

    def on_failure(self) -> None:
        """Record that Stash has not answered a request."""
        self._has_failed = True

    def is_unreachable(self) -> bool:
        """Return True if Stash has not answered for UNREACHABLE_AFTER_S; ping it now and then."""
        if self._ping_timer.fire() and self._unanswered_s() >= PING_SKIP_S:
            self._ping()
        if self._unanswered_s() >= UNREACHABLE_AFTER_S:
            # Stash may be running again since the last ping.
            self._ping()
        return self._unanswered_s() >= UNREACHABLE_AFTER_S

    def _unanswered_s(self) -> float:
        return self._clock.monotonic() - self._answered_at

    def _ping(self) -> None:
        stash = self._settings.stash()
        if stash is not None and stash.is_up():
            self.on_response()
        else:
            self.on_failure()
