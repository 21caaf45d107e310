"""Whether Stash is still there. Without it there is nothing to do, and nobody to do it for."""

from collections.abc import Callable

from core.clock import Clock
from core.timers import IntervalTimer
from worker.lifecycle.live_settings import LiveSettings

PING_INTERVAL_S = 60.0
PING_SKIP_S = 120.0  # a Stash that answered so lately need not be asked whether it is there
UNREACHABLE_AFTER_S = 600.0


class StashMonitor:
    """When Stash was heard last. `on_back` is called when it answers again after it did not."""

    def __init__(
        self, settings: LiveSettings, clock: Clock, on_back: Callable[[], None] = lambda: None
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._on_back = on_back
        self._was_away = False
        self._asking = IntervalTimer(clock, PING_INTERVAL_S)
        self._heard_at = clock.monotonic()

    def on_response(self) -> None:
        """Stash answered, or a hook or a task was here; those only run while it does."""
        self._heard_at = self._clock.monotonic()
        if self._was_away:
            self._was_away = False
            self._on_back()

    def on_failure(self) -> None:
        """A request to Stash was not answered."""
        self._was_away = True

    def is_unreachable(self) -> bool:
        """Whether Stash has been silent for ten minutes; it is asked now and then."""
        if self._asking.fire() and self._silent_s() >= PING_SKIP_S:
            self._ask()
        if self._silent_s() >= UNREACHABLE_AFTER_S:
            self._ask()  # it may have come back since it was asked last
        return self._silent_s() >= UNREACHABLE_AFTER_S

    def _silent_s(self) -> float:
        return self._clock.monotonic() - self._heard_at

    def _ask(self) -> None:
        stash = self._settings.stash()
        if stash is not None and stash.is_up():
            self.on_response()
        else:
            self.on_failure()
