"""Turn the failure of a job into an outcome, and apply every outcome to the queue."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from core.errors import PlexError, StashSchemaError, StashUnavailable, reason_of
from core.events import JobFinished
from core.job import Job
from core.outcome import Disposition, Outcome
from sync.context import SyncContext
from sync_queue.store import JobStore
from worker.lifecycle.isolation import notify_listeners
from worker.reporting.stats import counters_for, utc_day
from worker.resilience.breaker import BreakerStatus
from worker.resilience.circuit import CircuitBreaker, FailureAttribution
from worker.resilience.retry_policy import BreakerSignal, decide_outcome, rule_for
from worker.resilience.throttle import Throttle

# A job whose server failed without opening the breaker is due again after this delay.
RELEASE_DELAY_S = 2.0

OnJobFinished = Callable[[JobFinished], None]


@dataclass(frozen=True, slots=True)
class DrainReport:
    """Count the outcomes of one drain.

    `halted` names what ended the drain early; it is "" if no job was due any more. `stash_error`
    is the failure of Stash that ended it; None for every other reason.
    """

    done: int = 0
    waiting: int = 0
    dead: int = 0
    wrote: int = 0
    halted: str = ""
    stash_error: StashUnavailable | StashSchemaError | None = None

    def including(self, outcome: Outcome) -> "DrainReport":
        """Return the report with one more outcome."""
        is_waiting = outcome.disposition in (Disposition.RETRY, Disposition.RELEASE)
        return replace(
            self,
            done=self.done + (outcome.disposition is Disposition.COMPLETE),
            waiting=self.waiting + is_waiting,
            dead=self.dead + (outcome.disposition is Disposition.DEAD_LETTER),
            wrote=self.wrote + bool(outcome.wrote),
        )


class JobOutcomes:
    """Makes exactly one transition per claimed job and keeps the report of the current drain."""

    def __init__(
        self,
        store: JobStore,
        circuit: CircuitBreaker,
        throttle: Throttle,
        rng: Random,
        on_job_finished: Sequence[OnJobFinished],
        checkpoint: Callable[[str], object],
    ) -> None:
        self._store = store
        self._circuit = circuit
        self._throttle = throttle
        self._rng = rng
        self._on_job_finished = tuple(on_job_finished)
        self._checkpoint = checkpoint
        self._attribution = FailureAttribution()
        self.report = DrainReport()

    def start_drain(self) -> None:
        """Reset the report."""
        self.report = DrainReport()

    @property
    def is_halted(self) -> bool:
        """Return True if something has ended this drain early."""
        return bool(self.report.halted)

    def halt(self, reason: str) -> None:
        """End the current drain early."""
        self.report = replace(self.report, halted=reason)

    def halt_for(self, error: Exception) -> None:
        """End the current drain early because of this failure of a server."""
        stash_error = error if isinstance(error, StashUnavailable | StashSchemaError) else None
        self.report = replace(self.report, halted=reason_of(error), stash_error=stash_error)

    def on_success(self, outcome: Outcome) -> None:
        """Let the throttle and the circuit breaker know that a scene was synced."""
        self._throttle.on_result(ok=True)
        # An outcome without items says nothing about Plex: no request was sent.
        if outcome.items:
            self._attribution.succeeded()
            self._circuit.succeeded()

    def of_failure(self, ctx: SyncContext, job: Job, error: Exception, title: str) -> Outcome:
        """Return the outcome of a failed job; Stash's absence also halts the drain.

        A failure that opens the breaker, or fails its half-open test, spends no attempt.
        """
        was_closed = self._circuit.breaker.state is BreakerStatus.CLOSED
        self.report_to_breaker(ctx, error)
        is_closed = self._circuit.breaker.state is BreakerStatus.CLOSED
        does_count = rule_for(error).signal is BreakerSignal.COUNT
        spend = not does_count or self._attribution.counts_against_job(
            job.subject, was_closed=was_closed, is_closed=is_closed
        )
        if was_closed and not is_closed:
            self._store.refund_attempts(self._attribution.jobs_to_refund())
        if isinstance(error, StashUnavailable):
            self.halt_for(error)
        return decide_outcome(job, error, self._rng, spend=spend, title=title)

    def report_to_breaker(self, ctx: SyncContext, error: Exception) -> None:
        """Report an error of Plex to the throttle and the breaker; ignore any other error."""
        if not isinstance(error, PlexError):
            return
        has_answered = rule_for(error).signal is BreakerSignal.NONE
        self._throttle.on_result(ok=has_answered)
        if has_answered:
            self._circuit.succeeded()
        else:
            self._circuit.failed(error, ctx.plex)

    def apply(self, ctx: SyncContext, job: Job, outcome: Outcome, took_s: float) -> None:
        """Change the job's row as the outcome demands, then report it to the listeners."""
        now, counts = ctx.clock.wall(), counters_for(outcome, utc_day(ctx.clock))
        match outcome.disposition:
            case Disposition.COMPLETE:
                self._store.complete(job, counts)
            case Disposition.RETRY:
                due_at = now + outcome.wait_s
                self._store.retry_at(
                    job, due_at, outcome.reason, attempts=outcome.attempts, counts=counts
                )
            case Disposition.RELEASE:
                # An open breaker delays the job itself; a closed one would let it spin.
                is_closed = self._circuit.breaker.state is BreakerStatus.CLOSED
                due_at = now + max(outcome.wait_s, RELEASE_DELAY_S if is_closed else 0.0)
                self._store.retry_at(
                    job, due_at, outcome.reason, attempts=outcome.attempts, counts=counts
                )
            case Disposition.DEAD_LETTER:
                self._store.dead_letter(
                    job,
                    title=outcome.title,
                    reason=outcome.reason,
                    message=outcome.message,
                    candidates=outcome.candidates,
                    counts=counts,
                )
        self._checkpoint("drain.settled")
        self.report = self.report.including(outcome)
        notify_listeners(self._on_job_finished, JobFinished(job, outcome, took_s), ctx.log)

    def release(self, jobs: Sequence[Job], reason: str = "") -> None:
        """Return claimed jobs to the queue without spending an attempt."""
        for job in jobs:
            self._store.release(job, reason)

    def release_and_halt(self, jobs: Sequence[Job], error: Exception) -> None:
        """Release the jobs because a server is away, and end the drain."""
        self.release(jobs, reason_of(error))
        self.halt_for(error)
