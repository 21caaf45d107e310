"""From the lease to the exit: one life of a worker after the other, in a process of its own or in a task's."""

import sqlite3
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from core.clock import Clock
from core.launch import launch_worker
from core.log import EventLog, open_log
from sync_queue.database import is_damage
from sync_queue.hook_queue import write_pending_message
from sync_queue.lease import Lease
from sync_queue.schema import OpenedDatabase, mark_suspect
from worker.lifecycle.loop import ExitReason, WorkerLoop
from worker.lifecycle.watchdog import Watchdog, restart_worker

MAX_FAILURES = (
    10  # lives in a row that ended in an error; with the rests between them about six minutes
)
MAX_BACKOFF_S = 60.0
LONG_LIFE_S = 600.0  # an error after this is a new one
UPDATE = "update"  # by whom a worker is started that only takes over from an older version


class BuiltWorker(Protocol):
    """A worker as `wiring.py` builds it."""

    @property
    def loop(self) -> WorkerLoop: ...

    @property
    def opened(self) -> OpenedDatabase: ...

    def close(self) -> None:
        """Close the connections; the lease is not its to give up."""


@dataclass(frozen=True, slots=True)
class WorkerSupervisor:
    """Where a worker lives, and who builds it: `build(log, started_by, beat)`, by the holder of the lease only."""

    root: Path
    data_dir: Path
    clock: Clock
    checkpoint: Callable[[str], object]
    build: Callable[[EventLog, str, Callable[[], None]], BuiltWorker]

    def run(self, lease: Lease, started_by: str) -> int:
        """Work until there is a reason to leave, then leave without losing a wake-up; the exit status.

        A life that ends in an error, such as a database that is locked or a full disk, begins anew after a rest.
        """
        log, close_log = open_log(self.data_dir / "plexsync.log")
        watchdog = Watchdog(self.clock, lambda: restart_worker(str(self.root)))
        watchdog.start()
        try:
            failures = 0
            while lease.is_held:
                began = self.clock.monotonic()
                farewell = self._run_once(lease, started_by, log, watchdog)
                if farewell is not None or self.clock.monotonic() - began >= LONG_LIFE_S:
                    failures = 0
                failures += farewell is None
                if not self.data_dir.is_dir():
                    return 0  # uninstalled; another life would make the folder anew
                if failures > MAX_FAILURES or (failures and not lease.is_held):
                    return 1
                if failures:  # leaving would leave the queue to nobody until the next event
                    self.clock.sleep(min(MAX_BACKOFF_S, 2.0**failures))
                    watchdog.heartbeat()
        finally:
            watchdog.stop()
            close_log()
        return 0

    def drain_in_process(self, look: Callable[[], None], limit_s: float) -> bool:
        """Drain the queue in this process, with the worker's own parts; False when a worker lives after all.

        `look` is called again and again meanwhile, at least once a job. With no time at all the queue is made.

        Raises:
            Fenced: a worker has come to life meanwhile.
            sqlite3.Error, OSError: the data folder does not allow a database.
        """
        lease, worked, goes_on = Lease(self.data_dir), False, True
        ends_at = self.clock.monotonic() + limit_s
        log, close_log = open_log(self.data_dir / "plexsync.log")
        try:
            while goes_on and lease.acquire():
                worked, goes_on = True, self._drain_until(lease, log, look, ends_at)
        finally:
            close_log()
        return worked

    def _drain_until(
        self, lease: Lease, log: EventLog, look: Callable[[], None], ends_at: float
    ) -> bool:
        """Work until nothing is due and give the lease up; whether anything came in meanwhile and there is time."""
        worker = None
        try:
            worker = self.build(log, "task", look)
            worker.loop.drain_and_exit(look, ends_at)
            lease.release()
            self.checkpoint("shutdown.released")
            return worker.loop.has_new_work() and self.clock.monotonic() < ends_at
        finally:
            lease.release()
            if worker is not None:
                worker.close()

    def _run_once(
        self, lease: Lease, started_by: str, log: EventLog, watchdog: Watchdog
    ) -> ExitReason | None:
        """One worker's life. The lease is held afterwards only if something came in while it was given up."""
        worker = None
        try:
            worker = self.build(log, started_by, watchdog.heartbeat)
            farewell = worker.loop.run()
            self.checkpoint("shutdown.decided")
            lease.release()
            self.checkpoint("shutdown.released")
            if farewell is ExitReason.VERSION_CHANGED:
                launch_worker(str(self.root), UPDATE)
            elif farewell is ExitReason.STASH_UNREACHABLE and worker.loop.has_new_work():
                self.checkpoint("shutdown.new_work")
                lease.acquire()
            self.checkpoint("shutdown.done")
            return farewell
        except sqlite3.DatabaseError as error:
            log.error("database.failed", detail=str(error))
            if is_damage(error):
                mark_suspect(self.data_dir)
            else:  # damage is mended, and told then
                self._leave_message(
                    log,
                    f"PlexSync's queue cannot be used: {error}. Is the disk full, or not writable?",
                )
            return ExitReason.FENCED if is_damage(error) and _opened_cleanly(worker) else None
        except Exception as error:  # noqa: BLE001 broad on purpose: the log is the only place that can tell
            log.error(
                "worker.crashed",
                detail=f"{type(error).__name__}: {error}",
                trace=traceback.format_exc(),
            )
            self._leave_message(
                log,
                f"PlexSync's worker began anew after an error: {type(error).__name__}: {error}.",
            )
            return None
        finally:
            if worker is not None:
                worker.close()

    def _leave_message(self, log: EventLog, text: str) -> None:
        """Have the next hook say it: the queue that keeps notices may be what failed."""
        with suppress(OSError):  # the log has it
            shown = log.sanitize(f"{text} What waits is kept; plexsync.log has the details.")
            write_pending_message(str(self.data_dir), "error", shown)


def _opened_cleanly(worker: BuiltWorker | None) -> bool:
    """Whether the database opened well: damage found later is mended by opening it anew, once."""
    return worker is not None and not worker.opened.quarantine
