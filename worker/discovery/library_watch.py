"""While files are missing in Plex, see now and then whether a library has moved, and wake who waits for it."""

from collections.abc import Callable

from core.clock import Clock
from core.errors import PlexError
from core.log import EventLog
from core.timers import IntervalTimer
from sync.context import SyncContext
from sync_queue.dead_letters import DeadLetters
from sync_queue.store import JobStore
from worker.resilience.backoff import LIBRARY_LOOK_S, library_poll_interval
from worker.resilience.circuit import CircuitBreaker

NOT_FOUND = "PlexNotFound"
EVERY_LETTER = 1_000_000


class LibraryWatcher:
    """One look at the libraries at a time; what it has seen lasts as long as its worker."""

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
        self._due = IntervalTimer(clock, LIBRARY_LOOK_S, later=True)
        self._looked_at = float("-inf")
        self._known_gains = -1

    def poll_if_due(self, get_bench: Callable[[], SyncContext | None]) -> bool:
        """Look, if anything misses its file and it is time; whether jobs were woken or revived.

        Raises:
            StashUnavailable: `get_bench` could not read the settings.
        """
        if not self._due.fire() or not self._circuit.max_jobs:
            return False
        waits, buried = (
            self._store.is_waiting_for(NOT_FOUND),
            NOT_FOUND in self._dead_letters.by_reason(),
        )
        gap_s, now = library_poll_interval(waits=waits, buried=buried), self._clock.monotonic()
        if gap_s is None or now - self._looked_at < gap_s:
            return False
        ctx = get_bench()
        if ctx is None:
            return False
        self._looked_at = now
        try:
            moved = ctx.finder.has_changed()
        except PlexError as error:
            self._circuit.failed(error, ctx.plex)
            return False
        # A job that looked for its own file may have found the files of others.
        known, self._known_gains = self._known_gains, ctx.finder.revision
        if not moved and known == self._known_gains:
            return False
        made_due = self._store.make_due(NOT_FOUND)
        requeued = self._requeue_found(ctx)
        self._log.info("library.changed", made_due=made_due, requeued=requeued)
        return True

    def _requeue_found(self, ctx: SyncContext) -> int:
        """Dead letters whose file Plex has now go back into the queue."""
        now = self._clock.wall()
        return sum(
            self._dead_letters.requeue(dead_letter, now)
            for dead_letter in self._dead_letters.newest(EVERY_LETTER)
            if dead_letter.reason == NOT_FOUND
            and any(map(ctx.finder.candidates, dead_letter.candidates))
        )
