"""The one loop that works off the queue: the worker's, and the task's where no worker can live."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from core.clock import Clock
from core.errors import Fenced, PlexError, StashUnavailable
from core.events import JobFinished
from core.job import PRIORITY_BACKFILL, Job
from core.log import EventLog
from core.outcome import Disposition, Outcome
from sync.batch import Batch, BatchRead, display_title, read_batch
from sync.context import SyncContext
from sync.record_adoption import adopt_records
from sync.sync_scene import SceneSync
from sync.verify import verify_written
from sync_queue.database import is_damage
from sync_queue.notices import Notices
from sync_queue.store import JobStore
from worker.discovery.fan_out import FanOut
from worker.reporting.stats import counters_for, utc_day
from worker.resilience.blame import FailureAttribution
from worker.resilience.breaker import BreakerStatus
from worker.resilience.circuit import CircuitBreaker
from worker.resilience.retry_policy import BreakerSignal, decide_outcome, rule_for
from worker.resilience.throttle import Throttle

VERIFY_EVERY = 200  # written items; one verifying read serves them all
PAUSE_S = 2.0  # a job whose server failed without opening the breaker rests this long

OnJobFinished = Callable[[JobFinished], None]
OnBatchRead = Callable[[BatchRead], None]


@dataclass(frozen=True, slots=True)
class DrainReport:
    """What one drain did. `halted` names why it ended early, "" when nothing was due any more."""

    done: int = 0
    waiting: int = 0
    buried: int = 0
    wrote: int = 0
    halted: str = ""

    def including(self, outcome: Outcome) -> "DrainReport":
        """The report with one more outcome."""
        return replace(
            self,
            done=self.done + (outcome.disposition is Disposition.COMPLETE),
            waiting=self.waiting
            + (outcome.disposition in (Disposition.RETRY, Disposition.RELEASE)),
            buried=self.buried + (outcome.disposition is Disposition.DEAD_LETTER),
            wrote=self.wrote + bool(outcome.wrote),
        )


class Drain:
    """Takes batches, carries out their jobs, makes exactly one move per job."""

    def __init__(
        self,
        store: JobStore,
        notices: Notices,
        circuit: CircuitBreaker,
        throttle: Throttle,
        clock: Clock,
        rng: Random,
        log: EventLog,
        fan_out: FanOut,
        *,
        listeners: Sequence[OnJobFinished] = (),
        batch_listeners: Sequence[OnBatchRead] = (),
        checkpoint: Callable[[str], object] = str,
    ) -> None:
        self._store = store
        self._notices = notices
        self._fan_out = fan_out
        self._circuit = circuit
        self._throttle = throttle
        self._clock = clock
        self._rng = rng
        self._log = log
        self._listeners = tuple(listeners)
        self._batch_listeners = tuple(batch_listeners)
        self._checkpoint = checkpoint
        self._blame = FailureAttribution()
        self._report = DrainReport()

    def run(
        self,
        ctx: SyncContext,
        should_stop: Callable[[], bool],
        must_stop: Callable[[], bool] | None = None,
    ) -> DrainReport:
        """Work until nothing is due, the gate shuts, a server fails, or `should_stop`.

        With a `must_stop`, `should_stop` waits for the end of the batch, whose reads were paid for already.

        Raises:
            Fenced: a newer worker has taken over.
        """
        with ctx.watch.counting_requests():
            return self._run(ctx, should_stop, must_stop or should_stop)

    def _run(
        self, ctx: SyncContext, should_stop: Callable[[], bool], must_stop: Callable[[], bool]
    ) -> DrainReport:
        self._report = DrainReport()
        sync = SceneSync(ctx)
        while self._circuit.max_jobs and not self._report.halted:
            if should_stop():
                self._report = replace(self._report, halted="stopped")
                break
            most = min(self._circuit.max_jobs, self._throttle.batch_size)
            jobs = self._store.claim(most)
            if not jobs:
                if self._circuit.breaker.state is BreakerStatus.HALF_OPEN:
                    self._circuit.half_open_test(ctx.plex)
                break
            self._checkpoint("drain.claimed")
            entities, scenes = split_by_kind(jobs)
            self._expand(ctx, entities)
            if self._report.halted:
                self._release(scenes)
            elif scenes:
                self._run_batch(ctx, sync, scenes, must_stop)
            if len(sync.written) >= VERIFY_EVERY:
                self._verify(ctx, sync)
            if len(jobs) < most and self._store.has_higher_priority_due(PRIORITY_BACKFILL):
                break  # hooks of a bulk edit trickle in: what gathers in a moment is one batch, not many
        self._verify(ctx, sync)
        return self._report

    # -- entities -------------------------------------------------------------------------------

    def _expand(self, ctx: SyncContext, jobs: Sequence[Job]) -> None:
        """Turn changed entities into jobs of scenes. Plex has no part in it, so it tests nothing."""
        try:
            now = self._fan_out.read(ctx.stash, jobs)
        except (
            Exception
        ) as error:  # broad on purpose: one entity that breaks the read must not stop the others
            if _is_queue_error(error):
                raise
            self._expand_alone(ctx, jobs, error)
            return
        for number, job in enumerate(jobs):
            started = self._clock.monotonic()
            self._store.mark_current(job)
            self._checkpoint("drain.job_started")
            try:
                outcome = self._fan_out.expand(ctx.stash, job, now)
            except (
                Exception
            ) as error:  # broad on purpose: a bug in one entity must not stop the others
                if _is_queue_error(error):
                    raise
                outcome = self._outcome_of(ctx, job, error, self._fan_out.name_of(job))
            self._apply_outcome(ctx, job, outcome, self._clock.monotonic() - started)
            if self._report.halted:
                self._release(jobs[number + 1 :])
                return

    def _expand_alone(self, ctx: SyncContext, jobs: Sequence[Job], error: Exception) -> None:
        """A shared read failed: Stash's absence spends nothing; otherwise each entity is read alone."""
        if isinstance(error, StashUnavailable):
            self._release(jobs, type(error).__name__)
            self._report = replace(self._report, halted=type(error).__name__)
        elif len(jobs) == 1:
            self._apply_outcome(
                ctx,
                jobs[0],
                self._outcome_of(ctx, jobs[0], error, self._fan_out.name_of(jobs[0])),
                0.0,
            )
        else:
            for number, job in enumerate(jobs):
                if self._report.halted:
                    self._release(jobs[number:])
                    return
                self._expand(ctx, [job])

    # -- a batch --------------------------------------------------------------------------------

    def _run_batch(
        self,
        ctx: SyncContext,
        sync: SceneSync,
        jobs: Sequence[Job],
        should_stop: Callable[[], bool],
    ) -> None:
        try:
            batch = read_batch(ctx, jobs)
            self._checkpoint("drain.read")
            adopt_records(batch, ctx.stash, ctx.log)
            self._fan_out.record_before_write(ctx, batch)
            self._checkpoint("drain.prepared")
            self._notify_batch_read(ctx, batch)
            sync.plan(batch)
            if len(jobs) > 1 and self._throttle.ramp is None:
                with ctx.watch.step("share"):
                    sync.share(batch)
                self._checkpoint("drain.shared")
        except (
            Exception
        ) as error:  # broad on purpose: a scene that breaks the read must not stop the others
            if _is_queue_error(error):
                raise
            self._read_failed(ctx, sync, jobs, error, should_stop)
            return
        for number, job in enumerate(jobs):
            if not self._throttle.acquire(should_stop):
                self._release(jobs[number:])
                return
            if (number and should_stop()) or self._store.has_higher_priority_due(job.priority):
                self._throttle.release()
                self._release(jobs[number:])
                return
            self._run_job(ctx, sync, batch, job)
            if self._report.halted or not self._circuit.max_jobs:
                self._release(jobs[number + 1 :])
                return

    def _read_failed(
        self,
        ctx: SyncContext,
        sync: SceneSync,
        jobs: Sequence[Job],
        error: Exception,
        should_stop: Callable[[], bool],
    ) -> None:
        """A shared read failed: the server's fault spends nothing; otherwise each job is read alone."""
        self._log.info(
            "drain.read_failed", jobs=len(jobs), reason=type(error).__name__, detail=str(error)
        )
        if isinstance(error, StashUnavailable) or rule_for(error).signal in (
            BreakerSignal.DOWN,
            BreakerSignal.REFUSED,
        ):
            self._report_to_breaker(ctx, error)
            self._release(jobs, type(error).__name__)
            self._report = replace(self._report, halted=type(error).__name__)
            return
        if len(jobs) == 1:
            self._apply_outcome(ctx, jobs[0], self._outcome_of(ctx, jobs[0], error, ""), 0.0)
            return
        for number, job in enumerate(jobs):
            if self._report.halted or not self._circuit.max_jobs or should_stop():
                self._release(jobs[number:])
                return
            self._store.mark_current(job)  # it is read alone now: a death would be its own
            self._run_batch(ctx, sync, [job], should_stop)

    def _notify_batch_read(self, ctx: SyncContext, batch: Batch) -> None:
        event = BatchRead(ctx, batch)
        for listener in self._batch_listeners:
            try:
                listener(event)
            except (
                Exception
            ) as error:  # broad on purpose: no job may fail by what merely follows a read
                if _is_queue_error(error):
                    raise
                self._log.error("listener.failed", detail=f"{type(error).__name__}: {error}")

    # -- a job ----------------------------------------------------------------------------------

    def _run_job(self, ctx: SyncContext, sync: SceneSync, batch: Batch, job: Job) -> None:
        self._store.mark_current(job)
        self._checkpoint("drain.job_started")
        started = self._clock.monotonic()
        try:
            outcome = sync.sync(batch, job)
        except Exception as error:  # broad on purpose: a bug in one scene must not stop the others
            if _is_queue_error(error):
                raise
            scene = batch.cases[job.id].scene
            outcome = self._outcome_of(ctx, job, error, display_title(scene) if scene else "")
        else:
            self._throttle.on_result(ok=True)
            self._fan_out.record_after_write(batch.cases[job.id], outcome)
            if outcome.items:
                self._blame.succeeded()
                self._circuit.succeeded()
        self._checkpoint("drain.synced")
        self._apply_outcome(ctx, job, outcome, self._clock.monotonic() - started)

    def _outcome_of(self, ctx: SyncContext, job: Job, error: Exception, title: str) -> Outcome:
        """The outcome of a failure; those that open the breaker, or fail its test, spend nothing."""
        was_closed = self._circuit.breaker.state is BreakerStatus.CLOSED
        self._report_to_breaker(ctx, error)
        is_closed = self._circuit.breaker.state is BreakerStatus.CLOSED
        spend = rule_for(error).signal is not BreakerSignal.COUNT or self._blame.counts_against_job(
            job.subject, was_closed=was_closed, is_closed=is_closed
        )
        if was_closed and not is_closed:
            self._store.refund_attempts(self._blame.jobs_to_refund())
        if isinstance(error, StashUnavailable):
            self._report = replace(self._report, halted=type(error).__name__)
        return decide_outcome(job, error, self._rng, spend=spend, title=title)

    def _report_to_breaker(self, ctx: SyncContext, error: Exception) -> None:
        if not isinstance(error, PlexError):
            return
        self._throttle.on_result(ok=rule_for(error).signal is BreakerSignal.NONE)
        if rule_for(error).signal is BreakerSignal.NONE:
            self._circuit.succeeded()  # it answered; the answer is about this scene
        else:
            self._circuit.failed(error, ctx.plex)

    def _apply_outcome(self, ctx: SyncContext, job: Job, outcome: Outcome, took_s: float) -> None:
        now, counts = self._clock.wall(), counters_for(outcome, utc_day(self._clock))
        match outcome.disposition:
            case Disposition.COMPLETE:
                self._store.complete(job, counts)
            case Disposition.RETRY:
                due_at = now + outcome.wait_s
                self._store.retry_at(
                    job, due_at, outcome.result, attempts=outcome.attempts, counts=counts
                )
            case Disposition.RELEASE:
                rest = PAUSE_S if self._circuit.breaker.state is BreakerStatus.CLOSED else 0.0
                self._store.retry_at(
                    job, now + rest, outcome.result, attempts=outcome.attempts, counts=counts
                )
            case Disposition.DEAD_LETTER:
                self._store.dead_letter(
                    job,
                    title=outcome.title,
                    reason=outcome.result,
                    message=outcome.message,
                    candidates=outcome.candidates,
                    counts=counts,
                )
        self._checkpoint("drain.settled")
        self._report = self._report.including(outcome)
        event = JobFinished(job, outcome, took_s)
        for listener in self._listeners:
            try:
                listener(event)
            except (
                Exception
            ) as error:  # broad on purpose: the job has moved; counting it must not stop the next
                if _is_queue_error(error):
                    raise
                self._log.error("listener.failed", detail=f"{type(error).__name__}: {error}")

    def _release(self, jobs: Sequence[Job], reason: str = "") -> None:
        for job in jobs:
            self._store.release(job, reason)

    def _verify(self, ctx: SyncContext, sync: SceneSync) -> None:
        written, sync.written = sync.written, []
        if not written:
            return
        with ctx.watch.step("verify"):
            dropped = verify_written(ctx.plex, ctx.records, ctx.log, written)
        for lost in dropped:
            names = ", ".join(lost.fields)
            self._log.warning(
                "verify.dropped", scene=lost.scene_id, item=lost.item, fields=lost.fields
            )
            text = (
                f"Plex accepted {names} of scene {lost.scene_id} (item {lost.item}) but does not show it. "
                "Look at the item in Plex; PlexSync sends it again with the scene's next change."
            )
            self._notices.add(f"dropped:{names}", "warning", text, self._clock.wall())


def split_by_kind(jobs: Sequence[Job]) -> tuple[list[Job], list[Job]]:
    """(those of entities, those of scenes), each in the order they came."""
    return [job for job in jobs if not job.is_scene], [job for job in jobs if job.is_scene]


def _is_queue_error(error: Exception) -> bool:
    """Whether it is the worker's own trouble: a queue that is locked, full or damaged is no scene's fault."""
    return isinstance(error, Fenced | sqlite3.OperationalError) or (
        isinstance(error, sqlite3.Error) and is_damage(error)
    )
