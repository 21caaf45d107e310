"""Decides what a failure means for its job and the circuit breaker, and how long jobs wait."""

import traceback
from dataclasses import dataclass, replace
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
    StashSchemaError,
    StashUnavailable,
    WeakMatch,
)
from core.job import Job, display_name
from core.match import CandidateEntry
from core.outcome import Disposition, Outcome

BACKOFF_BASE_S = 5.0
BACKOFF_CAP_S = 80.0
NOT_FOUND_WAITS_S = (30.0, 60.0, 120.0, 240.0, 480.0, 600.0, 900.0, 900.0, 1200.0, 1200.0, 1500.0)
"""Seconds before each retry for a file that Plex does not have yet: about two hours in all."""
LIBRARY_WAIT_S = 1800.0  # for a missing library; a poll that finds it ends the wait
IMAGE_WAITS_S = (30.0, 60.0, 300.0, 600.0, 1200.0)
"""Seconds before each retry of an image that Plex failed to take: about 40 minutes in all."""
LIBRARY_POLL_S = 30.0
# A query that Stash's schema does not allow is tried again after this long: Stash or PlexSync may
# have been updated.
SCHEMA_RETRY_S = 600.0
LIBRARY_POLL_LATER_S = 300.0
# So long after an item vanished or a file changed the libraries are polled as for a waiting job.
CLOSE_WATCH_S = 7_200.0


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
    """One row: how the job waits, its maximum attempts, and the signal to the breaker.

    `wait_s` is how many seconds a job waits for a recovery that nothing reports.
    """

    wait: RetryMode
    attempts: int
    signal: BreakerSignal = BreakerSignal.NONE
    wait_s: float = 0.0

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
    StashSchemaError: Rule(RetryMode.RECOVERY, 0, wait_s=SCHEMA_RETRY_S),
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
        disposition, wait_s = Disposition.RELEASE, rule.wait_s
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


def settle_images(job: Job, outcome: Outcome, rng: Random) -> Outcome:
    """Return the outcome with what follows from images that Plex failed to take.

    The scene is done and its images are retried; after the last retry they are a dead letter.
    """
    if not outcome.failed_images:
        return outcome
    failures = max(image.count for image in outcome.failed_images)
    wait_s = image_delay(failures, rng)
    if wait_s is not None:
        return replace(outcome, wait_s=wait_s)
    names = " and ".join(dict.fromkeys(image.name for image in outcome.failed_images))
    text = outcome.failed_images[0].text
    advice = "The other fields are written. PlexSync sends it again with the scene's next sync."
    return replace(
        outcome,
        disposition=Disposition.DEAD_LETTER,
        result=None,
        error=PlexTemporaryError,
        message=f"Plex did not take the {names} of {display_name(job.subject)} ({text}). {advice}",
        attempts=failures,
        warnings=(*outcome.warnings, f"{names}: {text}, {failures} times"),
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


def image_delay(failures: int, rng: Random) -> float | None:
    """Return the seconds, +-10 %, before an image is sent again; None after the last retry.

    `failures` are those in a row, from 1.

    Examples:
        >>> [image_delay(failures, Random(7)) is None for failures in (1, 5, 6)]
        [False, False, True]
    """
    if failures > len(IMAGE_WAITS_S):
        return None
    return IMAGE_WAITS_S[failures - 1] * rng.uniform(0.9, 1.1)


def library_poll_interval(
    *, has_waiting: bool, has_dead_letters: bool, watched_for: float | None = None
) -> float | None:
    """Return the seconds between two polls of the libraries; None if nothing waits for Plex.

    A job waits for its file for about two hours; its dead letter waits with longer intervals.
    `watched_for` says for how many seconds the libraries have been watched because an item
    vanished or a file changed; None if they are not.
    """
    if has_waiting or (watched_for is not None and watched_for < CLOSE_WATCH_S):
        return LIBRARY_POLL_S
    return LIBRARY_POLL_LATER_S if has_dead_letters or watched_for is not None else None


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


def _candidates(error: Exception) -> tuple[CandidateEntry, ...]:
    if isinstance(error, PlexNotFound):
        # the dead letter requeues itself when the index gains one of these files
        return tuple(CandidateEntry(path) for path in error.paths)
    if isinstance(error, MatchError):
        return tuple(candidate.entry() for candidate in error.candidates)
    return ()
