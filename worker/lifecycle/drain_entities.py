"""Expand jobs of changed entities into jobs of the scenes that show them."""

from collections.abc import Sequence

from core.errors import StashUnavailable
from core.job import Job
from stash.client import StashClient
from worker.lifecycle.drain_deps import DrainDeps
from worker.lifecycle.isolation import isolate
from worker.lifecycle.job_outcomes import JobOutcomes


class EntityDrain:
    """Carries out the entity jobs of one claimed batch.

    No request goes to Plex, so none of these jobs serves as the half-open test of the breaker.
    """

    def __init__(self, deps: DrainDeps, outcomes: JobOutcomes, stash: StashClient) -> None:
        self._store = deps.store
        self._fan_out = deps.fan_out
        self._clock = deps.clock
        self._checkpoint = deps.checkpoint
        self._outcomes = outcomes
        self._stash = stash

    def run(self, jobs: Sequence[Job]) -> None:
        """Expand the jobs, or release those that are left once the drain is halted."""
        with isolate() as failure:
            entities = self._fan_out.read(self._stash, jobs)
        if failure.error is not None:
            self._on_read_failed(jobs, failure.error)
            return
        for number, job in enumerate(jobs):
            started = self._clock.monotonic()
            self._store.mark_current(job)
            self._checkpoint("drain.job_started")
            with isolate() as failure:
                outcome = self._fan_out.expand(self._stash, job, entities)
            if failure.error is not None:
                title = self._fan_out.name_of(job)
                outcome = self._outcomes.of_failure(job, failure.error, title)
            self._outcomes.apply(job, outcome, self._clock.monotonic() - started)
            if self._outcomes.is_halted:
                self._outcomes.release(jobs[number + 1 :])
                return

    def _on_read_failed(self, jobs: Sequence[Job], error: Exception) -> None:
        """Release the jobs if Stash is away; otherwise read each entity alone."""
        if isinstance(error, StashUnavailable):
            self._outcomes.release_and_halt(jobs, error)
            return
        if len(jobs) == 1:
            title = self._fan_out.name_of(jobs[0])
            outcome = self._outcomes.of_failure(jobs[0], error, title)
            self._outcomes.apply(jobs[0], outcome, 0.0)
            return
        for number, job in enumerate(jobs):
            if self._outcomes.is_halted:
                self._outcomes.release(jobs[number:])
                return
            self.run([job])
