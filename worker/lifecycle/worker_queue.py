"""Open the queue for a worker: start its epoch, and recover what a killed worker left."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.clock import Clock
from core.log import EventLog
from core.version import VERSION
from sync_queue.dead_letters import DeadLetters
from sync_queue.meta import MetaStore, start_epoch
from sync_queue.notices import Notices
from sync_queue.records import Records
from sync_queue.schema import OpenedDatabase, open_database
from sync_queue.store import JobStore
from worker.lifecycle.poison_jobs import dead_letter_poison_jobs


@dataclass(frozen=True, slots=True)
class WorkerQueue:
    """The opened queue of one worker, with its repositories."""

    opened: OpenedDatabase
    epoch: int
    store: JobStore
    facts: MetaStore
    records: Records
    dead_letters: DeadLetters
    notices: Notices

    def recover(self, log: EventLog, clock: Clock, checkpoint: Callable[[str], object]) -> None:
        """Report a repaired database, and release the jobs that a killed worker had claimed."""
        if self.opened.quarantine:
            name = Path(self.opened.quarantine).name
            log.error("database.repaired", kept_as=name)
            text = (
                f"PlexSync's database was damaged and has been kept as {name}. What could be read "
                "was saved, the catch-up repairs the rest. Check the disk."
            )
            self.notices.add("damaged", "error", text, clock.wall())
        was_reading = not self.store.current_jobs()
        charged = self.store.recover_orphans()
        dead_letter_poison_jobs(self.store, charged, log, clock.wall(), was_reading=was_reading)
        checkpoint("worker.orphans")


def open_worker_queue(
    data_dir: Path,
    started_by: str,
    clock: Clock,
    log: EventLog,
    checkpoint: Callable[[str], object],
) -> WorkerQueue:
    """Open the queue and start a new epoch, which fences off every earlier worker.

    Raises:
        sqlite3.Error, OSError: the data folder does not allow a database.
    """
    opened = open_database(data_dir, checkpoint, clock.wall)
    checkpoint("worker.opened")
    connection = opened.queue.connection
    epoch = start_epoch(connection, os.getpid(), VERSION, started_by, clock.wall())
    checkpoint("worker.epoch")
    store = JobStore(connection, clock, epoch=epoch, checkpoint=checkpoint)
    return WorkerQueue(
        opened,
        epoch,
        store,
        MetaStore(store),
        Records(store),
        DeadLetters(store),
        Notices(store, log.sanitize),
    )
