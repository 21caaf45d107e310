"""The worker's part: notices that a run is due, carries it out in small steps, and writes down what came of it.

Only the holder of the worker's lease does this, so two runs never go on at once; a button only makes a wish.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from core.clock import Clock
from core.errors import Fenced, PlexError, PlexTemporaryError, StashUnavailable
from core.log import EventLog
from reconciliation.desk import Desk
from reconciliation.gap_sinks import QueueGapSink
from reconciliation.history import FILE_NAME, HistoryFile
from reconciliation.run import RUN, WISH, Facts, Run, RunRequest, current_run, pending_request
from reconciliation.scheduler import due_run
from reconciliation.sweep import Sweep
from stash.times import SETTLED_S, parse_time
from sync_queue import statements as sql
from sync_queue.store import JobStore
from validation.config import PlexSyncConfig
from validation.metadata import SyncMetadata

POLL_S = 30.0  # between two looks at the clock
IDLE_LOOK_S = 300.0  # between two looks at settings that forbid every run
READ_S = 900.0  # between two readings of settings that nobody reads because nobody edits
READ_BACKOFF_S = (
    30.0,
    60.0,
    120.0,
    240.0,
)  # after failures of one read; then its scenes are left out

Bench = TypeVar("Bench", contravariant=True)


@dataclass(frozen=True, slots=True)
class ReconciliationDeps:
    """What a run stands on.

    Attributes:
        store: the queue.
        facts: its small facts.
        book: where gaps go.
        history: the runs that have ended.
        clock: the time.
        log: the worker's log.
        config: the settings as last read; None before.
        first_start: when PlexSync ran here for the first time, epoch seconds; None before.
        say: tells people of a warning.
    """

    store: JobStore
    facts: Facts
    book: QueueGapSink
    history: HistoryFile
    clock: Clock
    log: EventLog
    config: Callable[[], PlexSyncConfig | None]
    first_start: Callable[[], float | None]
    say: Callable[[str], object]


class ReconciliationTask(Generic[Bench]):
    """A duty of the worker."""

    def __init__(
        self, ground: ReconciliationDeps, open_desk: Callable[[Bench], Desk], *, has_restarted: bool
    ) -> None:
        """`has_restarted`: this worker was not merely handed on, so Stash may be a new process."""
        self._g = ground
        self._open_desk = open_desk
        self._has_restarted = has_restarted
        self._history, warning = ground.history.load()
        if warning:
            ground.log.warning("state.corrupt", detail=warning)
            ground.say(warning)
        self._run = current_run(ground.facts)
        self._wish: RunRequest | None = None
        self._seen = -1
        self._looks_at = self._reads_at = ground.clock.monotonic()
        self._rests_until = ground.clock.monotonic()
        self._failures = 0
        self._ctx: Bench | None = None
        self._sweep: Sweep | None = None

    def on_stash_recovered(self) -> None:
        """Stash had not answered for a while: it may be a new process."""
        self._has_restarted = True

    def is_due(self) -> bool:
        """Whether there is a step to do now; reads nothing that has not changed."""
        now = self._g.clock.monotonic()
        if now < self._rests_until:
            return False
        self._check_requests()
        config = self._g.config()
        if (
            config is None
            or not config.enabled
            or config.missing_required()
            or not config.sync_metadata
        ):
            return self._has_pending_run() and self._poll_due(
                now, POLL_S if self._wish else IDLE_LOOK_S
            )
        if self._run is not None or self._wish is not None:
            return True
        return self._poll_due(now, POLL_S) and (
            self._begin_if_due(config) or self._is_time_to_read(now)
        )

    def step(self, ctx: Bench) -> None:
        """Do one step of the run that goes on, or of the one that is due.

        Raises:
            PlexError, StashUnavailable: a server failed; the step is tried again.
        """
        config = self._g.config()
        if config is None or not config.sync_metadata:
            return
        if self._run is None and not self._start_requested() and not self._begin_if_due(config):
            return
        sweep, failed = self._current_sweep(ctx), ""
        try:
            is_over = sweep.step()
        except PlexTemporaryError:
            self._failed_read()
            raise
        except (Fenced, PlexError, StashUnavailable, sqlite3.Error):
            raise
        except Exception as error:  # noqa: BLE001 broad on purpose: a bug in here must not keep the jobs from being done
            self._g.log.error("reconcile.failed", reason=type(error).__name__, detail=str(error))
            failed, is_over = f"{type(error).__name__}: {error}", True
        finally:
            self._run = sweep.run
        self._failures = 0
        if is_over:
            self._end(failed)

    # -- beginning ------------------------------------------------------------------------------

    def _check_requests(self) -> None:
        """A wish is another process's commit, so nothing is read while there was none."""
        seen = self._g.store.data_version()
        if seen != self._seen:
            known, self._seen, self._wish = self._wish, seen, pending_request(self._g.facts)
            if self._wish not in (None, known):
                self._looks_at = self._g.clock.monotonic()

    def _has_pending_run(self) -> bool:
        return self._run is not None or self._wish is not None or self._g.first_start() is not None

    def _poll_due(self, now: float, gap_s: float) -> bool:
        if now < self._looks_at:
            return False
        self._looks_at = now + gap_s
        return True

    def _is_time_to_read(self, now: float) -> bool:
        """Whether to have the settings read, which happens before each step; jobs do it, too, but none may come."""
        if now < self._reads_at or self._g.first_start() is None:
            return False
        self._reads_at = now + READ_S
        return True

    def _start_requested(self) -> bool:
        """Begin the run that somebody wished for; whether there was a wish."""
        wish, self._wish = pending_request(self._g.facts), None
        if wish is None:
            return False
        self._begin("task", wish.scope, wish.asked_at)
        return True

    def _begin_if_due(self, config: PlexSyncConfig) -> bool:
        """Begin the run that the clock asks for; whether one was due."""
        first_start = self._g.first_start()
        if first_start is None:
            return False
        due = due_run(
            self._history,
            config.reconcile_interval,
            config.reconcile_scope,
            self._g.clock.wall(),
            first_start,
            has_restarted=self._has_restarted,
        )
        self._has_restarted = False
        if due is None:
            return False
        self._begin(due.cause, due.scope.text, 0.0)
        return True

    def _begin(self, cause: str, scope: str, asked_at: float) -> None:
        run = Run(cause=cause, scope=scope, started_at=self._g.clock.wall(), asked_at=asked_at)
        with self._g.store.transaction() as connection:
            connection.execute(sql.SET_META, {"key": RUN, "value": run.model_dump_json()})
            if asked_at:
                connection.execute(sql.SET_META, {"key": WISH, "value": ""})
        self._run, self._sweep, self._failures = run, None, 0
        self._g.log.info("reconcile.start", cause=cause, scope=scope)

    def _current_sweep(self, ctx: Bench) -> Sweep:
        """The run as it stands; under other settings it goes on from its last position."""
        if self._sweep is None or ctx is not self._ctx:
            assert self._run is not None
            self._ctx, desk = ctx, self._open_desk(ctx)
            self._sweep = Sweep(
                desk, self._g.book, self._g.clock, self._run, self._in_scope(self._run)
            )
        return self._sweep

    def _in_scope(self, run: Run) -> Callable[[SyncMetadata], bool]:
        """A scene that PlexSync never wrote and nobody changed since it came is not touched without being asked."""
        first_start = self._g.first_start() or 0.0
        if run.cause == "task" or self._g.facts.get(sql.SYNC_ALL_REQUESTED):
            return lambda scene: True
        return lambda scene: any(
            (parse_time(text) or 0.0) >= first_start - SETTLED_S
            for text in (scene.updated_at, scene.created_at)
        )

    # -- ending ---------------------------------------------------------------------------------

    def _failed_read(self) -> None:
        """Leave Plex alone for a while; a read that fails again and again is left out."""
        if self._failures < len(READ_BACKOFF_S):
            self._rests_until = self._g.clock.monotonic() + READ_BACKOFF_S[self._failures]
            self._failures += 1
            return
        self._failures = 0
        left_out = self._sweep.skip() if self._sweep is not None else 0
        self._g.log.warning("reconcile.skipped", scenes=left_out)

    def _end(self, failed: str) -> None:
        """Write the run down, then forget that it goes on: a kill in between repeats its end only."""
        assert self._run is not None
        run = self._run.model_copy(update={"ended_at": self._g.clock.wall(), "failed": failed})
        self._history = self._history.including(run)
        warning = self._g.history.save(self._history)
        if warning:
            self._g.log.warning("state.save_failed", file=FILE_NAME, detail=warning)
        self._g.facts.set(sql.RECONCILED, f"{run.ended_at!r} {run.summary}")
        self._g.facts.set(RUN, "")
        self._g.log.info(
            "reconcile.end",
            cause=run.cause,
            scope=run.scope,
            checked=run.checked,
            gaps=_pairs(run.gaps),
            queued=_pairs(run.enqueued),
            took_s=round(run.ended_at - run.started_at, 1),
        )
        self._run = self._sweep = self._ctx = None


def _pairs(counts: dict[str, int]) -> list[str]:
    return [f"{name}:{count}" for name, count in counts.items()]
