"""Keep the session with Stash alive, and back off while Stash fails."""

from collections.abc import Callable

from core.clock import Clock
from core.errors import StashUnavailable
from core.timers import IntervalTimer
from core.units import DAY_S
from worker.lifecycle.live_settings import LiveSettings
from worker.lifecycle.stash_monitor import StashMonitor

FIRST_RENEWAL_INTERVAL_S = 60.0
MAX_RENEWAL_INTERVAL_S = 600.0
MAX_BACKOFF_S = 60.0


class StashConnection:
    """Decides when Stash may be asked, from the responses and failures of its requests."""

    def __init__(
        self, settings: LiveSettings, clock: Clock, on_recovered: Callable[[], None]
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._monitor = StashMonitor(settings, clock, on_recovered)
        self._renewal_timer = IntervalTimer(clock, FIRST_RENEWAL_INTERVAL_S)
        self._backoff_until = clock.monotonic()
        self._failures = 0

    def renew_session_if_due(self) -> None:
        """Renew the session three times within its lifetime, but at least every ten minutes.

        Raises:
            StashUnavailable: Stash is away, or the session has expired.
        """
        if not self._renewal_timer.fire():
            return
        # 0 means that this Stash's sessions do not expire.
        age_s = self._settings.renew_session() or DAY_S
        self._renewal_timer.postpone(max(1.0, min(MAX_RENEWAL_INTERVAL_S, age_s / 3.0)))

    def on_response(self) -> None:
        """Record that Stash has answered, or that a process started by Stash was here."""
        self._monitor.on_response()

    def on_fresh_session(self) -> None:
        """End the back-off: another process has written, and may have brought a newer session."""
        self._backoff_until = self._clock.monotonic()
        self._monitor.on_response()

    def on_success(self) -> None:
        """Start the next back-off with its shortest pause."""
        self._failures = 0

    def on_failure(self, error: Exception) -> float:
        """Back off for 2, 4, 8 ... 60 seconds; return the pause in seconds."""
        # A rejected query is an answer: only silence counts towards the worker's exit.
        if isinstance(error, StashUnavailable):
            self._monitor.on_failure()
        self._failures += 1
        pause_s = min(MAX_BACKOFF_S, 2.0 ** min(self._failures, 6))
        self.back_off(pause_s)
        return pause_s

    def back_off(self, pause_s: float) -> None:
        """Send nothing for this long; a process that writes to the queue ends the pause."""
        self._backoff_until = self._clock.monotonic() + pause_s

    def is_backing_off(self) -> bool:
        """Return True while a server that has failed must be left alone."""
        return self._clock.monotonic() < self._backoff_until

    def is_unreachable(self) -> bool:
        """Return True if Stash has not answered for so long that the worker must exit."""
        return self._monitor.is_unreachable()
