"""Run workers one after the other, from the lease to the exit status of the process."""

import sqlite3
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt, wait_exponential

from core.clock import Clock
from core.errors import reason_of
from core.launch import launch_worker
from core.log import EventLog, open_log
from sync_queue.database import is_damage
from sync_queue.hook_queue import write_pending_message
from sync_queue.lease import Lease
from sync_queue.schema import OpenedDatabase, mark_suspect
from worker.lifecycle.loop import ExitReason, WorkerLoop
from worker.lifecycle.watchdog import Watchdog, restart_worker

# This many failed runs in a row are repeated; with their pauses they take about six minutes.
MAX_FAILURES = 10
MAX_BACKOFF_S = 60.0
# A run that failed after this long starts a new series of failures.
STABLE_RUN_S = 600.0
# `started_by` of a worker that only takes over from an older version.
UPDATE = "update"


class _RunResult(Enum):
    """How one run of a worker ended."""

    # It had a reason to exit; the lease is held where a change came in meanwhile.
    ENDED = "ended"
    # Soon after its start: it is repeated after a pause that grows.
    FAILED = "failed"
    # After a stable run, so that a new series begins.
    FAILED_LATE = "failed late"
    # It failed and lost the lease: another worker runs.
    LEASE_LOST = "lease lost"
    # The plugin's folder is gone.
    REMOVED = "removed"


class BuiltWorker(Protocol):
    """A worker as `wiring.py` builds it."""

    @property
    def loop(self) -> WorkerLoop:
        """Return the worker's loop."""

    @property
    def opened(self) -> OpenedDatabase:
        """Return the database that was opened for the worker."""

    def close(self) -> None:
        """Close the connections; the lease stays as it is."""


@dataclass(frozen=True, slots=True)
class WorkerSupervisor:
    """Builds workers with `build(log, started_by, heartbeat)` and runs them under the lease."""

    root: Path
    data_dir: Path
    clock: Clock
    checkpoint: Callable[[str], object]
    build: Callable[[EventLog, str, Callable[[], None]], BuiltWorker]

    def run(self, lease: Lease, started_by: str) -> int:
        """Run workers until one has a reason to exit; return the exit status of the process.

        A run that fails, because the database is locked or the disk is full, is repeated after a
        pause: without a worker the queue would wait for the next hook.
        """
        log, close_log = open_log(self.data_dir / "plexsync.log")
        watchdog = Watchdog(self.clock, lambda: restart_worker(str(self.root)))
        watchdog.start()
        try:
            result = _RunResult.FAILED_LATE
            while lease.is_held and result in (_RunResult.ENDED, _RunResult.FAILED_LATE):
                result = self._run_series(lease, started_by, log, watchdog)
        finally:
            watchdog.stop()
            close_log()
        return int(result in (_RunResult.FAILED, _RunResult.LEASE_LOST))

    def _run_series(
        self, lease: Lease, started_by: str, log: EventLog, watchdog: Watchdog
    ) -> "_RunResult":
        """Run a worker, and repeat it with growing pauses while it fails soon after its start."""

        def pause(seconds: float) -> None:
            self.clock.sleep(seconds)
            watchdog.heartbeat()

        def last_result(state: RetryCallState) -> _RunResult:
            return _RunResult.FAILED

        retrying = Retrying(
            retry=retry_if_result(lambda result: result is _RunResult.FAILED),
            wait=wait_exponential(multiplier=2, max=MAX_BACKOFF_S),
            stop=stop_after_attempt(MAX_FAILURES + 1),
            sleep=pause,
            retry_error_callback=last_result,
        )
        return retrying(self._run_and_judge, lease, started_by, log, watchdog)

    def _run_and_judge(
        self, lease: Lease, started_by: str, log: EventLog, watchdog: Watchdog
    ) -> "_RunResult":
        started_at = self.clock.monotonic()
        exit_reason = self._run_once(lease, started_by, log, watchdog)
        # The plugin was removed: another run would create its folder again.
        if not self.data_dir.is_dir():
            return _RunResult.REMOVED
        if exit_reason is not None:
            return _RunResult.ENDED
        if not lease.is_held:
            return _RunResult.LEASE_LOST
        is_late = self.clock.monotonic() - started_at >= STABLE_RUN_S
        return _RunResult.FAILED_LATE if is_late else _RunResult.FAILED

    def drain_in_process(self, on_progress: Callable[[], None], limit_s: float) -> bool:
        """Drain the queue in this process; return False if another process holds the lease.

        `on_progress` is called at least once per job. With a limit of 0 only the database is
        created.

        Raises:
            Fenced: a worker was started meanwhile.
            sqlite3.Error, OSError: the data folder does not allow a database.
        """
        lease, has_drained, has_new_work = Lease(self.data_dir), False, True
        ends_at = self.clock.monotonic() + limit_s
        log, close_log = open_log(self.data_dir / "plexsync.log")
        try:
            while has_new_work and lease.acquire():
                has_drained = True
                has_new_work = self._drain_until(lease, log, on_progress, ends_at)
        finally:
            close_log()
        return has_drained

    def _drain_until(
        self, lease: Lease, log: EventLog, on_progress: Callable[[], None], ends_at: float
    ) -> bool:
        """Drain until no job is due and release the lease.

        Return True if a change came in meanwhile and there is time left.
        """
        worker = None
        try:
            worker = self.build(log, "task", on_progress)
            worker.loop.drain_and_exit(on_progress, ends_at)
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
        """Run one worker; return None if it failed.

        The lease is held afterwards only if a change came in while it was being released.
        """
        worker = None
        try:
            worker = self.build(log, started_by, watchdog.heartbeat)
            exit_reason = worker.loop.run()
            self._shut_down(lease, worker, exit_reason)
            return exit_reason
        except sqlite3.DatabaseError as error:
            return self._on_database_error(error, worker, log)
        except Exception as error:  # noqa: BLE001 broad: a bug must reach the log and the user
            detail = f"{reason_of(error)}: {error}"
            log.error("worker.crashed", detail=detail, trace=traceback.format_exc())
            self._leave_message(log, f"PlexSync's worker failed and is restarted: {detail}.")
            return None
        finally:
            if worker is not None:
                worker.close()

    def _shut_down(self, lease: Lease, worker: BuiltWorker, exit_reason: ExitReason) -> None:
        """Release the lease, and take it again if a hook saw it held and relied on this worker."""
        self.checkpoint("shutdown.decided")
        lease.release()
        self.checkpoint("shutdown.released")
        if exit_reason is ExitReason.VERSION_CHANGED:
            launch_worker(str(self.root), UPDATE)
        elif exit_reason is ExitReason.STASH_UNREACHABLE and worker.loop.has_new_work():
            self.checkpoint("shutdown.new_work")
            lease.acquire()
        self.checkpoint("shutdown.done")

    def _on_database_error(
        self, error: sqlite3.DatabaseError, worker: BuiltWorker | None, log: EventLog
    ) -> ExitReason | None:
        """Mark a damaged database for repair; return None if a pause must follow.

        Damage found after a clean opening is repaired by opening the database again immediately.
        """
        log.error("database.failed", detail=str(error))
        if not is_damage(error):
            self._leave_message(
                log,
                f"PlexSync cannot use its queue: {error}. "
                "Check that the disk is writable and not full.",
            )
            return None
        mark_suspect(self.data_dir)
        opened_cleanly = worker is not None and not worker.opened.quarantine
        return ExitReason.FENCED if opened_cleanly else None

    def _leave_message(self, log: EventLog, text: str) -> None:
        """Leave a message for the next hook to print, because the queue itself may have failed."""
        with suppress(OSError):
            message = log.sanitize(f"{text} Changes stay queued; plexsync.log has the details.")
            write_pending_message(str(self.data_dir), "error", message)
