"""While files are missing in Plex, see now and then whether a library has moved, and wake who waits for it."""

from collections.abc import Callable

from core.clock import Clock
from core.errors import PlexError
from core.log import EventLog
from core.timers import Every
from sync.context import Workbench
from sync_queue.dead_letters import DeadLetters
from sync_queue.store import JobStore
from worker.resilience.backoff import LIBRARY_LOOK_S, library_gap
from worker.resilience.circuit import Gate

NOT_FOUND = "PlexNotFound"
EVERY_LETTER = 1_000_000


class LibraryLook:
    """One look at the libraries at a time; what it has seen lasts as long as its worker."""

    def __init__(self, store: JobStore, letters: DeadLetters, gate: Gate, clock: Clock, log: EventLog) -> None:
        self._store = store
        self._letters = letters
        self._gate = gate
        self._clock = clock
        self._log = log
        self._due = Every(clock, LIBRARY_LOOK_S, later=True)
        self._looked_at = float("-inf")
        self._known_gains = -1

    def look_if_due(self, get_bench: Callable[[], Workbench | None]) -> bool:
        """Look, if anything misses its file and it is time; whether jobs were woken or revived.

        Raises:
            StashUnavailable: `get_bench` could not read the settings.
        """
        if not self._due.is_due() or not self._gate.admits:
            return False
        waits, buried = self._store.anything_waits_for(NOT_FOUND), NOT_FOUND in self._letters.by_reason()
        gap_s, now = library_gap(waits=waits, buried=buried), self._clock.monotonic()
        if gap_s is None or now - self._looked_at < gap_s:
            return False
        bench = get_bench()
        if bench is None:
            return False
        self._looked_at = now
        try:
            moved = bench.finder.has_moved()
        except PlexError as error:
            self._gate.failed(error, bench.plex)
            return False
        # A job that looked for its own file may have found the files of others.
        known, self._known_gains = self._known_gains, bench.finder.gains
        if not moved and known == self._known_gains:
            return False
        woken = self._store.wake(NOT_FOUND)
        revived = self._revive(bench)
        self._log.info("library.moved", woken=woken, revived=revived)
        return True

    def _revive(self, bench: Workbench) -> int:
        """Dead letters whose file Plex has now go back into the queue."""
        now = self._clock.wall()
        return sum(
            self._letters.revive(letter, now)
            for letter in self._letters.newest(EVERY_LETTER)
            if letter.reason == NOT_FOUND and any(map(bench.finder.candidates, letter.candidates))
        )
