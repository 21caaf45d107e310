"""Poll Plex's libraries while files are missing, and retry the jobs that wait for them."""

from collections.abc import Callable

from core.clock import Clock
from core.errors import LibraryMissing, PlexError, PlexNotFound
from core.log import EventLog
from core.timers import IntervalTimer
from plex.finder import Finder
from sync.context import SyncContext
from sync_queue.dead_letters import DeadLetters
from sync_queue.store import JobStore
from worker.resilience.circuit import CircuitBreaker
from worker.resilience.retry_policy import LIBRARY_POLL_S, library_poll_interval

NOT_FOUND = PlexNotFound.__name__
LIBRARY_MISSING = LibraryMissing.__name__


class LibraryWatcher:
    """Polls the libraries. What it has seen is kept in memory only."""

    def __init__(
        self,
        store: JobStore,
        dead_letters: DeadLetters,
        circuit: CircuitBreaker,
        clock: Clock,
        log: EventLog,
    ) -> None:
        self._store = store
        self._dead_letters = dead_letters
        self._circuit = circuit
        self._clock = clock
        self._log = log
        self._timer = IntervalTimer(clock, LIBRARY_POLL_S, later=True)
        self._polled_at = float("-inf")
        self._known_revision = -1

    def poll_if_due(self, get_context: Callable[[], SyncContext | None]) -> bool:
        """Poll if anything waits for a file and a poll is due.

        Return True if jobs were made due or requeued.

        Raises:
            StashUnavailable: `get_context` could not read the settings.
        """
        if not self._timer.fire() or not self._circuit.max_jobs:
            return False
        has_missing = self._store.is_waiting_for(LIBRARY_MISSING)
        has_waiting = has_missing or self._store.is_waiting_for(NOT_FOUND)
        has_dead_letters = NOT_FOUND in self._dead_letters.by_reason()
        interval_s = library_poll_interval(
            has_waiting=has_waiting, has_dead_letters=has_dead_letters
        )
        now = self._clock.monotonic()
        if interval_s is None or now - self._polled_at < interval_s:
            return False
        ctx = get_context()
        if ctx is None:
            return False
        self._polled_at = now
        try:
            has_changed = ctx.finder.has_changed()
        except PlexError as error:
            self._circuit.failed(error, ctx.plex)
            return False
        # A job that searched for its own file may have added the files of others to the index.
        known, self._known_revision = self._known_revision, ctx.finder.revision
        is_complete = has_missing and not ctx.finder.missing_libraries
        if not has_changed and not is_complete and known == self._known_revision:
            return False
        made_due = self._store.make_due(NOT_FOUND) + self._store.make_due(LIBRARY_MISSING)
        requeued = self._requeue_found(ctx.finder)
        self._log.info("library.changed", made_due=made_due, requeued=requeued)
        return True

    def _requeue_found(self, finder: Finder) -> int:
        """Requeue the dead letters whose file Plex has now; return how many."""
        now = self._clock.wall()
        return sum(
            self._dead_letters.requeue(dead_letter, now)
            for dead_letter in self._dead_letters.newest(limit=None)
            if dead_letter.reason == NOT_FOUND
            and any(map(finder.candidates, dead_letter.candidates))
        )
