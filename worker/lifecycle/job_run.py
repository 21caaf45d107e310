"""Carry out the scene jobs of one batch, several at the same time where Plex allows it."""

from collections.abc import Callable, Sequence

from core.job import Job
from sync.batch import Batch, display_title
from sync.sync_scene import SceneSync
from worker.lifecycle.drain_deps import DrainDeps
from worker.lifecycle.in_flight import Ended, InFlight, Limits
from worker.lifecycle.job_outcomes import JobOutcomes


class JobRun:
    """Starts the jobs of prepared batches in their order, and makes one transition for each.

    A job is abandoned before its next request, and released, when something more urgent is due or
    the drain is halted: what it has written is recorded, so the next run sends the rest alone.
    `must_stop` True starts no further job.
    """

    def __init__(
        self,
        deps: DrainDeps,
        outcomes: JobOutcomes,
        sync: SceneSync,
        must_stop: Callable[[], bool],
    ) -> None:
        self._store = deps.store
        self._circuit = deps.circuit
        self._throttle = deps.throttle
        self._fan_out = deps.fan_out
        self._clock = deps.clock
        self._checkpoint = deps.checkpoint
        self._outcomes = outcomes
        self._sync = sync
        self._must_stop = must_stop
        self._begun: dict[int, tuple[Job, float]] = {}
        limits = Limits(
            in_flight=lambda: self._throttle.in_flight,
            may_send=self._may_send,
            before_write=lambda: self._throttle.rest(must_stop),
            on_write=self._throttle.on_write,
        )
        self._in_flight = InFlight(deps.pool, limits)

    def share(self, batch: Batch) -> None:
        """Write what several items of the batch have in common; no job runs beside it."""
        with self._in_flight.closing():
            self._in_flight.run(self._sync.share(batch))

    def run(self, batch: Batch, jobs: Sequence[Job]) -> None:
        """Carry out the jobs; release those that are not to start now.

        Raises:
            Fenced, sqlite3.Error: the queue itself failed; no further request is sent.
        """
        with self._in_flight.closing():
            self._start_all(batch, jobs)
            while self._in_flight.has_any:
                self._settle(batch, self._in_flight.next())

    def _start_all(self, batch: Batch, jobs: Sequence[Job]) -> None:
        for number, job in enumerate(jobs):
            items = self._sync.items_of(batch, job)
            # A job that may have crashed a worker runs alone, so that the next crash is its own.
            is_alone = job.crashes > 0
            while not self._in_flight.may_start(items, is_alone=is_alone):
                self._settle(batch, self._in_flight.next())
            if not self._may_start(job, is_first=number == 0):
                self._outcomes.release(jobs[number:])
                return
            self._store.mark_current(*self._in_flight.keys, job.id)
            self._checkpoint("drain.job_started")
            self._begun[job.id] = (job, self._clock.monotonic())
            self._in_flight.start(job.id, self._sync.sync(batch, job), items, is_alone=is_alone)
            while self._in_flight.has_ended:
                self._settle(batch, self._in_flight.next())

    def _may_start(self, job: Job, *, is_first: bool) -> bool:
        """Wait until the job may start; return False if it must not start now."""
        if self._is_halted or not self._throttle.acquire(self._must_stop):
            return False
        must_stop = not is_first and self._must_stop()
        if must_stop or self._store.has_higher_priority_due(job.priority):
            self._throttle.release()
            return False
        return True

    def _may_send(self, key: int) -> bool:
        """Return True if the job, or the shared edits, may send another request.

        Raises:
            Fenced: a newer worker has started.
        """
        if key not in self._begun:
            self._store.check_epoch()
            return True
        job, _ = self._begun[key]
        return not self._store.is_preempted(job.priority) and not self._is_halted

    @property
    def _is_halted(self) -> bool:
        return self._outcomes.is_halted or not self._circuit.max_jobs

    def _settle(self, batch: Batch, ended: Ended) -> None:
        """Make the transition of a job that ended."""
        job, started = self._begun.pop(ended.key)
        if ended.is_abandoned:
            self._outcomes.release([job])
            return
        case = batch.cases[job.id]
        if ended.error is None:
            outcome = ended.value
            self._fan_out.record_after_write(case, outcome)
            self._outcomes.on_success(outcome)
        else:
            title = display_title(case.scene) if case.scene else ""
            outcome = self._outcomes.of_failure(job, ended.error, title)
        self._checkpoint("drain.synced")
        self._outcomes.apply(job, outcome, self._clock.monotonic() - started)
