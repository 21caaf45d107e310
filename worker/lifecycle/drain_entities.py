"""Expand jobs of changed entities into jobs of the scenes that show them."""

from collections.abc import Sequence

from core.errors import StashSchemaError, StashUnavailable
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
            self._store.mark_current(job.id)
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
        """Release the jobs if Stash is away; otherwise read each kind, or each entity, alone."""
        if isinstance(error, StashUnavailable):
            self._outcomes.release_and_halt(jobs, error)
            return
        kinds = dict.fromkeys(job.kind for job in jobs)
        is_refused = isinstance(error, StashSchemaError)
        if len(jobs) == 1 or (is_refused and len(kinds) == 1):
            self._fail_all(jobs, error)
            return
        # A refused query concerns one kind; anything else may concern a single entity.
        groups = [[job for job in jobs if job.kind == kind] for kind in kinds]
        for group in groups if is_refused else [[job] for job in jobs]:
            if self._outcomes.is_halted:
                self._outcomes.release(group)
            else:
                self.run(group)

    def _fail_all(self, jobs: Sequence[Job], error: Exception) -> None:
        for job in jobs:
            outcome = self._outcomes.of_failure(job, error, self._fan_out.name_of(job))
            self._outcomes.apply(job, outcome, 0.0)
