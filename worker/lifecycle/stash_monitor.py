"""Whether Stash is still there. Without it there is nothing to do, and nobody to do it for."""

from collections.abc import Callable

from core.clock import Clock
from core.timers import Every
from worker.lifecycle.live_settings import Settings

ASK_S = 60.0
HEARD_S = 120.0  # a Stash that answered so lately need not be asked whether it is there
STASH_SILENT_S = 600.0


class StashPulse:
    """When Stash was heard last. `on_back` is called when it answers again after it did not."""

    def __init__(self, settings: Settings, clock: Clock, on_back: Callable[[], None] = lambda: None) -> None:
        self._settings = settings
        self._clock = clock
        self._on_back = on_back
        self._was_away = False
        self._asking = Every(clock, ASK_S)
        self._heard_at = clock.monotonic()

    def heard(self) -> None:
        """Stash answered, or a hook or a task was here; those only run while it does."""
        self._heard_at = self._clock.monotonic()
        if self._was_away:
            self._was_away = False
            self._on_back()

    def missed(self) -> None:
        """A request to Stash was not answered."""
        self._was_away = True

    def is_lost(self) -> bool:
        """Whether Stash has been silent for ten minutes; it is asked now and then."""
        if self._asking.is_due() and self._silent_s() >= HEARD_S:
            self._ask()
        if self._silent_s() >= STASH_SILENT_S:
            self._ask()  # it may have come back since it was asked last
        return self._silent_s() >= STASH_SILENT_S

    def _silent_s(self) -> float:
        return self._clock.monotonic() - self._heard_at

    def _ask(self) -> None:
        stash = self._settings.stash()
        if stash is not None and stash.is_up():
            self.heard()
        else:
            self.missed()
