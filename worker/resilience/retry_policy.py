"""Decides what a failure means for its job and the circuit breaker, and how long jobs wait."""

import traceback
from dataclasses import dataclass
from enum import Enum
from random import Random

from core.errors import (
    AmbiguousMatch,
    ConfigurationError,
    Fenced,
    InvalidScene,
    LibraryMissing,
    MatchError,
    PlexAccessError,
    PlexError,
    PlexNotFound,
    PlexRejected,
    PlexSyncError,
    PlexTemporaryError,
    PlexUnavailable,
    PoisonJob,
    SceneDeleted,
    SceneHasNoFile,
    StaleMatch,
    StashQueryError,
    StashUnavailable,
    WeakMatch,
)
from core.job import Job
from core.outcome import Disposition, Outcome

BACKOFF_BASE_S = 5.0
BACKOFF_CAP_S = 80.0
NOT_FOUND_WAITS_S = (30.0, 60.0, 120.0, 240.0, 480.0, 600.0, 900.0, 900.0, 1200.0, 1200.0, 1500.0)
"""Seconds before each retry for a file that Plex does not have yet: about two hours in all."""
LIBRARY_WAIT_S = 1800.0  # for a missing library; a poll that finds it ends the wait
LIBRARY_POLL_S = 30.0
LIBRARY_POLL_LATER_S = 300.0


class BreakerSignal(Enum):
    """Says what a failure means to the circuit breaker."""

    NONE = "none"  # the server did its part
    COUNT = "count"  # one more in a row
    DOWN = "down"  # a health check decides immediately
    REFUSED = "refused"  # open, until an authenticated request succeeds


class RetryMode(Enum):
    """Says how a job waits after a failure."""

    NEVER = "never"  # complete or dead-lettered immediately
    RECOVERY = "recovery"  # until the server is back; nothing is spent
    BACKOFF = "backoff"
    LIBRARY = "library"  # until the libraries are complete; nothing is spent
    SCHEDULE = "looks"  # the schedule for files that Plex does not have yet


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: how the job waits, its maximum attempts, and the signal to the breaker."""

    wait: RetryMode
    attempts: int
    signal: BreakerSignal = BreakerSignal.NONE

    @property
    def spends_attempts(self) -> bool:
        """Return False if such a failure is never the job's own, so that it waits without end."""
        return self.wait not in (RetryMode.RECOVERY, RetryMode.LIBRARY)


RULES: dict[type[Exception], Rule] = {
    PlexUnavailable: Rule(RetryMode.RECOVERY, 0, BreakerSignal.DOWN),
    PlexTemporaryError: Rule(RetryMode.BACKOFF, 5, BreakerSignal.COUNT),
    PlexAccessError: Rule(RetryMode.RECOVERY, 0, BreakerSignal.REFUSED),
    PlexNotFound: Rule(RetryMode.SCHEDULE, len(NOT_FOUND_WAITS_S) + 1),
    LibraryMissing: Rule(RetryMode.LIBRARY, 0),
    StaleMatch: Rule(RetryMode.BACKOFF, 5),
    AmbiguousMatch: Rule(RetryMode.NEVER, 1),
    WeakMatch: Rule(RetryMode.NEVER, 1),
    MatchError: Rule(RetryMode.NEVER, 1),
    PlexRejected: Rule(RetryMode.NEVER, 1),
    PlexError: Rule(RetryMode.BACKOFF, 5, BreakerSignal.COUNT),
    StashUnavailable: Rule(RetryMode.RECOVERY, 0),
    StashQueryError: Rule(RetryMode.BACKOFF, 3),
    ConfigurationError: Rule(RetryMode.RECOVERY, 0),
    Fenced: Rule(RetryMode.RECOVERY, 0),
    SceneDeleted: Rule(RetryMode.NEVER, 1),
    SceneHasNoFile: Rule(RetryMode.NEVER, 1),
    PoisonJob: Rule(RetryMode.NEVER, 1),
    InvalidScene: Rule(RetryMode.BACKOFF, 3),
    PlexSyncError: Rule(RetryMode.BACKOFF, 3),
    Exception: Rule(RetryMode.BACKOFF, 3),  # a bug of PlexSync: the other jobs continue
}


def rule_for(error: BaseException) -> Rule:
    """Return the row of the error's nearest ancestor; Exception has one."""
    return next(RULES[kind] for kind in type(error).__mro__ if kind in RULES)


def decide_outcome(
    job: Job, error: Exception, rng: Random, *, spend: bool = True, title: str = ""
) -> Outcome:
    """Return the outcome of a failed attempt. `spend` False: the failure was not the job's own.

    Examples:
        >>> job = Job(1, "scene:42", "update", 0, enqueued_at=0.0, attempts=4)
        >>> decide_outcome(job, PlexUnavailable("no connection"), Random(7)).disposition.name
        'RELEASE'
        >>> decide_outcome(job, PlexTemporaryError("Plex answered 500"), Random(7)).disposition.name
        'DEAD_LETTER'
    """
    rule = rule_for(error)
    spend = spend and rule.spends_attempts
    attempts = job.attempts + 1 if spend else job.attempts
    if rule.wait is RetryMode.RECOVERY:
        disposition, wait_s = Disposition.RELEASE, 0.0
    elif spend and attempts >= rule.attempts:
        disposition, wait_s = Disposition.DEAD_LETTER, 0.0
    else:
        disposition, wait_s = Disposition.RETRY, _wait_s(rule, attempts, rng)
    return Outcome(
        disposition,
        error=type(error),
        message=failure_text(error),
        candidates=_candidates(error),
        wait_s=wait_s,
        attempts=attempts,
        title=title,
    )


def full_jitter(attempt: int, base_s: float, cap_s: float, rng: Random) -> float:
    """Return the seconds before try `attempt` + 1: at least a fifth of `base_s`, at most `cap_s`.

    Attempts count from 1.

    Examples:
        >>> waits = [full_jitter(attempt, 5.0, 80.0, Random(7)) for attempt in (1, 2, 3, 9)]
        >>> [round(wait, 1) for wait in waits]
        [2.3, 3.9, 7.2, 26.6]
    """
    ceiling = min(cap_s, base_s * 2.0 ** min(max(attempt, 1) - 1, 30))
    return rng.uniform(min(base_s, ceiling) / 5.0, ceiling)


def not_found_delay(attempt: int, rng: Random) -> float:
    """Return the seconds after retry `attempt` (from 1), +-10 %; the last wait repeats."""
    wait_s = NOT_FOUND_WAITS_S[min(max(attempt, 1), len(NOT_FOUND_WAITS_S)) - 1]
    return wait_s * rng.uniform(0.9, 1.1)


def library_poll_interval(*, has_waiting: bool, has_dead_letters: bool) -> float | None:
    """Return the seconds between two polls of the libraries for missing files; None if none is.

    A job waits for its file for about two hours; its dead letter waits with longer intervals.
    """
    if has_waiting:
        return LIBRARY_POLL_S
    return LIBRARY_POLL_LATER_S if has_dead_letters else None


def exponential_delay(failures: int, first_s: float, max_s: float, rng: Random) -> float:
    """Return the seconds before the next probe after `failures` in a row: doubling, +-10 %."""
    delay_s = min(max_s, first_s * 2.0 ** min(max(failures, 1) - 1, 30))
    return min(max_s, delay_s * rng.uniform(0.9, 1.1))


def _wait_s(rule: Rule, attempts: int, rng: Random) -> float:
    if rule.wait is RetryMode.LIBRARY:
        return LIBRARY_WAIT_S * rng.uniform(0.9, 1.1)
    if rule.wait is RetryMode.SCHEDULE:
        return not_found_delay(attempts, rng)
    return full_jitter(attempts, BACKOFF_BASE_S, BACKOFF_CAP_S, rng)


def failure_text(error: Exception) -> str:
    """Return what happened and what to do; for a bug of PlexSync its traceback."""
    if isinstance(error, PlexSyncError):
        text = str(error).strip()
        # the evidence of a match means little to a user who has not read the advice
        if isinstance(error, AmbiguousMatch | WeakMatch) and text:
            return f"{error.advice} ({text})"
        if text and not text.endswith((".", ")", "!")):
            text += "."
        return f"{text} {error.advice}".strip()
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    return "PlexSync has a bug; please report this:\n" + "".join(lines)[-4000:]


def _candidates(error: Exception) -> tuple[str, ...]:
    if isinstance(error, PlexNotFound):
        # the dead letter requeues itself when the index gains one of these files
        return error.paths
    if isinstance(error, MatchError):
        return tuple(candidate.describe() for candidate in error.candidates)
    return ()
