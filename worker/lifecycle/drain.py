"""Drain the queue: claim batches of jobs and carry them out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from core.checkpoint import Checkpoint, no_checkpoint
from core.errors import StashUnavailable, reason_of
from core.job import PRIORITY_BACKFILL, Job
from sync.batch import Batch, BatchRead, display_title, read_batch
from sync.context import SyncContext
from sync.record_adoption import adopt_records
from sync.sync_scene import SceneSync
from sync.verify import DroppedFields, verify_written
from sync_queue.notices import Notices
from sync_queue.store import JobStore
from worker.discovery.fan_out import FanOut
from worker.lifecycle.drain_entities import EntityDrain
from worker.lifecycle.isolation import isolate, notify_listeners
from worker.lifecycle.job_outcomes import DrainReport, JobOutcomes, OnJobFinished
from worker.reporting.value_reports import ValueReports
from worker.resilience.breaker import BreakerStatus
from worker.resilience.circuit import CircuitBreaker
from worker.resilience.retry_policy import BreakerSignal, rule_for
from worker.resilience.throttle import Throttle

# One verifying read serves this many written items.
VERIFY_EVERY = 200

OnBatchRead = Callable[[BatchRead], None]


@dataclass(frozen=True, slots=True)
class DrainDeps:
    """What a drain works with: the queue, the limits of Plex, and who is notified."""

    store: JobStore
    notices: Notices
    circuit: CircuitBreaker
    throttle: Throttle
    fan_out: FanOut
    rng: Random
    on_job_finished: Sequence[OnJobFinished] = ()
    on_batch_read: Sequence[OnBatchRead] = ()
    checkpoint: Checkpoint = no_checkpoint


class Drain:
    """Claims batches, carries out their jobs, and makes exactly one transition per job."""

    def __init__(self, deps: DrainDeps) -> None:
        self._store = deps.store
        self._notices = deps.notices
        self._circuit = deps.circuit
        self._throttle = deps.throttle
        self._fan_out = deps.fan_out
        self._on_batch_read = tuple(deps.on_batch_read)
        self._checkpoint = deps.checkpoint
        self._outcomes = JobOutcomes(
            deps.store,
            deps.circuit,
            deps.throttle,
            deps.rng,
            deps.on_job_finished,
            deps.checkpoint,
        )
        self._entities = EntityDrain(deps.store, deps.fan_out, self._outcomes, deps.checkpoint)

    def run(
        self,
        ctx: SyncContext,
        should_stop: Callable[[], bool],
        must_stop: Callable[[], bool] | None = None,
    ) -> DrainReport:
        """Work until no job is due, the breaker opens, a server fails, or `should_stop`.

        With a `must_stop`, only that one ends a batch that was begun: its reads are already done.

        Raises:
            Fenced: a newer worker has taken over.
        """
        with ctx.watch.counting_requests():
            return self._run(ctx, should_stop, must_stop or should_stop)

    def _run(
        self, ctx: SyncContext, should_stop: Callable[[], bool], must_stop: Callable[[], bool]
    ) -> DrainReport:
        self._outcomes.start_drain()
        sync = SceneSync(ctx)
        while self._circuit.max_jobs and not self._outcomes.is_halted:
            if should_stop():
                self._outcomes.halt("stopped")
                break
            limit = min(self._circuit.max_jobs, self._throttle.batch_size)
            jobs = self._store.claim(limit)
            if not jobs:
                if self._circuit.breaker.state is BreakerStatus.HALF_OPEN:
                    self._circuit.half_open_test(ctx.plex)
                break
            self._checkpoint("drain.claimed")
            self._run_claimed(ctx, sync, jobs, must_stop)
            # The hooks of a bulk edit arrive one by one: a pause gathers them into one batch.
            if len(jobs) < limit and self._store.has_higher_priority_due(PRIORITY_BACKFILL):
                break
        self._verify(ctx, sync)
        return self._outcomes.report

    def _run_claimed(
        self,
        ctx: SyncContext,
        sync: SceneSync,
        jobs: Sequence[Job],
        should_stop: Callable[[], bool],
    ) -> None:
        entities, scenes = split_by_kind(jobs)
        self._entities.run(ctx, entities)
        if self._outcomes.is_halted:
            self._outcomes.release(scenes)
        elif scenes:
            self._run_batch(ctx, sync, scenes, should_stop)
        if len(sync.written) >= VERIFY_EVERY:
            self._verify(ctx, sync)

    def _run_batch(
        self,
        ctx: SyncContext,
        sync: SceneSync,
        jobs: Sequence[Job],
        should_stop: Callable[[], bool],
    ) -> None:
        with isolate() as failure:
            batch = self._prepare(ctx, sync, jobs)
        if failure.error is not None:
            self._on_read_failed(ctx, sync, jobs, failure.error, should_stop)
            return
        for number, job in enumerate(jobs):
            if not self._throttle.acquire(should_stop):
                self._outcomes.release(jobs[number:])
                return
            if (number and should_stop()) or self._store.has_higher_priority_due(job.priority):
                self._throttle.release()
                self._outcomes.release(jobs[number:])
                return
            self._run_job(ctx, sync, batch, job)
            if self._outcomes.is_halted or not self._circuit.max_jobs:
                self._outcomes.release(jobs[number + 1 :])
                return

    def _prepare(self, ctx: SyncContext, sync: SceneSync, jobs: Sequence[Job]) -> Batch:
        """Read what the jobs need and write the edits that several items share."""
        batch = read_batch(ctx, jobs)
        self._checkpoint("drain.read")
        adopt_records(batch, ctx.stash, ctx.log)
        self._fan_out.record_before_write(ctx, batch)
        self._checkpoint("drain.prepared")
        notify_listeners(self._on_batch_read, BatchRead(ctx, batch), ctx.log)
        sync.plan(batch)
        if len(jobs) > 1 and self._throttle.ramp is None:
            with ctx.watch.step("share"):
                sync.share(batch)
            self._checkpoint("drain.shared")
        return batch

    def _on_read_failed(
        self,
        ctx: SyncContext,
        sync: SceneSync,
        jobs: Sequence[Job],
        error: Exception,
        should_stop: Callable[[], bool],
    ) -> None:
        """Release the jobs if a server is at fault; otherwise read each scene alone."""
        ctx.log.info(
            "drain.read_failed", jobs=len(jobs), reason=reason_of(error), detail=str(error)
        )
        is_server_fault = rule_for(error).signal in (BreakerSignal.DOWN, BreakerSignal.REFUSED)
        if isinstance(error, StashUnavailable) or is_server_fault:
            self._outcomes.report_to_breaker(ctx, error)
            self._outcomes.release_and_halt(jobs, error)
            return
        if len(jobs) == 1:
            outcome = self._outcomes.of_failure(ctx, jobs[0], error, "")
            self._outcomes.apply(ctx, jobs[0], outcome, 0.0)
            return
        for number, job in enumerate(jobs):
            if self._outcomes.is_halted or not self._circuit.max_jobs or should_stop():
                self._outcomes.release(jobs[number:])
                return
            # From here on a crash of the worker is charged to this job alone.
            self._store.mark_current(job)
            self._run_batch(ctx, sync, [job], should_stop)

    def _run_job(self, ctx: SyncContext, sync: SceneSync, batch: Batch, job: Job) -> None:
        self._store.mark_current(job)
        self._checkpoint("drain.job_started")
        started = ctx.clock.monotonic()
        with isolate() as failure:
            outcome = sync.sync(batch, job)
        if failure.error is None:
            self._fan_out.record_after_write(batch.cases[job.id], outcome)
            self._outcomes.on_success(outcome)
        else:
            scene = batch.cases[job.id].scene
            title = display_title(scene) if scene else ""
            outcome = self._outcomes.of_failure(ctx, job, failure.error, title)
        self._checkpoint("drain.synced")
        self._outcomes.apply(ctx, job, outcome, ctx.clock.monotonic() - started)

    def _verify(self, ctx: SyncContext, sync: SceneSync) -> None:
        """Read back what was written; report what Plex has not kept and what is no longer sent."""
        written, sync.written = sync.written, []
        suspended, sync.suspended = sync.suspended, []
        dropped: list[DroppedFields] = []
        if written:
            with ctx.watch.step("verify"):
                dropped = verify_written(ctx.plex, ctx.records, ctx.log, written)
        suspended += [one for loss in dropped for one in loss.suspended]
        reports = ValueReports(self._notices, ctx.log)
        reports.report(dropped, suspended, ctx.config, ctx.clock.wall())


def split_by_kind(jobs: Sequence[Job]) -> tuple[list[Job], list[Job]]:
    """Return the jobs of entities and the jobs of scenes, each in the given order."""
    entities = [job for job in jobs if not job.is_scene]
    scenes = [job for job in jobs if job.is_scene]
    return entities, scenes
