"""Drain the queue: claim batches of jobs and carry them out."""

from collections.abc import Callable, Sequence

from core.errors import StashSchemaError, StashUnavailable, reason_of
from core.job import IMAGE, PRIORITY_BACKFILL, Job
from sync.batch import Batch, BatchRead, read_batch
from sync.context import SyncContext
from sync.image_gate import ImageGate
from sync.recognize_server import recognize_server
from sync.record_adoption import adopt_records
from sync.sync_scene import SceneSync
from sync.verify import DroppedFields, verify_written
from sync_queue.follow_up import make_follow_ups_due
from worker.lifecycle.drain_deps import DrainDeps
from worker.lifecycle.drain_entities import EntityDrain
from worker.lifecycle.isolation import isolate, notify_listeners
from worker.lifecycle.job_outcomes import DrainReport, JobOutcomes
from worker.lifecycle.job_run import JobRun
from worker.lifecycle.renamed_files import RenamedFiles
from worker.reporting.value_reports import ValueReports
from worker.resilience.breaker import BreakerStatus
from worker.resilience.circuit import FailureAttribution
from worker.resilience.retry_policy import BreakerSignal, rule_for

# One verifying read serves this many written items.
VERIFY_EVERY = 200


class Drain:
    """Drains the queue as often as it is asked to, under the settings of the moment."""

    def __init__(self, deps: DrainDeps) -> None:
        self._deps = deps
        self._attribution = FailureAttribution()
        self._image_gate = ImageGate()

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
            sync = SceneSync(ctx, self._image_gate)
            run = _DrainRun(self._deps, self._attribution, ctx, sync, must_stop or should_stop)
            report = run.run(should_stop)
            if self._image_gate.pop_reopened():
                self._make_images_due()
            return report

    def close(self) -> None:
        """End the threads that carry out requests."""
        self._deps.pool.close()

    def _make_images_due(self) -> None:
        """Plex takes images again: send those that were held back."""
        with self._deps.store.transaction() as connection:
            count = make_follow_ups_due(connection, IMAGE, self._deps.clock.wall())
        self._deps.log.info("images.resumed", images=count)


class _DrainRun:
    """One drain: claims batches, carries out their jobs, and makes one transition per job.

    `must_stop` ends a batch that was begun.
    """

    def __init__(
        self,
        deps: DrainDeps,
        attribution: FailureAttribution,
        ctx: SyncContext,
        sync: SceneSync,
        must_stop: Callable[[], bool],
    ) -> None:
        self._store = deps.store
        self._notices = deps.notices
        self._circuit = deps.circuit
        self._throttle = deps.throttle
        self._fan_out = deps.fan_out
        self._clock = deps.clock
        self._log = deps.log
        self._on_batch_read = tuple(deps.on_batch_read)
        self._checkpoint = deps.checkpoint
        self._ctx = ctx
        self._must_stop = must_stop
        self._sync = sync
        self._outcomes = JobOutcomes(
            deps, attribution, ctx.plex, ctx.records, RenamedFiles(ctx.finder)
        )
        self._entities = EntityDrain(deps, self._outcomes, ctx.stash)
        self._jobs = JobRun(deps, self._outcomes, sync, must_stop)

    def run(self, should_stop: Callable[[], bool]) -> DrainReport:
        """Drain the queue; see `Drain.run`."""
        while self._circuit.max_jobs and not self._outcomes.is_halted:
            if should_stop():
                self._outcomes.stop()
                break
            limit = min(self._circuit.max_jobs, self._throttle.batch_size)
            jobs = self._store.claim(limit)
            if not jobs:
                if self._circuit.breaker.state is BreakerStatus.HALF_OPEN:
                    self._circuit.half_open_test(self._ctx.plex)
                break
            self._checkpoint("drain.claimed")
            self._run_claimed(jobs)
            # The hooks of a bulk edit arrive one by one: a pause gathers them into one batch.
            if len(jobs) < limit and self._store.has_higher_priority_due(PRIORITY_BACKFILL):
                break
        self._verify()
        return self._outcomes.report

    def _run_claimed(self, jobs: Sequence[Job]) -> None:
        entities, scenes = split_by_kind(jobs)
        self._entities.run(entities)
        if self._outcomes.is_halted:
            self._outcomes.release(scenes)
        elif scenes:
            self._run_batch(scenes)
        if len(self._sync.written) >= VERIFY_EVERY:
            self._verify()

    def _run_batch(self, jobs: Sequence[Job]) -> None:
        with isolate() as failure:
            batch = self._prepare(jobs)
        if failure.error is not None:
            self._on_read_failed(jobs, failure.error)
            return
        self._jobs.run(batch, jobs)

    def _prepare(self, jobs: Sequence[Job]) -> Batch:
        """Read what the jobs need and write the edits that several items share."""
        batch = read_batch(self._ctx, jobs)
        if batch.records.server and recognize_server(self._ctx.plex, self._ctx.records, self._log):
            batch = read_batch(self._ctx, jobs)
        self._checkpoint("drain.read")
        adopt_records(batch, self._ctx.stash, self._log)
        if self._ctx.config.sync_metadata:
            self._fan_out.record_before_write(batch, self._ctx.stash)
        self._checkpoint("drain.prepared")
        event = BatchRead(batch, self._ctx.config, self._ctx.plex, self._ctx.matcher())
        notify_listeners(self._on_batch_read, event, self._log)
        self._sync.plan(batch)
        if len(jobs) > 1 and self._throttle.ramp is None:
            with self._ctx.watch.step("share"):
                self._jobs.share(batch)
            self._checkpoint("drain.shared")
        return batch

    def _on_read_failed(self, jobs: Sequence[Job], error: Exception) -> None:
        """Release the jobs if a server is at fault; otherwise read each scene alone."""
        self._log.info(
            "drain.read_failed", jobs=len(jobs), reason=reason_of(error), detail=str(error)
        )
        is_server_fault = rule_for(error).signal in (BreakerSignal.DOWN, BreakerSignal.REFUSED)
        if isinstance(error, StashUnavailable | StashSchemaError) or is_server_fault:
            self._outcomes.report_to_breaker(error)
            self._outcomes.release_and_halt(jobs, error)
            return
        if len(jobs) == 1:
            outcome = self._outcomes.of_failure(jobs[0], error, "")
            self._outcomes.apply(jobs[0], outcome, 0.0)
            return
        for number, job in enumerate(jobs):
            if self._outcomes.is_halted or not self._circuit.max_jobs or self._must_stop():
                self._outcomes.release(jobs[number:])
                return
            # From here on a crash of the worker is charged to this job alone.
            self._store.mark_current(job.id)
            self._run_batch([job])

    def _verify(self) -> None:
        """Read back what was written; report what Plex has not kept and what is no longer sent."""
        written, self._sync.written = self._sync.written, []
        suspended, self._sync.suspended = self._sync.suspended, []
        dropped: list[DroppedFields] = []
        if written:
            with self._ctx.watch.step("verify"):
                dropped = verify_written(self._ctx.plex, self._ctx.records, self._log, written)
        suspended += [one for loss in dropped for one in loss.suspended]
        reports = ValueReports(self._notices, self._log)
        reports.report(dropped, suspended, self._ctx.libraries, self._clock.wall())


def split_by_kind(jobs: Sequence[Job]) -> tuple[list[Job], list[Job]]:
    """Return the jobs of entities and the jobs of scenes, each in the given order."""
    entities = [job for job in jobs if not job.is_scene]
    scenes = [job for job in jobs if job.is_scene]
    return entities, scenes
