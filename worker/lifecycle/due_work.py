"""Know when the next job is due, without a query on every tick."""

from core.clock import Clock
from core.timers import IntervalTimer
from sync_queue import statements as sql
from sync_queue.store import JobStore
from worker.lifecycle.live_settings import LiveSettings
from worker.lifecycle.stash_connection import StashConnection
from worker.resilience.circuit import CircuitBreaker

# The due time is read again this often even if no other process has written.
REFRESH_INTERVAL_S = 30.0
# A worker that is about to exit waits this long for a job of an edit that is still settling.
EDIT_GRACE_S = sql.SETTLE_WINDOW_S + 1.0


class DueWork:
    """Caches the due time of the next job and decides whether it may be carried out now."""

    def __init__(
        self,
        store: JobStore,
        circuit: CircuitBreaker,
        settings: LiveSettings,
        stash: StashConnection,
        clock: Clock,
    ) -> None:
        self._store = store
        self._circuit = circuit
        self._settings = settings
        self._stash = stash
        self._clock = clock
        self._refresh_timer = IntervalTimer(clock, REFRESH_INTERVAL_S)
        self._data_version: int | None = None
        self._next_due: float | None = None

    def poll(self) -> bool:
        """Refresh the due time when needed; return True if another process has written.

        The first call returns False: what was written before it belongs to no burst of hooks.
        """
        version = self._store.data_version()
        if version != self._data_version:
            is_first = self._data_version is None
            self._data_version = version
            self.refresh()
            return not is_first
        if self._refresh_timer.fire():
            self.refresh()
        return False

    def has_unseen_change(self) -> bool:
        """Return True if another process has written since the last `poll`."""
        return self._store.data_version() != self._data_version

    def refresh(self) -> None:
        """Read the due time of the next job."""
        self._next_due = self._store.next_due()

    def suspend(self) -> None:
        """Treat no job as due until the next refresh."""
        self._next_due = None

    def is_due(self) -> bool:
        """Return True if a job is due that may be carried out now."""
        if self._next_due is None or self._is_held_back() or not self._settings.may_write:
            return False
        now = self._clock.wall()
        # A due time further ahead than any delay is the trace of a clock that was set back.
        return self._next_due <= now or self._next_due > now + sql.MAX_WAIT_S

    def is_due_soon(self) -> bool:
        """Return True if a job becomes due within EDIT_GRACE_S.

        Assume that writing is enabled until the settings are loaded.
        """
        if self._next_due is None or self._is_held_back():
            return False
        is_soon = self._next_due <= self._clock.wall() + EDIT_GRACE_S
        return self.is_due() or (is_soon and not self._settings.forbids_writing)

    def may_be_due(self) -> bool:
        """Return True if a job is due, or would be under other settings.

        While the settings are not loaded or forbid writing, a due job is the reason to read them.
        """
        if self._settings.may_write:
            return self.is_due()
        has_capacity = bool(self._circuit.max_jobs)
        return has_capacity and self._next_due is not None and self._next_due <= self._clock.wall()

    def _is_held_back(self) -> bool:
        return not self._circuit.max_jobs or self._stash.is_backing_off()
