"""What each kind of failure does to the job and to the breaker: one table, one judge."""

import traceback
from dataclasses import dataclass
from enum import Enum
from random import Random

from core.errors import (
    AmbiguousMatch,
    ConfigurationError,
    Fenced,
    InvalidScene,
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
    StashUnavailable,
    WeakMatch,
)
from core.job import Job
from core.outcome import Disposition, Outcome
from worker.resilience.backoff import NOT_FOUND_WAITS_S, full_jitter, not_found_delay

BACKOFF_BASE_S = 5.0
BACKOFF_CAP_S = 80.0


class BreakerSignal(Enum):
    """What a failure tells the breaker."""

    NONE = "none"  # the server did its part
    COUNT = "count"  # one more in a row
    DOWN = "down"  # a health check decides at once
    REFUSED = "refused"  # open, until an authenticated request succeeds


class RetryMode(Enum):
    """How a job waits after a failure."""

    NEVER = "never"  # done or dead at once
    RECOVERY = "recovery"  # until the server is back; nothing is spent
    BACKOFF = "backoff"
    SCHEDULE = "looks"  # the schedule for files that Plex does not have yet


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: how the job waits, after how many attempts it is buried, what the breaker hears."""

    wait: RetryMode
    attempts: int
    signal: BreakerSignal = BreakerSignal.NONE


RULES: dict[type[Exception], Rule] = {
    PlexUnavailable: Rule(RetryMode.RECOVERY, 0, BreakerSignal.DOWN),
    PlexTemporaryError: Rule(RetryMode.BACKOFF, 5, BreakerSignal.COUNT),
    PlexAccessError: Rule(RetryMode.RECOVERY, 0, BreakerSignal.REFUSED),
    PlexNotFound: Rule(RetryMode.SCHEDULE, len(NOT_FOUND_WAITS_S) + 1),
    StaleMatch: Rule(RetryMode.BACKOFF, 5),
    AmbiguousMatch: Rule(RetryMode.NEVER, 1),
    WeakMatch: Rule(RetryMode.NEVER, 1),
    MatchError: Rule(RetryMode.NEVER, 1),
    PlexRejected: Rule(RetryMode.NEVER, 1),
    PlexError: Rule(RetryMode.BACKOFF, 5, BreakerSignal.COUNT),
    StashUnavailable: Rule(RetryMode.RECOVERY, 0),
    ConfigurationError: Rule(RetryMode.RECOVERY, 0),
    Fenced: Rule(RetryMode.RECOVERY, 0),
    SceneDeleted: Rule(RetryMode.NEVER, 1),
    SceneHasNoFile: Rule(RetryMode.NEVER, 1),
    PoisonJob: Rule(RetryMode.NEVER, 1),
    InvalidScene: Rule(RetryMode.BACKOFF, 3),
    PlexSyncError: Rule(RetryMode.BACKOFF, 3),
    Exception: Rule(RetryMode.BACKOFF, 3),  # our own bug: the others go on
}


def rule_for(error: BaseException) -> Rule:
    """The row of the error's nearest ancestor; the row of Exception always answers."""
    return next(RULES[kind] for kind in type(error).__mro__ if kind in RULES)


def decide_outcome(
    job: Job, error: Exception, rng: Random, *, spend: bool = True, title: str = ""
) -> Outcome:
    """The outcome of a failed attempt. `spend` False: the failure was not the job's own.

    Examples:
        >>> job = Job(1, "scene:42", "update", 0, enqueued_at=0.0, attempts=4)
        >>> decide_outcome(job, PlexUnavailable("no connection"), Random(7)).disposition
        <Disposition.RELEASE: 'release'>
        >>> decide_outcome(job, PlexTemporaryError("Plex answered 500"), Random(7)).disposition
        <Disposition.DEAD_LETTER: 'bury'>
    """
    rule = rule_for(error)
    attempts = job.attempts + 1 if spend and rule.wait is not RetryMode.RECOVERY else job.attempts
    if rule.wait is RetryMode.RECOVERY:
        fate, wait_s = Disposition.RELEASE, 0.0
    elif spend and attempts >= rule.attempts:
        fate, wait_s = Disposition.DEAD_LETTER, 0.0
    else:
        fate, wait_s = Disposition.RETRY, _wait_s(rule, attempts, rng)
    return Outcome(
        fate,
        error=type(error),
        message=_message(error),
        candidates=_candidates(error),
        wait_s=wait_s,
        attempts=attempts,
        title=title,
    )


def _wait_s(rule: Rule, attempts: int, rng: Random) -> float:
    if rule.wait is RetryMode.SCHEDULE:
        return not_found_delay(attempts, rng)
    return full_jitter(attempts, BACKOFF_BASE_S, BACKOFF_CAP_S, rng)


def _message(error: Exception) -> str:
    """For people: what happened and what to do; for a bug of ours its traceback."""
    if isinstance(error, PlexSyncError):
        what = str(error).strip()
        if isinstance(error, AmbiguousMatch | WeakMatch) and what:
            return f"{error.advice} ({what})"  # the evidence means little to whoever reads it first
        return f"{what}{'' if what.endswith(('.', ')', '!')) or not what else '.'} {error.advice}".strip()
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    return "PlexSync has a bug; please report this:\n" + "".join(lines)[-4000:]


def _candidates(error: Exception) -> tuple[str, ...]:
    if isinstance(error, PlexNotFound):
        return error.paths  # so that the letter revives itself when the index gains the file
    if isinstance(error, MatchError):
        return tuple(candidate.describe() for candidate in error.candidates)
    return ()
