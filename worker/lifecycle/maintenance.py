"""What a worker clears away now and then, and its nightly copy of the queue."""

import sqlite3
from pathlib import Path

from core.clock import Clock
from core.log import EventLog
from core.timers import Every
from core.units import DAY_S
from sync_queue.meta import Facts, to_number
from sync_queue.schema import back_up
from sync_queue.spill import drop_leftovers
from sync_queue.store import JobStore

TIDY_S = 600.0
BACKED_UP = "backed_up_at"


class Tidying:
    """Finished rows, leftovers of killed hooks, and a copy a day."""

    def __init__(self, data_dir: Path, store: JobStore, facts: Facts, clock: Clock, log: EventLog) -> None:
        self._data_dir = data_dir
        self._store = store
        self._facts = facts
        self._clock = clock
        self._log = log
        self._due = Every(clock, TIDY_S)

    def tidy_if_due(self) -> None:
        """Clear away, and copy what was not copied for a day; a copy that cannot be made is tried the next day."""
        if not self._due.is_due():
            return
        self._store.prune()
        now = self._clock.wall()
        drop_leftovers(self._data_dir, now)
        if abs(now - (to_number(self._facts.get(BACKED_UP)) or 0.0)) < DAY_S:
            return
        try:
            back_up(self._store.connection, self._data_dir)
        except (OSError, sqlite3.OperationalError) as error:
            self._log.warning("backup.failed", detail=str(error))
        self._facts.set(BACKED_UP, repr(now))
