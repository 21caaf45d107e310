"""Poll Plex's libraries while files are missing, and retry the jobs that wait for them."""

from collections.abc import Callable

from core.clock import Clock
from core.errors import LibraryMissing, PlexError, PlexNotFound
from core.log import EventLog
from core.timers import IntervalTimer
from plex.client import PlexClient
from plex.finder import Finder
from sync.context import SyncContext
from sync_queue.dead_letters import DeadLetter, DeadLetters
from sync_queue.store import JobStore
from worker.discovery.relisted_items import RelistedItems
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
        relisted: RelistedItems,
        circuit: CircuitBreaker,
        clock: Clock,
        log: EventLog,
    ) -> None:
        self._store = store
        self._dead_letters = dead_letters
        self._relisted = relisted
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
        watched_for = self._relisted.watched_for()
        interval_s = library_poll_interval(
            has_waiting=has_waiting, has_dead_letters=has_dead_letters, watched_for=watched_for
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
            if watched_for is not None or (has_dead_letters and self._has_missing(ctx.finder)):
                # A rename, a new version or an old date shows in the whole listing only.
                has_changed = ctx.finder.list_moved() or has_changed
            is_complete = has_missing and not ctx.finder.missing_libraries
            # A waiting job has its library listed when it is due.
            is_outdated = has_waiting and ctx.finder.is_listing_outdated
            if has_changed or is_complete or is_outdated:
                self._retry(ctx.finder)
                has_changed = True
            return self.on_index_used(ctx.finder, ctx.plex) or has_changed
        except PlexError as error:
            self._circuit.failed(error, ctx.plex)
            return False

    def on_index_used(self, finder: Finder, plex: PlexClient) -> bool:
        """Retry what waits for files if the index has gained some; send nothing to Plex.

        A job that searched for its own file, or a comparison, may have added the files of others,
        or have shown that items are gone. Return True if jobs may be due.
        """
        enqueued = self._relisted.enqueue_affected(finder, plex)
        has_gained = finder.revision != self._known_revision
        return (has_gained and self._retry(finder)) or bool(enqueued)

    def _retry(self, finder: Finder) -> bool:
        """Make waiting jobs due, and requeue the dead letters whose file is in the index."""
        self._known_revision = finder.revision
        made_due = self._store.make_due(NOT_FOUND) + self._store.make_due(LIBRARY_MISSING)
        requeued = self._requeue_found(finder)
        if made_due or requeued:
            self._log.info("library.changed", made_due=made_due, requeued=requeued)
        return True

    def _has_missing(self, finder: Finder) -> bool:
        """Return True if the index lacks the file of any dead letter."""
        return any(not _is_indexed(finder, dead_letter) for dead_letter in self._not_found())

    def _not_found(self) -> list[DeadLetter]:
        dead_letters = self._dead_letters.newest(limit=None)
        return [dead_letter for dead_letter in dead_letters if dead_letter.reason == NOT_FOUND]

    def _requeue_found(self, finder: Finder) -> int:
        """Requeue the dead letters whose file Plex has now; return how many."""
        now = self._clock.wall()
        return sum(
            self._dead_letters.requeue(dead_letter, now)
            for dead_letter in self._not_found()
            if _is_indexed(finder, dead_letter)
        )


def _is_indexed(finder: Finder, dead_letter: DeadLetter) -> bool:
    """Return True if the index has a file with the name of one that the dead letter misses."""
    return any(map(finder.candidates, dead_letter.candidates))
