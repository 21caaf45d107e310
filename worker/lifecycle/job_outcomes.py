"""Turn the failure of a job into an outcome, and apply every outcome to the queue."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from core.errors import (
    MatchError,
    PlexError,
    PlexNotFound,
    PlexTemporaryError,
    StashUnavailable,
    reason_of,
)
from core.events import JobFinished
from core.job import IMAGE, Job
from core.outcome import Disposition, Outcome
from plex.client import PlexClient
from sync_queue.follow_up import FollowUp
from sync_queue.records import Records
from sync_queue.store import Completion
from worker.lifecycle.drain_deps import DrainDeps
from worker.lifecycle.isolation import notify_listeners
from worker.lifecycle.renamed_files import RenamedFiles
from worker.reporting.stats import counters_for
from worker.resilience.breaker import BreakerStatus
from worker.resilience.circuit import FailureAttribution
from worker.resilience.retry_policy import (
    BreakerSignal,
    decide_outcome,
    failure_text,
    rule_for,
    settle_images,
)

# A job whose server failed without opening the breaker is due again after this delay.
RELEASE_DELAY_S = 2.0


@dataclass(frozen=True, slots=True)
class DrainReport:
    """Count the outcomes of one drain, and hold what ended it early.

    Attributes:
        done, waiting, dead, wrote: the counts.
        is_stopped: the caller wanted it to end.
        failure: the server's error that ended it; None for no error.
    """

    done: int = 0
    waiting: int = 0
    dead: int = 0
    wrote: int = 0
    is_stopped: bool = False
    failure: Exception | None = None

    @property
    def is_halted(self) -> bool:
        """Return True if the drain ended although jobs may be due."""
        return self.is_stopped or self.failure is not None

    @property
    def halted_by(self) -> str:
        """Return what ended the drain early, for the log; "" for nothing.

        Examples:
            >>> DrainReport(failure=StashUnavailable("no answer")).halted_by
            'StashUnavailable'
        """
        if self.failure is not None:
            return reason_of(self.failure)
        return "stopped" if self.is_stopped else ""

    def including(self, outcome: Outcome) -> "DrainReport":
        """Return the report with one more outcome."""
        is_waiting = outcome.disposition in (Disposition.RETRY, Disposition.RELEASE)
        return DrainReport(
            self.done + (outcome.disposition is Disposition.COMPLETE),
            self.waiting + is_waiting,
            self.dead + (outcome.disposition is Disposition.DEAD_LETTER),
            self.wrote + bool(outcome.wrote),
            self.is_stopped,
            self.failure,
        )


class JobOutcomes:
    """Makes exactly one transition per claimed job and keeps the report of one drain.

    `attribution` outlives the drain: it counts failures of jobs in a row.
    """

    def __init__(
        self,
        deps: DrainDeps,
        attribution: FailureAttribution,
        plex: PlexClient,
        records: Records,
        renamed: RenamedFiles,
    ) -> None:
        self._store = deps.store
        self._circuit = deps.circuit
        self._throttle = deps.throttle
        self._rng = deps.rng
        self._clock = deps.clock
        self._log = deps.log
        self._on_job_finished = tuple(deps.on_job_finished)
        self._checkpoint = deps.checkpoint
        self._attribution = attribution
        self._plex = plex
        self._records = records
        self.report = DrainReport()
        self._renamed = renamed

    @property
    def is_halted(self) -> bool:
        """Return True if something has ended this drain early."""
        return self.report.is_halted

    @property
    def _is_open(self) -> bool:
        """Return True once the breaker is open: then only a probe says something about Plex.

        Requests that were in flight when it opened may still end.
        """
        return self._circuit.breaker.state is BreakerStatus.OPEN

    def stop(self) -> None:
        """End the drain early, because its caller wants it to."""
        self.report = replace(self.report, is_stopped=True)

    def on_success(self, outcome: Outcome) -> None:
        """Let the throttle and the circuit breaker know that a scene was synced."""
        if outcome.failed_images and not outcome.wrote:
            # Plex answered reads: that proves neither that it takes writes nor that it does not.
            return
        self._throttle.on_result(ok=True)
        if self._is_open:
            return
        # An outcome without items says nothing about Plex: no request was sent.
        if outcome.items:
            self._attribution.succeeded()
            self._circuit.succeeded()

    def of_failure(self, job: Job, error: Exception, title: str) -> Outcome:
        """Return the outcome of a failed job; Stash's absence also halts the drain.

        A failure that opens the breaker, or fails its half-open test, spends no attempt; nor does
        one of a request that was in flight when the breaker opened.
        """
        was_open = self._is_open
        was_closed = self._circuit.breaker.state is BreakerStatus.CLOSED
        self.report_to_breaker(error)
        is_closed = self._circuit.breaker.state is BreakerStatus.CLOSED
        does_count = rule_for(error).signal is BreakerSignal.COUNT
        spend = not does_count
        if does_count and not was_open:
            spend = self._attribution.counts_against_job(
                job.subject, was_closed=was_closed, is_closed=is_closed
            )
        if was_closed and not is_closed:
            self._store.refund_attempts(self._attribution.jobs_to_refund())
        if isinstance(error, StashUnavailable):
            self._halt(error)
        outcome = decide_outcome(job, error, self._rng, spend=spend, title=title)
        if isinstance(error, PlexNotFound | MatchError) and error.hint:
            self._log.warning("paths.reversed", scene=job.scene_id, detail=error.hint)
        if isinstance(error, PlexNotFound) and outcome.disposition is Disposition.DEAD_LETTER:
            error.hint = error.hint or self._renamed.hint(job.scene_id, error)
            outcome = replace(outcome, message=failure_text(error))
        return outcome

    def report_to_breaker(self, error: Exception) -> None:
        """Report an error of Plex to the throttle and the breaker; ignore any other error."""
        if not isinstance(error, PlexError):
            return
        has_answered = rule_for(error).signal is BreakerSignal.NONE
        self._throttle.on_result(ok=has_answered)
        if self._is_open:
            return
        if has_answered:
            self._circuit.succeeded()
        else:
            self._circuit.failed(error, self._plex)

    def apply(self, job: Job, outcome: Outcome, took_s: float) -> None:
        """Do `apply_all` for one job."""
        self.apply_all([JobFinished(job, outcome, took_s)])

    def apply_all(self, finished: Sequence[JobFinished]) -> None:
        """Save what the jobs have recorded and change their rows as the outcomes demand, then
        report them.

        All are one transaction: a job is repeated, or everything about it is known.
        """
        settled = [
            JobFinished(event.job, settle_images(event.job, event.outcome, self._rng), event.took_s)
            for event in finished
        ]
        now = self._clock.wall()
        with self._store.transaction():
            self._records.save_all(
                [record for event in settled for record in event.outcome.records]
            )
            completed = [
                Completion(event.job, counters_for(event.outcome, now), follow_up_of(event.outcome))
                for event in settled
                if event.outcome.disposition is Disposition.COMPLETE
            ]
            self._store.complete_all(completed)
            for event in settled:
                if event.outcome.disposition is not Disposition.COMPLETE:
                    self._move(event.job, event.outcome, now)
        for event in settled:
            self._checkpoint("drain.settled")
            self.report = self.report.including(event.outcome)
            notify_listeners(self._on_job_finished, event, self._log)

    def _move(self, job: Job, outcome: Outcome, now: float) -> None:
        """Change the row of a job that is not complete."""
        counts = counters_for(outcome, now)
        match outcome.disposition:
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

    def release(self, jobs: Iterable[Job], reason: str = "") -> None:
        """Return claimed jobs to the queue without spending an attempt."""
        for job in jobs:
            self._store.release(job, reason)

    def release_and_halt(self, jobs: Sequence[Job], error: Exception) -> None:
        """Release the jobs because a server is away, and end the drain."""
        self.release(jobs, reason_of(error))
        self._halt(error)

    def _halt(self, error: Exception) -> None:
        self.report = replace(self.report, failure=error)


def follow_up_of(outcome: Outcome) -> FollowUp | None:
    """Return the job that sends the images again which Plex failed to take; None for none."""
    if not outcome.failed_images:
        return None
    return FollowUp(IMAGE, outcome.wait_s, PlexTemporaryError.__name__)
