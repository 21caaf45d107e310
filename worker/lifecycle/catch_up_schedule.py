"""Decide when the catch-up runs: at the start, every 15 minutes, and after a burst of hooks."""

from core.clock import Clock
from core.errors import StashUnavailable
from core.timers import IntervalTimer
from sync_queue.meta import SERVER, MetaStore
from worker.discovery.catch_up import CatchUp
from worker.lifecycle.live_settings import LiveSettings

CATCH_UP_INTERVAL_S = 900.0
# After the last hook of a burst the catch-up waits this long for changes still to come.
CATCH_UP_DELAY_S = 60.0


class CatchUpSchedule:
    """Runs the catch-up when it is due."""

    def __init__(
        self, catch_up: CatchUp, settings: LiveSettings, meta: MetaStore, clock: Clock
    ) -> None:
        self._catch_up = catch_up
        self._settings = settings
        self._meta = meta
        self._clock = clock
        self._timer = IntervalTimer(clock, CATCH_UP_INTERVAL_S)
        self._due_at: float | None = None

    def on_change(self) -> None:
        """Schedule a run for CATCH_UP_DELAY_S from now, because another process has written."""
        self._due_at = self._clock.monotonic() + CATCH_UP_DELAY_S

    def run_if_due(self) -> bool:
        """Run the catch-up if it is due; return True if it ran.

        Raises:
            StashUnavailable: Stash failed; the catch-up is due again immediately.
        """
        is_burst_over = self._due_at is not None and self._clock.monotonic() >= self._due_at
        if not is_burst_over and not self._timer.fire():
            return False
        stash = self._settings.stash()
        if stash is None:
            self._timer.expire()
            return False
        # Before the query: a Stash that rejects it must not be asked again on every tick.
        self._due_at = None
        try:
            self._catch_up.run(stash, self._meta.get(SERVER))
        except StashUnavailable:
            self._timer.expire()
            raise
        return True
