"""Run the worker: twice a second do what is due, and exit when Stash is gone."""

from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from functools import partial

from core.errors import Fenced, PlexError, StashQueryError, StashSchemaError, StashUnavailable
from core.timers import IntervalTimer
from core.version import VERSION
from plex.client import PlexClient
from plex.finder import Finder
from sync.context import SyncContext
from sync_queue.meta import SERVER, WorkerStatus
from sync_queue.spill import SpillFolder
from sync_queue.store import BATCH
from worker.discovery.library_watch import LibraryWatcher
from worker.lifecycle.background_work import BackgroundWork
from worker.lifecycle.catch_up_schedule import CatchUpSchedule
from worker.lifecycle.components import WorkerComponents
from worker.lifecycle.due_work import DueWork
from worker.lifecycle.job_outcomes import RELEASE_DELAY_S, DrainReport
from worker.lifecycle.maintenance import Maintenance
from worker.lifecycle.notice_delivery import NoticeSender
from worker.lifecycle.stash_connection import StashConnection
from worker.lifecycle.status_writer import StatusWriter
from worker.reporting.stash_report import StashReport, serves_operations
from worker.resilience.breaker import BreakerStatus, probe_is_due

TICK_S = 0.5
# A long drain pauses this often to re-read the settings; a batch that was begun gets twice that.
DRAIN_CHUNK_S = 60.0
# While the settings forbid to probe Plex, they are read this often.
SETTINGS_POLL_S = 30.0


class ExitReason(Enum):
    """Why a worker exits; the values are written to its log."""

    # No hook, no task and no answer of Stash for ten minutes.
    STASH_UNREACHABLE = "Stash has not answered for ten minutes"
    # An update has replaced the files; the new version is started.
    VERSION_CHANGED = "the installed plugin version has changed"
    # The queue belongs to a worker with a higher epoch.
    FENCED = "a newer worker has taken over"
    # The plugin's folder or its data folder is gone.
    UNINSTALLED = "the plugin was removed"


class WorkerLoop:
    """One worker, from its start to its exit."""

    def __init__(self, components: WorkerComponents) -> None:
        clock, log, queue = components.clock, components.log, components.queue
        settings, circuit = components.settings, components.circuit
        self._clock = clock
        self._log = log
        self._epoch = queue.epoch
        self._store = queue.store
        self._facts = queue.facts
        self._settings = settings
        self._circuit = circuit
        self._drain = components.drain
        self._relisted = components.relisted
        self._throttle = components.throttle
        self._statistics = components.statistics
        self._sync_runner = components.sync_runner
        self._token_mover = components.token_mover
        self._default_settings = components.default_settings
        self._installation = components.installation
        self._heartbeat = components.heartbeat

        self._spill = SpillFolder(components.data_dir, queue.store, clock, components.checkpoint)
        self._status = StatusWriter(queue.facts, queue.epoch)
        self._stash = StashConnection(settings, clock, components.on_stash_recovered)
        self._due_work = DueWork(queue.store, circuit, settings, self._stash, clock)
        self._library = LibraryWatcher(
            queue.store, queue.dead_letters, components.relisted, circuit, clock, log
        )
        self._background = BackgroundWork(
            components, self._due_work, self._stash, self._library.on_index_used
        )
        self._notice_sender = NoticeSender(
            queue.notices, settings, clock, log, components.before_notices
        )
        self._stash_report = StashReport(queue.notices, clock)
        self._catch_up = CatchUpSchedule(components.catch_up, settings, queue.facts, clock)
        self._maintenance = Maintenance(components.data_dir, queue, clock, log)
        self._probe_timer = IntervalTimer(clock, 0.0)
        self._has_more_work = True
        self._ends_at = float("inf")

    def run(self) -> ExitReason:
        """Run until there is a reason to exit, and return it."""
        self._log.info("worker.start", epoch=self._epoch, version=VERSION)
        try:
            while True:
                exit_reason = self.tick()
                if exit_reason is not None:
                    break
                if not (self._has_more_work and self._due_work.is_due()):
                    self._clock.sleep(TICK_S)
        except Fenced:
            exit_reason = ExitReason.FENCED
        self._log.info("worker.stop", reason=exit_reason.value)
        return exit_reason

    def drain_and_exit(self, on_tick: Callable[[], None], ends_at: float = float("inf")) -> None:
        """Run in a task's own process until no job is due, nor will be soon, or time is up.

        `ends_at` is by the monotonic clock. An edit that is still settling is waited for.

        Raises:
            Fenced: a worker was started after all.
        """
        self._ends_at = ends_at
        while self.tick() is None and self._clock.monotonic() < ends_at:
            on_tick()
            if not (self._due_work.is_due_soon() or self._background.has_due_task()):
                break
            if not self._due_work.is_due():
                self._clock.sleep(TICK_S)

    def has_new_work(self) -> bool:
        """Return True if a change came in since the last tick; called without the lease."""
        return self._due_work.has_unseen_change() or self._spill.has_files()

    def tick(self) -> ExitReason | None:
        """Do what is due once; return a reason to exit, or None."""
        self._heartbeat()
        # First: any later step could create a folder of a plugin that was removed.
        if self._installation.is_uninstalled():
            return ExitReason.UNINSTALLED
        self._throttle.tick()
        if self._installation.is_updated():
            return ExitReason.VERSION_CHANGED
        self._check_for_changes()
        if self._stash.is_unreachable():
            return ExitReason.STASH_UNREACHABLE
        if not self._stash.is_backing_off():
            self._run_due_work()
        return None

    def _check_for_changes(self) -> None:
        if self._spill.has_files():
            self._absorb_spill()
        if self._due_work.poll():
            self._catch_up.on_change()
            self._stash.on_fresh_session()

    def _absorb_spill(self) -> None:
        spilled = self._spill.absorb()
        if spilled.changes or spilled.refused:
            self._stash.on_response()
            self._due_work.refresh()
            self._log.info("spill.absorbed", changes=spilled.changes, refused=spilled.refused)
        if spilled.report:
            files = len(spilled.unreadable)
            self._log.warning("spill.unreadable", files=files, detail=spilled.report)

    def _run_due_work(self) -> None:
        """Do everything that needs Stash; back off with growing pauses if Stash fails."""
        try:
            self._stash.renew_session_if_due()
            self._probe()
            self._enqueue_sync_if_due()
            self._drain_if_due()
            if self._library.poll_if_due(self._sync_context):
                self._due_work.refresh()
            if self._catch_up.run_if_due():
                self._due_work.refresh()
            until = self._clock.monotonic() + DRAIN_CHUNK_S
            self._background.run_if_due(self._sync_context, lambda: self._deadline_passed(until))
            self._notice_sender.send_if_due()
            self._maintenance.run_if_due()
            self._token_mover.move_when_stable(self._settings.stash(), self._settings.stored)
            self._default_settings.write_when_stable(self._settings.stash())
        except (StashUnavailable, StashQueryError) as error:
            self._on_stash_failed(error)
        else:
            self._stash.on_success()
            self._stash_report.on_success()
            if self._status.status in (None, WorkerStatus.WAITING_FOR_STASH):
                self._status.set(WorkerStatus.IDLE)

    def _on_stash_failed(self, error: StashUnavailable | StashQueryError) -> None:
        """Back off; a Stash that answers gets the notices and says what it waits for."""
        pause_s = self._stash.on_failure(error)
        self._status.set(WorkerStatus.WAITING_FOR_STASH, self._stash_report.on_failure(error))
        self._log.info("stash.unavailable", detail=str(error), next_s=pause_s)
        if serves_operations(error):
            with suppress(StashUnavailable):
                self._notice_sender.send_if_due()
            self._maintenance.run_if_due()

    def _sync_context(self) -> SyncContext | None:
        """Return the context under the settings of this moment; None while writing is not allowed.

        Raises:
            StashUnavailable: the settings cannot be read now.
        """
        generation = self._settings.generation
        ctx = self._settings.sync_context()
        self._stash.on_response()
        self._heartbeat()
        if self._settings.generation != generation:
            self._circuit.settings_changed()
        if ctx is None:
            self._status.set(WorkerStatus.UNCONFIGURED)
            return None
        if not self._settings.may_write:
            self._status.set(WorkerStatus.DISABLED)
            return None
        return ctx

    def _probe(self) -> None:
        if self._is_probe_due() and self._probe_timer.fire():
            ctx = self._sync_context()
            if ctx is None:
                self._probe_timer.postpone(SETTINGS_POLL_S)
            else:
                self._circuit.probe(ctx.plex)
        breaker = self._circuit.breaker
        if breaker.state is BreakerStatus.OPEN and not self._settings.forbids_writing:
            self._status.set(WorkerStatus.WAITING_FOR_PLEX, breaker.reason)

    def _is_probe_due(self) -> bool:
        breaker = self._circuit.breaker
        return breaker.state is BreakerStatus.OPEN and probe_is_due(breaker, self._clock.wall())

    def _enqueue_sync_if_due(self) -> None:
        until = self._clock.monotonic() + DRAIN_CHUNK_S
        must_stop = partial(self._deadline_passed, until)
        # An edit that cannot run now is not waited for.
        yields = bool(self._circuit.max_jobs) and not self._settings.forbids_writing
        if self._sync_runner.is_due(yields=yields) and self._sync_runner.run_if_due(
            self._settings.stash(), must_stop, yields=yields
        ):
            self._due_work.refresh()

    def _drain_if_due(self) -> None:
        # A half-open breaker needs its test even if no job is due.
        is_half_open = self._circuit.breaker.state is BreakerStatus.HALF_OPEN
        needs_test = is_half_open and self._settings.may_write
        if not needs_test and not self._due_work.may_be_due():
            return
        ctx = self._sync_context()
        if ctx is None:
            self._due_work.suspend()
            return
        self._status.set(WorkerStatus.SYNCING)
        until = self._clock.monotonic() + DRAIN_CHUNK_S
        report = self._drain.run(
            ctx,
            lambda: self._deadline_passed(until) or self._sync_runner.is_due(),
            must_stop=lambda: self._deadline_passed(until + DRAIN_CHUNK_S),
        )
        self._has_more_work = report.is_stopped or report.done >= BATCH
        self._enqueue_relisted(ctx.finder, ctx.plex)
        self._due_work.refresh()
        self._stash_report.on_selection(ctx.stash.selection)
        self._on_drained(report, ctx.plex)

    def _enqueue_relisted(self, finder: Finder, plex: PlexClient) -> None:
        """Enqueue what a listing of the drain has shown; a failure leaves it to the next one."""
        with suppress(PlexError):
            self._relisted.enqueue_affected(finder, plex)

    def _on_drained(self, report: DrainReport, plex: PlexClient) -> None:
        if report.done or report.dead or report.waiting:
            self._log.info(
                "drain.end",
                done=report.done,
                wrote=report.wrote,
                waiting=report.waiting,
                dead=report.dead,
                halted=report.halted_by,
            )
            self._store_server_id(plex)
            self._statistics.save()
        if isinstance(report.failure, StashUnavailable | StashSchemaError):
            raise report.failure
        # Plex failed, but its health check passed: without a pause the worker would spin.
        if report.is_halted and not report.done and self._circuit.max_jobs:
            self._stash.back_off(RELEASE_DELAY_S)
        if self._circuit.breaker.state is not BreakerStatus.OPEN:
            self._status.set(WorkerStatus.IDLE)

    def _deadline_passed(self, until: float) -> bool:
        self._heartbeat()
        return self._clock.monotonic() >= min(until, self._ends_at)

    def _store_server_id(self, plex: PlexClient) -> None:
        machine = plex.cached_machine_identifier
        if machine and self._facts.get(SERVER) != machine:
            self._facts.set(SERVER, machine)
