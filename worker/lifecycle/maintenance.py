"""Delete what is no longer needed, and back up the queue once a day."""

import sqlite3
from pathlib import Path

from core.clock import Clock
from core.log import EventLog
from core.timers import IntervalTimer
from core.units import DAY_S
from sync.dry_run_file import remove_old_dry_run
from sync_queue.counters import Counters
from sync_queue.meta import parse_float
from sync_queue.schema import back_up
from sync_queue.spill import remove_stale_files
from validation.token_file import delete_stale_sign_in
from worker.lifecycle.worker_queue import WorkerQueue
from worker.reporting.tallies import prune

MAINTENANCE_INTERVAL_S = 600.0
BACKED_UP = "backed_up_at"


class Maintenance:
    """Prunes finished jobs, old counters and files of killed hooks; makes the daily backup."""

    def __init__(self, data_dir: Path, queue: WorkerQueue, clock: Clock, log: EventLog) -> None:
        self._data_dir = data_dir
        self._store = queue.store
        self._queue = queue.opened.queue
        self._facts = queue.facts
        self._counters = Counters(queue.store)
        self._clock = clock
        self._log = log
        self._due = IntervalTimer(clock, MAINTENANCE_INTERVAL_S)

    def run_if_due(self) -> None:
        """Prune every ten minutes; back up once a day. A failed backup is repeated the next day."""
        if not self._due.fire():
            return
        self._store.check_epoch()
        self._queue.prune()
        now = self._clock.wall()
        prune(self._counters, now)
        remove_stale_files(self._data_dir, now)
        remove_old_dry_run(self._data_dir, now)
        delete_stale_sign_in(self._data_dir, now)
        if abs(now - (parse_float(self._facts.get(BACKED_UP)) or 0.0)) < DAY_S:
            return
        try:
            back_up(self._store.connection, self._data_dir)
        except (OSError, sqlite3.OperationalError) as error:
            self._log.warning("backup.failed", detail=str(error))
        self._facts.set(BACKED_UP, repr(now))
