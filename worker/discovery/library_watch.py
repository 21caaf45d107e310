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
        letters: DeadLetters,
        gate: CircuitBreaker,
        clock: Clock,
        log: EventLog,
    ) -> None:
        self._store = store
        self._letters = letters
        self._gate = gate
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
        if not self._due.fire() or not self._gate.max_jobs:
            return False
        waits, buried = (
            self._store.is_waiting_for(NOT_FOUND),
            NOT_FOUND in self._letters.by_reason(),
        )
        gap_s, now = library_poll_interval(waits=waits, buried=buried), self._clock.monotonic()
        if gap_s is None or now - self._looked_at < gap_s:
            return False
        bench = get_bench()
        if bench is None:
            return False
        self._looked_at = now
        try:
            moved = bench.finder.has_changed()
        except PlexError as error:
            self._gate.failed(error, bench.plex)
            return False
        # A job that looked for its own file may have found the files of others.
        known, self._known_gains = self._known_gains, bench.finder.revision
        if not moved and known == self._known_gains:
            return False
        woken = self._store.make_due(NOT_FOUND)
        revived = self._requeue_found(bench)
        self._log.info("library.moved", woken=woken, revived=revived)
        return True

    def _requeue_found(self, bench: SyncContext) -> int:
        """Dead letters whose file Plex has now go back into the queue."""
        now = self._clock.wall()
        return sum(
            self._letters.requeue(letter, now)
            for letter in self._letters.newest(EVERY_LETTER)
            if letter.reason == NOT_FOUND and any(map(bench.finder.candidates, letter.candidates))
        )
