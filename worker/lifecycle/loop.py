"""A worker's life: look twice a second whether anything is to be done, and leave when Stash is gone."""

from collections.abc import Callable
from enum import Enum

from core.errors import Fenced, PlexError, StashQueryError, StashUnavailable
from core.timers import IntervalTimer
from core.units import DAY_S
from sync.context import SyncContext
from sync_queue import statements as sql
from sync_queue.hook_queue import SPILL
from sync_queue.meta import SERVER, WorkerStatus
from sync_queue.spill import absorb_spill
from sync_queue.store import BATCH
from worker.discovery.library_watch import LibraryWatcher
from worker.lifecycle.components import WorkerComponents
from worker.lifecycle.drain import PAUSE_S
from worker.lifecycle.maintenance import Maintenance
from worker.lifecycle.notice_delivery import NoticeSender
from worker.lifecycle.stash_monitor import StashMonitor
from worker.resilience.breaker import BreakerStatus, probe_is_due

TICK_S = 0.5
CATCH_UP_DELAY_S = 60.0  # the catch-up looks this long after the last hook of a burst
DRAIN_CHUNK_S = 60.0  # a long drain pauses this often to re-read settings and look around, twice that in a batch
EDIT_GRACE_S = (
    sql.SETTLE_WINDOW_S + 1.0
)  # whoever works in a worker's place waits for an edit that still rests
SETTINGS_POLL_S = 30.0  # while the settings forbid to ask Plex, they are read this often


class ExitReason(Enum):
    """Why a worker leaves."""

    STASH_UNREACHABLE = "Stash has not answered for ten minutes"
    VERSION_CHANGED = "the installed plugin version has changed"
    FENCED = "a newer worker has taken over"
    UNINSTALLED = "the plugin was removed"


class WorkerLoop:
    """One worker, from the lease to its exit."""

    def __init__(self, parts: WorkerComponents) -> None:
        self._p = parts
        clock = parts.clock
        self._pulse = StashMonitor(parts.settings, clock, parts.stash_came_back)
        self._version_look = IntervalTimer(clock, 5.0, later=True)
        self._renewal = IntervalTimer(clock, 60.0)
        self._due_look = IntervalTimer(clock, 30.0)
        self._probing = IntervalTimer(clock, 0.0)
        self._catch_up = IntervalTimer(clock, 900.0)
        self._library = LibraryWatcher(
            parts.store, parts.dead_letters, parts.circuit, clock, parts.log
        )
        self._speaker = NoticeSender(
            parts.notices, parts.settings, clock, parts.log, parts.before_speaking
        )
        self._tidying = Maintenance(parts.data_dir, parts.store, parts.facts, clock, parts.log)
        self._after_burst: float | None = None
        self._rest_until = clock.monotonic()
        self._stash_failures = 0
        self._seen = -1
        self._next_due: float | None = None
        self._last_status = ""
        self._goes_on = True
        self._ends_at = float("inf")

    def run(self) -> ExitReason:
        """Live until there is a reason to leave."""
        self._p.log.info("worker.start", epoch=self._p.epoch, version=self._p.version)
        try:
            while True:
                exit_reason = self.tick()
                if exit_reason is not None:
                    break
                if not (self._goes_on and self._is_due()):
                    self._p.clock.sleep(TICK_S)
        except Fenced:
            exit_reason = ExitReason.FENCED
        self._p.log.info("worker.stop", reason=exit_reason.value)
        return exit_reason

    def drain_and_exit(self, on_turn: Callable[[], None], ends_at: float = float("inf")) -> None:
        """Work in a task's own process until nothing is due, nor will be soon, or time is up.

        `ends_at` is by the monotonic clock. A change that was made just now is waited for.

        Raises:
            Fenced: a worker has come to life after all.
        """
        self._ends_at = ends_at
        while self.tick() is None and self._p.clock.monotonic() < ends_at:
            on_turn()
            if not (self._is_due_soon() or self._has_background_work()):
                break
            if not self._is_due():
                self._p.clock.sleep(TICK_S)

    def has_new_work(self) -> bool:
        """Whether anything came in since this worker last looked; asked after the lease is released."""
        return self._p.store.data_version() != self._seen or self._has_spill()

    def tick(self) -> ExitReason | None:
        """One look around; a reason to leave, or None."""
        self._p.heartbeat()
        if self._p.is_gone():
            return ExitReason.UNINSTALLED
        self._p.throttle.tick()
        if self._version_look.fire() and self._p.installed_version() != self._p.version:
            return ExitReason.VERSION_CHANGED
        self._check_for_changes()
        if self._pulse.is_unreachable():
            return ExitReason.STASH_UNREACHABLE
        if not self._is_backing_off():
            self._run_due_work()
        return None

    # -- looking --------------------------------------------------------------------------------

    def _check_for_changes(self) -> None:
        if self._has_spill():
            self._absorb_spill()
        seen = self._p.store.data_version()
        if seen != self._seen:
            if self._seen >= 0:
                self._after_burst = self._p.clock.monotonic() + CATCH_UP_DELAY_S
                self._rest_until = (
                    self._p.clock.monotonic()
                )  # somebody is there, with a fresher session
                self._pulse.on_response()
            self._seen = seen
            self._next_due = self._p.store.next_due()
        elif self._due_look.fire():
            self._next_due = self._p.store.next_due()

    def _has_spill(self) -> bool:
        folder = self._p.data_dir / SPILL
        return folder.is_dir() and any(folder.glob("*.json"))

    def _absorb_spill(self) -> None:
        self._pulse.on_response()
        absorbed, refused = absorb_spill(self._p.data_dir, self._p.store, self._p.checkpoint)
        self._next_due = self._p.store.next_due()
        self._p.log.info("spill.absorbed", changes=absorbed, refused=refused)

    def _is_due_soon(self) -> bool:
        """Whether it is worth while to wait for a job; before the settings were ever read nothing speaks against it."""
        if self._next_due is None or not self._p.circuit.max_jobs or self._is_backing_off():
            return False
        is_soon = self._next_due <= self._p.clock.wall() + EDIT_GRACE_S
        return self._is_due() or (
            is_soon and (self._p.settings.config is None or self._may_write())
        )

    def _is_due(self) -> bool:
        """Whether a job is due that may be worked on now."""
        if self._next_due is None or not self._p.circuit.max_jobs or self._is_backing_off():
            return False
        now = self._p.clock.wall()
        is_due = self._next_due <= now or self._next_due > now + sql.MAX_WAIT_S
        return is_due and self._p.settings.config is not None and self._may_write()

    def _is_backing_off(self) -> bool:
        """Whether a server failed just now and is left alone for a while."""
        return self._p.clock.monotonic() < self._rest_until

    def _may_write(self) -> bool:
        config = self._p.settings.config
        return config is not None and config.enabled and not config.missing_required()

    # -- acting ---------------------------------------------------------------------------------

    def _run_due_work(self) -> None:
        """Everything that needs Stash; where it does not answer, rest with growing pauses."""
        try:
            self._renew()
            self._probe()
            self._drain()
            if self._library.poll_if_due(self._sync_context):
                self._next_due = self._p.store.next_due()
            self._catch_up_if_due()
            self._run_background_tasks()
            self._speaker.send_if_due()
            self._tidying.run_if_due()
            self._p.defaults.write_when_stable(self._p.settings.stash())
        except (StashUnavailable, StashQueryError) as error:
            if isinstance(error, StashUnavailable):
                self._pulse.on_failure()
            self._stash_failures += 1
            rest_s = min(60.0, 2.0 ** min(self._stash_failures, 6))
            self._rest_until = self._p.clock.monotonic() + rest_s
            self._set_status(WorkerStatus.WAITING_FOR_STASH)
            self._p.log.info("stash.unavailable", detail=str(error), next_s=rest_s)
        else:
            self._stash_failures = 0
            if self._last_status in ("", WorkerStatus.WAITING_FOR_STASH.value):
                self._set_status(WorkerStatus.IDLE)

    def _renew(self) -> None:
        if self._renewal.fire():
            age_s = self._p.settings.renew_session() or DAY_S  # 0: this Stash's sessions do not age
            self._renewal.postpone(max(1.0, min(600.0, age_s / 3.0)))

    def _sync_context(self) -> SyncContext | None:
        """The bench under the settings of this moment; None while nothing may be written."""
        generation = self._p.settings.generation
        ctx = self._p.settings.sync_context()
        self._pulse.on_response()
        self._p.heartbeat()
        if self._p.settings.generation != generation:
            self._p.circuit.settings_changed()
        if ctx is None or not self._may_write():
            self._set_status(WorkerStatus.UNCONFIGURED if ctx is None else WorkerStatus.DISABLED)
            return None
        return ctx

    def _probe(self) -> None:
        breaker = self._p.circuit.breaker
        if (
            breaker.state is BreakerStatus.OPEN
            and probe_is_due(breaker, self._p.clock.wall())
            and self._probing.fire()
        ):
            ctx = self._sync_context()
            if ctx is None:
                self._probing.postpone(SETTINGS_POLL_S)
            else:
                self._p.circuit.probe(ctx.plex)
        if self._p.circuit.breaker.state is BreakerStatus.OPEN and (
            self._p.settings.config is None or self._may_write()
        ):
            self._set_status(WorkerStatus.WAITING_FOR_PLEX, self._p.circuit.breaker.reason)

    def _drain(self) -> None:
        half_open = self._p.circuit.breaker.state is BreakerStatus.HALF_OPEN and self._may_write()
        if not half_open and not self._may_have_due_job():
            return
        ctx = self._sync_context()
        if ctx is None:
            self._next_due = (
                None  # looked at again with the next change, or by the half-minute look
            )
            return
        self._set_status(WorkerStatus.SYNCING)
        until = self._p.clock.monotonic() + DRAIN_CHUNK_S
        report = self._p.drain.run(
            ctx,
            lambda: self._deadline_passed(until),
            must_stop=lambda: self._deadline_passed(until + DRAIN_CHUNK_S),
        )
        self._goes_on = report.halted == "stopped" or report.done >= BATCH
        self._next_due = self._p.store.next_due()
        if report.done or report.buried or report.waiting:
            self._p.log.info(
                "drain.end",
                done=report.done,
                wrote=report.wrote,
                waiting=report.waiting,
                dead=report.buried,
                halted=report.halted,
            )
            self._store_server_id(ctx)
            self._p.statistics.save()
        if report.halted == StashUnavailable.__name__:
            raise StashUnavailable("Stash went away during a drain")
        if report.halted and not report.done and self._p.circuit.max_jobs:
            self._rest_until = (
                self._p.clock.monotonic() + PAUSE_S
            )  # it failed, and a health check said nothing
        if self._p.circuit.breaker.state is not BreakerStatus.OPEN:
            self._set_status(WorkerStatus.IDLE)

    def _may_have_due_job(self) -> bool:
        """Due, as far as it is known; before the settings were ever read, a due job is reason to read them."""
        if self._p.settings.config is None or not self._may_write():
            now = self._p.clock.wall()
            return (
                self._next_due is not None
                and self._next_due <= now
                and bool(self._p.circuit.max_jobs)
            )
        return self._is_due()

    def _deadline_passed(self, until: float) -> bool:
        self._p.heartbeat()
        return self._p.clock.monotonic() >= min(until, self._ends_at)

    def _store_server_id(self, ctx: SyncContext) -> None:
        machine = ctx.plex.cached_machine_identifier
        if machine and self._p.facts.get(SERVER) != machine:
            self._p.facts.set(SERVER, machine)

    def _catch_up_if_due(self) -> None:
        burst_over = (
            self._after_burst is not None and self._p.clock.monotonic() >= self._after_burst
        )
        if not burst_over and not self._catch_up.fire():
            return
        stash = self._p.settings.stash()
        if stash is None:
            self._catch_up.expire()
            return
        self._after_burst = (
            None  # first: a Stash that refuses the question must not be asked it at every turn
        )
        try:
            self._p.catch_up.run(stash, self._p.facts.get(SERVER))
        except StashUnavailable:
            self._catch_up.expire()
            raise
        self._next_due = self._p.store.next_due()

    def _run_background_tasks(self) -> None:
        """Steps of each duty that is due, until a job is; jobs that are due come first."""
        for duty in self._p.duties:
            if not self._p.circuit.max_jobs or self._is_due() or not duty.is_due():
                continue
            ctx = self._sync_context()
            if ctx is None:
                return
            until = self._p.clock.monotonic() + DRAIN_CHUNK_S
            try:
                duty.step(ctx)
                while (
                    self._p.circuit.max_jobs
                    and not self._deadline_passed(until)
                    and not self._p.store.is_due()
                ):
                    if not duty.is_due():
                        break
                    duty.step(ctx)
            except PlexError as error:
                self._p.circuit.failed(error, ctx.plex)
            self._next_due = self._p.store.next_due()

    def _has_background_work(self) -> bool:
        """Whether a duty could do a step now."""
        may_work = self._p.circuit.max_jobs and not self._is_backing_off() and self._may_write()
        return bool(may_work) and any(duty.is_due() for duty in self._p.duties)

    def _set_status(self, status: WorkerStatus, detail: str = "") -> None:
        stored = status.stored(detail)
        if stored != self._last_status:
            self._last_status = stored
            self._p.facts.set_status(status, self._p.epoch, detail)
