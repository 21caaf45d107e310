"""Run the reconciliation inside the worker, in small steps.

Only the holder of the worker's lease does this, so two runs never overlap; a task only requests
one.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from core.clock import Clock
from core.errors import Fenced, PlexError, PlexTemporaryError, StashUnavailable, reason_of
from core.log import EventLog
from reconciliation.gap_sinks import QueueGapSink
from reconciliation.history import FILE_NAME, HistoryFile
from reconciliation.run import (
    CANCELLED,
    REQUEST,
    RUN,
    Run,
    RunRequest,
    current_run,
    is_cancelled,
    pending_request,
)
from reconciliation.scheduler import due_run
from reconciliation.sweep import Sweep
from stash.times import SETTLED_S, parse_time
from sync.context import SyncContext
from sync.planner import SyncPlanner
from sync_queue import statements as sql
from sync_queue.meta import MetaStore
from sync_queue.store import JobStore
from validation.config import PlexSyncConfig
from validation.metadata import SyncMetadata

# Between two checks of the schedule, and the same while the settings forbid every run.
POLL_S = 30.0
DISABLED_POLL_S = 300.0
# Between two reads of the settings while there is no other work that reads them.
SETTINGS_POLL_S = 900.0
# Delays after failures of one read; after the last one its scenes are skipped.
READ_BACKOFF_S = (30.0, 60.0, 120.0, 240.0)


@dataclass(frozen=True, slots=True)
class ReconciliationDeps:
    """What a run works with.

    Attributes:
        store: the queue.
        meta: its meta rows.
        sink: where gaps go.
        history: the runs that have ended.
        clock: the time.
        log: the worker's log.
        config: returns the settings as last read; None before.
        first_start: returns when PlexSync first ran here, epoch seconds; None before.
        notify: shows a warning to the user.
    """

    store: JobStore
    meta: MetaStore
    sink: QueueGapSink
    history: HistoryFile
    clock: Clock
    log: EventLog
    config: Callable[[], PlexSyncConfig | None]
    first_start: Callable[[], float | None]
    notify: Callable[[str], object]


class ReconciliationTask:
    """A background task of the worker."""

    def __init__(self, deps: ReconciliationDeps, *, has_restarted: bool) -> None:
        """Load the state of the last worker.

        `has_restarted`: Stash may be a new process. False where an update restarted only the
        worker.
        """
        self._deps = deps
        self._clock = deps.clock
        self._has_restarted = has_restarted
        self._history, warning = deps.history.load()
        if warning:
            deps.log.warning("state.corrupt", detail=warning)
            deps.notify(warning)
        self._run = current_run(deps.meta)
        self._request: RunRequest | None = None
        self._data_version = -1
        self._is_cancelled = False
        self._next_poll = self._next_settings_read = self._clock.monotonic()
        self._paused_until = self._clock.monotonic()
        self._failures = 0
        self._ctx: SyncContext | None = None
        self._sweep: Sweep | None = None

    def on_stash_recovered(self) -> None:
        """Note that Stash did not answer for a while: it may be a new process."""
        self._has_restarted = True

    def is_due(self) -> bool:
        """Return True if there is a step to do now; read nothing that has not changed."""
        now = self._clock.monotonic()
        if now < self._paused_until:
            return False
        self._check_requests()
        config = self._deps.config()
        if config is None or not may_run(config):
            poll_s = POLL_S if self._request else DISABLED_POLL_S
            return self._has_pending_run() and self._poll_due(now, poll_s)
        if self._run is not None or self._request is not None:
            return True
        if not self._poll_due(now, POLL_S):
            return False
        return self._begin_if_due(config) or self._is_settings_read_due(now)

    def step(self, ctx: SyncContext) -> None:
        """Do one step of the current run, or of the one that is due.

        Raises:
            PlexError, StashUnavailable: a server failed; the step is repeated later.
        """
        config = self._deps.config()
        if config is None or not config.sync_metadata:
            return
        if self._run is None and not self._start_requested() and not self._begin_if_due(config):
            return
        if self._is_cancelled:
            self._end(CANCELLED)
            return
        sweep, failed = self._current_sweep(ctx), ""
        try:
            is_over = sweep.step()
        except PlexTemporaryError:
            self._on_read_failed()
            raise
        except (Fenced, PlexError, StashUnavailable, sqlite3.Error):
            raise
        except Exception as error:  # noqa: BLE001 broad: jobs of the worker must still run
            reason = reason_of(error)
            self._deps.log.error("reconcile.failed", reason=reason, detail=str(error))
            failed, is_over = f"{reason}: {error}", True
        finally:
            self._run = sweep.run
        self._failures = 0
        if is_over:
            self._end(failed)

    # -- beginning ------------------------------------------------------------------------------

    def _check_requests(self) -> None:
        # Another process commits a request, so without a commit there is nothing to read.
        data_version = self._deps.store.data_version()
        if data_version == self._data_version:
            return
        self._data_version = data_version
        if self._run is not None:
            self._is_cancelled = is_cancelled(self._deps.meta, self._run)
        last_request, self._request = self._request, pending_request(self._deps.meta)
        if self._request is not None and self._request != last_request:
            self._next_poll = self._clock.monotonic()

    def _has_pending_run(self) -> bool:
        has_started = self._deps.first_start() is not None
        return self._run is not None or self._request is not None or has_started

    def _poll_due(self, now: float, interval_s: float) -> bool:
        """Return True at most once per interval; a True result restarts the interval."""
        if now < self._next_poll:
            return False
        self._next_poll = now + interval_s
        return True

    def _is_settings_read_due(self, now: float) -> bool:
        """Return True if it is time for a step, before which the worker reads the settings."""
        if now < self._next_settings_read or self._deps.first_start() is None:
            return False
        self._next_settings_read = now + SETTINGS_POLL_S
        return True

    def _start_requested(self) -> bool:
        """Begin the run that a task has requested; return False if there is no request."""
        request, self._request = pending_request(self._deps.meta), None
        if request is None:
            return False
        self._begin("task", request.scope, request.asked_at)
        return True

    def _begin_if_due(self, config: PlexSyncConfig) -> bool:
        """Begin the run that the schedule asks for; return False if none is due."""
        first_start = self._deps.first_start()
        if first_start is None:
            return False
        due = due_run(
            self._history,
            config.reconcile_interval,
            config.reconcile_scope,
            self._clock.wall(),
            first_start,
            has_restarted=self._has_restarted,
        )
        self._has_restarted = False
        if due is None:
            return False
        self._begin(due.cause, due.scope.text, 0.0)
        return True

    def _begin(self, cause: str, scope: str, asked_at: float) -> None:
        run = Run(cause=cause, scope=scope, started_at=self._clock.wall(), asked_at=asked_at)
        with self._deps.store.transaction() as connection:
            connection.execute(sql.SET_META, {"key": RUN, "value": run.stored_text()})
            if asked_at:
                connection.execute(sql.SET_META, {"key": REQUEST, "value": ""})
        self._run, self._sweep, self._failures = run, None, 0
        self._is_cancelled = False
        self._deps.log.info("reconcile.start", cause=cause, scope=scope)

    def _current_sweep(self, ctx: SyncContext) -> Sweep:
        """Return the run's sweep; after a change of settings a new one from the last position."""
        if self._sweep is None or ctx is not self._ctx:
            assert self._run is not None
            self._ctx = ctx
            self._sweep = Sweep(
                SyncPlanner(ctx),
                self._deps.sink,
                self._clock,
                self._run,
                self._in_scope(self._run),
            )
        return self._sweep

    def _in_scope(self, run: Run) -> Callable[[SyncMetadata], bool]:
        """Return whether a scene without a record is compared.

        Before the user asks for every scene, scenes that are older than PlexSync are left alone.
        """
        if run.cause == "task" or self._deps.meta.get(sql.SYNC_ALL_REQUESTED):
            return lambda scene: True
        since = (self._deps.first_start() or 0.0) - SETTLED_S
        return lambda scene: any(
            (parse_time(text) or 0.0) >= since for text in (scene.updated_at, scene.created_at)
        )

    # -- ending ---------------------------------------------------------------------------------

    def _on_read_failed(self) -> None:
        """Pause, so that Plex can recover; skip a read that has failed too often."""
        if self._failures < len(READ_BACKOFF_S):
            self._paused_until = self._clock.monotonic() + READ_BACKOFF_S[self._failures]
            self._failures += 1
            return
        self._failures = 0
        skipped = self._sweep.skip() if self._sweep is not None else 0
        self._deps.log.warning("reconcile.skipped", scenes=skipped)

    def _end(self, failed: str) -> None:
        """Keep the result, then remove the run's row: a kill in between only repeats the end."""
        assert self._run is not None
        run = self._run.model_copy(update={"ended_at": self._clock.wall(), "failed": failed})
        self._history = self._history.including(run)
        warning = self._deps.history.save(self._history)
        if warning:
            self._deps.log.warning("state.save_failed", file=FILE_NAME, detail=warning)
        self._deps.meta.set(sql.RECONCILED, f"{run.ended_at!r} {run.summary}")
        self._deps.meta.set(RUN, "")
        self._deps.log.info(
            "reconcile.end",
            cause=run.cause,
            scope=run.scope,
            checked=run.checked,
            gaps=_pairs(run.gaps),
            queued=_pairs(run.enqueued),
            took_s=round(run.ended_at - run.started_at, 1),
        )
        self._run = self._sweep = self._ctx = None


def may_run(config: PlexSyncConfig) -> bool:
    """Return True if the settings allow runs."""
    return config.enabled and not config.missing_required() and config.sync_metadata


def _pairs(counts: dict[str, int]) -> list[str]:
    return [f"{name}:{count}" for name, count in counts.items()]
