"""Runs the circuit breaker: decides from results of jobs and probes how many jobs may run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

from core.clock import Clock
from core.errors import PlexAccessError, PlexError, PlexUnavailable, reason_of
from core.log import EventLog
from plex.client import PlexClient
from sync_queue.notices import Notices
from sync_queue.store import BATCH, JobStore
from worker.resilience import breaker as transitions
from worker.resilience.breaker import FILE_NAME as BREAKER_FILE
from worker.resilience.breaker import (
    BreakerStatus,
    BreakerTransition,
    CircuitState,
    CircuitStateFile,
)
from worker.resilience.outages import FILE_NAME as OUTAGES_FILE
from worker.resilience.outages import OutageRecorder
from worker.resilience.retry_policy import BreakerSignal, rule_for

OnTransition = Callable[[BreakerTransition], None]

# if so many jobs fail the half-open test and none passes, Plex is at fault
MIN_FAILED_JOBS = 3

MAX_JOBS = {BreakerStatus.CLOSED: BATCH, BreakerStatus.HALF_OPEN: 1, BreakerStatus.OPEN: 0}
REASONS = {
    BreakerStatus.HALF_OPEN: "the health check succeeded",
    BreakerStatus.CLOSED: "the half-open test succeeded",
}


def _discard(breaker: CircuitState) -> None:
    """Save nothing: the default for a breaker that is not stored."""


class CircuitBreaker:
    """Holds the state of the circuit breaker; only the worker changes it.

    Args:
        clock: the time of transitions and probes.
        rng: spreads the delays between probes.
        log: gets one `breaker.transition` per transition.
        breaker: the stored state.
        on_transition: called in order after each transition, and when access turns out denied.
        save: called with every state that a restarted worker needs.
    """

    def __init__(
        self,
        clock: Clock,
        rng: Random,
        log: EventLog,
        breaker: CircuitState | None = None,
        on_transition: Sequence[OnTransition] = (),
        save: Callable[[CircuitState], object] = _discard,
    ) -> None:
        self._clock = clock
        self._rng = rng
        self._log = log
        self._on_transition = tuple(on_transition)
        self._save = save
        self.breaker = breaker or CircuitState()

    @property
    def max_jobs(self) -> int:
        """Return how many jobs may be claimed now: a batch, one, or none."""
        return MAX_JOBS[self.breaker.state]

    def succeeded(self) -> None:
        """Record that Plex did its part in a job or in an authenticated request."""
        self._transition(transitions.on_success(self.breaker, self._clock.wall()))

    def failed(self, error: Exception, plex: PlexClient) -> None:
        """Record that a job or a shared read failed; a health check confirms an outage.

        `RULES` says what a class of error means: denied access and a confirmed outage open the
        breaker immediately, other countable failures after five in a row.
        """
        signal, now = rule_for(error).signal, self._clock.wall()
        reason = f"{reason_of(error)}: {error}"
        if signal is BreakerSignal.REFUSED:
            self._trip(reason, now, refused=True)
        elif signal is BreakerSignal.DOWN and not self._is_healthy(plex):
            self._trip(reason, now)
        elif signal in (BreakerSignal.DOWN, BreakerSignal.COUNT):
            self._transition(transitions.on_failure(self.breaker, reason, now, self._rng))

    def probe(self, plex: PlexClient) -> None:
        """Ask Plex if the probe is due; HALF_OPEN if it is healthy again."""
        if not transitions.probe_is_due(self.breaker, self._clock.wall()):
            return
        try:
            plex.check_identity()
            plex.sections()
        except PlexError as error:
            self._on_failed_probe(error)
        else:
            self._transition(transitions.half_open(self.breaker))

    def half_open_test(self, plex: PlexClient) -> None:
        """Let an authenticated request decide: half-open with no job due.

        Any failure opens the breaker again, also one that says nothing about Plex where a job
        meets it, such as a 404: no job waits for this answer, so only the delay between probes
        keeps the worker from asking with every tick.
        """
        try:
            plex.sections()
        except PlexError as error:
            self._on_failed_probe(error)
        else:
            self.succeeded()

    def settings_changed(self) -> None:
        """Probe immediately: the address or the token is another one."""
        if self.breaker.state is BreakerStatus.OPEN:
            self._transition(transitions.probe_now(self.breaker, self._clock.wall()))

    def _on_failed_probe(self, error: PlexError) -> None:
        refused = self.breaker.refused or isinstance(error, PlexAccessError)
        self._trip(f"{reason_of(error)}: {error}", self._clock.wall(), refused=refused)

    def _trip(self, reason: str, now: float, *, refused: bool = False) -> None:
        opened = transitions.trip(self.breaker, reason, now, self._rng, refused=refused)
        self._transition(opened)

    def _is_healthy(self, plex: PlexClient) -> bool:
        try:
            plex.check_identity()
        except PlexUnavailable:
            return False
        except PlexError:
            # Plex answered, although with an error
            return True
        return True

    def _transition(self, new: CircuitState) -> None:
        old, self.breaker = self.breaker, new
        # the schedule of the probes is saved as well, not only the transitions
        stays_closed = {old.state, new.state} == {BreakerStatus.CLOSED}
        if new != old and not stays_closed:
            self._save(new)
        # failures in a row and probes change the state, but are no transition
        if (old.state, old.refused) == (new.state, new.refused):
            return

        self._log.warning(
            "breaker.transition",
            old=old.state.value,
            new=new.state.value,
            reason=new.reason if new.state is BreakerStatus.OPEN else REASONS[new.state],
            since=int(old.since) or None,
        )
        for notify in self._on_transition:
            notify(BreakerTransition(old, new))


@dataclass(slots=True)
class FailureAttribution:
    """Decides whether a failure of Plex counts against the job that met it.

    An attempt is spent only by a job that fails by itself. If several jobs failed in a row and the
    breaker opens, Plex was at fault, and their attempts are refunded. A job that fails the
    half-open test twice although Plex answers the health check is at fault itself: a single bad job
    would otherwise keep the breaker open. If several jobs fail the test, none is at fault: Plex
    reads but does not write, as with a locked database, and every job would become a dead letter.

    Attributes:
        streak: subjects of countable failures in a row.
        tested: subjects that failed the half-open test.
    """

    streak: list[str] = field(default_factory=list)
    tested: set[str] = field(default_factory=set)

    def succeeded(self) -> None:
        """Start a new streak: Plex did its part."""
        self.streak.clear()
        self.tested.clear()

    def counts_against_job(self, subject: str, *, was_closed: bool, is_closed: bool) -> bool:
        """Return True if a countable failure of this job is its own."""
        if was_closed and is_closed:
            self.streak.append(subject)
            return True
        if was_closed:
            return False
        is_second = subject in self.tested
        if len(self.tested) < MIN_FAILED_JOBS:
            self.tested.add(subject)
        return is_second and len(self.tested) < MIN_FAILED_JOBS

    def jobs_to_refund(self) -> tuple[str, ...]:
        """Return the subjects to refund now that the breaker opened; () if one failed alone."""
        subjects = tuple(dict.fromkeys(self.streak))
        self.streak.clear()
        return subjects if len(subjects) > 1 else ()


def load_circuit(
    data_dir: Path,
    clock: Clock,
    rng: Random,
    log: EventLog,
    store: JobStore,
    notices: Notices,
    on_transition: Sequence[OnTransition],
) -> CircuitBreaker:
    """Return the circuit breaker as it was saved; its transitions also go to the history.

    A corrupt file is reported to the user and replaced by its default.

    Args:
        data_dir: the folder of both files.
        clock: the time of transitions and probes.
        rng: spreads the delays between probes.
        log: gets transitions, corrupt files and failed saves.
        store: counts the jobs that an outage affects.
        notices: gets a warning per corrupt file.
        on_transition: called after the history has recorded a transition.
    """
    file = CircuitStateFile(data_dir, clock)
    breaker, warning = file.load()
    outages = OutageRecorder(data_dir, clock, partial(_log_failed_save, log, OUTAGES_FILE))
    outages.sync_with_breaker(breaker)
    for file_name, text in ((BREAKER_FILE, warning), (OUTAGES_FILE, outages.warning)):
        if text:
            log.warning("state.corrupt", file=file_name, detail=text)
            notices.add(f"state:{file_name}", "warning", text, clock.wall())

    def count_affected(event: BreakerTransition) -> None:
        # before the history ends the outage
        if event.new.state is BreakerStatus.CLOSED:
            due, _, running = store.counts()
            outages.add_affected_jobs(due + running)

    listeners = (count_affected, outages.on_breaker_transition, *on_transition)
    save = partial(_save_breaker, log, file)
    return CircuitBreaker(clock, rng, log, breaker, listeners, save)


def _save_breaker(log: EventLog, file: CircuitStateFile, breaker: CircuitState) -> None:
    _log_failed_save(log, BREAKER_FILE, file.save(breaker))


def _log_failed_save(log: EventLog, file_name: str, detail: str) -> None:
    if detail:
        log.warning("state.save_failed", file=file_name, detail=detail)
