"""Carry out the scene jobs of one batch, several at the same time where Plex allows it."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from core.events import JobFinished
from core.job import PRIORITY_EDIT, Job
from core.outcome import Outcome
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
        self._priority = PRIORITY_EDIT
        self._is_preempted = False
        limits = Limits(
            in_flight=lambda: self._throttle.in_flight,
            before_requests=self._before_requests,
            may_send=self._may_send,
            before_write=lambda: self._throttle.rest(must_stop),
            may_sleep=lambda: self._throttle.may_sleep,
            on_write=self._throttle.on_write,
        )
        self._in_flight = InFlight(deps.pool, limits)

    def share(self, batch: Batch) -> None:
        """Write what several items of the batch have in common; no job runs beside it."""
        with self._in_flight.closing():
            self._in_flight.run(self._sync.share(batch))

    def run(self, batch: Batch, jobs: Sequence[Job]) -> None:
        """Carry out jobs of one priority; release those that are not to start now.

        Raises:
            Fenced, sqlite3.Error: the queue itself failed; no further request is sent.
        """
        self._priority = jobs[0].priority
        waiting = deque(jobs)
        with self._in_flight.closing():
            while waiting or self._in_flight.has_any:
                self._start_next(batch, waiting, is_first=len(waiting) == len(jobs))
                if self._in_flight.has_any:
                    self._settle(batch, self._in_flight.next())

    def _start_next(self, batch: Batch, waiting: deque[Job], *, is_first: bool) -> None:
        """Start as many jobs as may run beside those that do; release all if none may start."""
        added = 0
        while waiting:
            job = waiting[0]
            items = self._sync.items_of(batch, job)
            # A job that may have crashed a worker runs alone, so that the next crash is its own.
            is_alone = job.crashes > 0
            if not self._in_flight.may_start(items, is_alone=is_alone):
                break
            if added and self._throttle.has_pause:
                self._start_added(added)
                added = 0
            if not self._may_start(job, is_first=is_first):
                self._outcomes.release(waiting)
                waiting.clear()
                break
            waiting.popleft()
            self._begun[job.id] = (job, self._clock.monotonic())
            self._in_flight.add(job.id, self._sync.sync(batch, job), items, is_alone=is_alone)
            added += 1
            is_first = False
        if added:
            self._start_added(added)

    def _start_added(self, count: int) -> None:
        self._store.mark_current(*self._in_flight.keys)
        for _ in range(count):
            self._checkpoint("drain.job_started")
        self._in_flight.start_added()

    def _may_start(self, job: Job, *, is_first: bool) -> bool:
        """Wait until the job may start; return False if it must not start now."""
        if self._is_halted or not self._throttle.acquire(self._must_stop):
            return False
        must_stop = not is_first and self._must_stop()
        if must_stop or self._store.has_higher_priority_due(job.priority):
            self._throttle.release()
            return False
        return True

    def _before_requests(self) -> None:
        """Look whether something more urgent is due.

        Raises:
            Fenced: a newer worker has started.
        """
        self._is_preempted = self._store.is_preempted(self._priority)

    def _may_send(self, key: int) -> bool:
        """Return True if the job, or the shared edits, may send another request."""
        return key not in self._begun or not (self._is_preempted or self._is_halted)

    @property
    def _is_halted(self) -> bool:
        return self._outcomes.is_halted or not self._circuit.max_jobs

    def _settle(self, batch: Batch, ended: Iterable[Ended]) -> None:
        """Make the transitions of jobs that ended, in their order; successes share one."""
        for is_success, group in groupby(ended, key=_is_success):
            if is_success:
                self._outcomes.apply_all([self._succeeded(batch, one) for one in group])
                continue
            for one in group:
                self._settle_failed(batch, one)

    def _succeeded(self, batch: Batch, ended: Ended) -> JobFinished:
        job, started = self._begun.pop(ended.key)
        outcome: Outcome = ended.value
        self._fan_out.record_after_write(batch.cases[job.id], outcome)
        self._outcomes.on_success(outcome)
        self._checkpoint("drain.synced")
        return JobFinished(job, outcome, self._clock.monotonic() - started)

    def _settle_failed(self, batch: Batch, ended: Ended) -> None:
        job, started = self._begun.pop(ended.key)
        if ended.error is None:
            self._outcomes.release([job])
            return
        scene = batch.cases[job.id].scene
        title = display_title(scene) if scene else ""
        outcome = self._outcomes.of_failure(job, ended.error, title)
        self._checkpoint("drain.synced")
        self._outcomes.apply(job, outcome, self._clock.monotonic() - started)


def _is_success(ended: Ended) -> bool:
    return ended.error is None and not ended.is_abandoned
