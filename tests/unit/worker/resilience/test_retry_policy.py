"""What each failure does to the job and to the breaker, row by row."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import (
    AmbiguousMatch,
    ConfigurationError,
    Fenced,
    InvalidScene,
    LibraryMissing,
    PlexAccessError,
    PlexError,
    PlexNotFound,
    PlexRejected,
    PlexTemporaryError,
    PlexUnavailable,
    PoisonJob,
    SceneDeleted,
    SceneHasNoFile,
    StaleMatch,
    StashQueryError,
    StashUnavailable,
    WeakMatch,
    error_classes,
)
from core.job import Job
from core.match import Candidate, CandidateEntry, Evidence, PlexFile
from core.outcome import Disposition, FailedImage, Outcome
from worker.resilience.retry_policy import (
    BACKOFF_BASE_S,
    BACKOFF_CAP_S,
    IMAGE_WAITS_S,
    NOT_FOUND_WAITS_S,
    RULES,
    BreakerSignal,
    decide_outcome,
    exponential_delay,
    full_jitter,
    image_delay,
    not_found_delay,
    rule_for,
    settle_images,
)

# error, first disposition, attempts until the dead letter (None: never), signal to the breaker
TABLE: list[tuple[Exception, Disposition, int | None, BreakerSignal]] = [
    (PlexUnavailable("x"), Disposition.RELEASE, None, BreakerSignal.DOWN),
    (PlexTemporaryError("x"), Disposition.RETRY, 5, BreakerSignal.COUNT),
    (PlexNotFound("x"), Disposition.RETRY, 12, BreakerSignal.NONE),
    (LibraryMissing("x"), Disposition.RETRY, None, BreakerSignal.NONE),
    (StaleMatch("x"), Disposition.RETRY, 5, BreakerSignal.NONE),
    (AmbiguousMatch("x"), Disposition.DEAD_LETTER, 1, BreakerSignal.NONE),
    (WeakMatch("x"), Disposition.DEAD_LETTER, 1, BreakerSignal.NONE),
    (PlexAccessError("x"), Disposition.RELEASE, None, BreakerSignal.REFUSED),
    (PlexRejected("x"), Disposition.DEAD_LETTER, 1, BreakerSignal.NONE),
    (PlexError("x"), Disposition.RETRY, 5, BreakerSignal.COUNT),
    (StashUnavailable("x"), Disposition.RELEASE, None, BreakerSignal.NONE),
    (StashQueryError("x"), Disposition.RETRY, 3, BreakerSignal.NONE),
    (ConfigurationError("x"), Disposition.RELEASE, None, BreakerSignal.NONE),
    (Fenced("x"), Disposition.RELEASE, None, BreakerSignal.NONE),
    (SceneDeleted("x"), Disposition.DEAD_LETTER, 1, BreakerSignal.NONE),
    (SceneHasNoFile("x"), Disposition.DEAD_LETTER, 1, BreakerSignal.NONE),
    (PoisonJob("x"), Disposition.DEAD_LETTER, 1, BreakerSignal.NONE),
    (InvalidScene("x"), Disposition.RETRY, 3, BreakerSignal.NONE),
    (ZeroDivisionError("x"), Disposition.RETRY, 3, BreakerSignal.NONE),
]


def job(attempts: int = 0) -> Job:
    return Job(1, "scene:1", "update", 0, 0.0, attempts)


def named(row: object) -> str:
    return type(row).__name__ if isinstance(row, Exception) else str(row)


@pytest.mark.parametrize(("error", "fate", "attempts", "signal"), TABLE, ids=named)
def test_each_failure_has_its_disposition_and_signal(
    error: Exception, fate: Disposition, attempts: int | None, signal: BreakerSignal
) -> None:
    outcome = decide_outcome(job(), error, Random(7))

    assert (outcome.disposition, rule_for(error).signal) == (fate, signal)
    assert outcome.error is type(error)


@pytest.mark.parametrize(("error", "fate", "attempts", "signal"), TABLE, ids=named)
def test_a_failure_is_dead_lettered_at_its_last_attempt_or_never(
    error: Exception, fate: Disposition, attempts: int | None, signal: BreakerSignal
) -> None:
    tried = job()
    fates = []
    for _ in range(20):
        outcome = decide_outcome(tried, error, Random(7))
        fates.append(outcome.disposition)
        tried = job(outcome.attempts)
        if outcome.disposition is Disposition.DEAD_LETTER:
            break

    assert (len(fates) if fates[-1] is Disposition.DEAD_LETTER else None) == attempts


@pytest.mark.parametrize(
    "error", [row[0] for row in TABLE if row[1] is Disposition.RELEASE], ids=named
)
def test_waiting_for_a_server_spends_nothing(error: Exception) -> None:
    outcome = decide_outcome(job(3), error, Random(7))

    assert (outcome.attempts, outcome.wait_s) == (3, 0.0)


@given(st.integers(0, 10_000))
def test_a_foreign_failure_spends_and_dead_letters_nothing(
    attempts: int,
) -> None:
    outcome = decide_outcome(job(attempts), PlexTemporaryError("x"), Random(7), spend=False)

    assert (outcome.disposition, outcome.attempts) == (Disposition.RETRY, attempts)
    assert 1.0 <= outcome.wait_s <= 80.0


def test_a_first_missing_file_is_retried_after_half_a_minute() -> None:
    outcome = decide_outcome(job(), PlexNotFound("x"), Random(7))

    assert 27.0 <= outcome.wait_s <= 33.0


def test_every_class_has_a_rule_or_its_ancestors_rule() -> None:
    without = [
        kind for kind in error_classes() if kind.__module__ == "core.errors" and kind not in RULES
    ]

    assert without == []
    assert Exception in RULES


def test_a_dead_letter_names_what_to_do() -> None:
    outcome = decide_outcome(job(), PlexRejected("Plex does not take date."), Random(7))

    assert outcome.message == f"Plex does not take date. {PlexRejected('').advice}"


def test_a_bug_shows_its_traceback() -> None:
    def broken() -> None:
        raise ZeroDivisionError("made for this test")

    with pytest.raises(ZeroDivisionError) as caught:
        broken()
    outcome = decide_outcome(job(2), caught.value, Random(7))

    assert "please report" in outcome.message
    assert "in broken" in outcome.message
    assert len(outcome.message) < 4100


def test_a_dead_letter_lists_the_candidates() -> None:
    candidate = Candidate(PlexFile("/media/a.mp4", 1, 7, 1), Evidence.NAME_ONLY, "/data/a.mp4")

    outcome = decide_outcome(job(), AmbiguousMatch("x", candidates=(candidate,)), Random(7))

    assert outcome.candidates == (candidate.entry(),)


def test_a_missing_file_names_the_paths_that_would_requeue_it() -> None:
    outcome = decide_outcome(job(11), PlexNotFound("x", paths=("/media/a.mp4",)), Random(7))

    assert (outcome.disposition, outcome.candidates) == (
        Disposition.DEAD_LETTER,
        (CandidateEntry("/media/a.mp4"),),
    )


@pytest.mark.parametrize("kind", [AmbiguousMatch, WeakMatch])
def test_an_uncertain_match_starts_with_what_to_do(
    kind: type[AmbiguousMatch | WeakMatch],
) -> None:
    outcome = decide_outcome(job(), kind("name_only 0.4, gap 0.0 to the next file"), Random(7))

    assert outcome.message == f"{kind('').advice} (name_only 0.4, gap 0.0 to the next file)"


attempts = st.integers(0, 10_000)
seeds = st.integers(0, 2**32)


@given(attempts, seeds)
def test_a_backoff_is_between_a_second_and_its_cap(attempt: int, seed: int) -> None:
    wait = full_jitter(attempt, BACKOFF_BASE_S, BACKOFF_CAP_S, Random(seed))

    assert BACKOFF_BASE_S / 5 <= wait <= BACKOFF_CAP_S


@given(attempts, seeds)
def test_a_backoff_never_exceeds_the_doubling_of_its_base(attempt: int, seed: int) -> None:
    wait = full_jitter(attempt, 5.0, 80.0, Random(seed))

    assert wait <= 5.0 * 2.0 ** max(attempt - 1, 0) if attempt < 10 else wait <= 80.0


@given(attempts, st.floats(0.1, 100), st.floats(0.1, 100), seeds)
def test_a_cap_below_the_base_holds(attempt: int, base: float, cap: float, seed: int) -> None:
    assert 0 < full_jitter(attempt, base, cap, Random(seed)) <= max(cap, min(base, cap))


def test_jitter_spreads_jobs_that_failed_together() -> None:
    rng = Random(7)

    waits = {round(full_jitter(5, 5.0, 80.0, rng)) for _ in range(100)}

    assert len(waits) > 20


@given(attempts, seeds)
def test_a_look_for_a_missing_file_waits_its_row_of_the_table(attempt: int, seed: int) -> None:
    wait = not_found_delay(attempt, Random(seed))

    planned = NOT_FOUND_WAITS_S[min(max(attempt, 1), len(NOT_FOUND_WAITS_S)) - 1]
    assert planned * 0.9 <= wait <= planned * 1.1


def test_the_looks_for_a_missing_file_last_about_two_hours() -> None:
    minutes = [round(wait / 60, 1) for wait in NOT_FOUND_WAITS_S]

    assert minutes == [0.5, 1, 2, 4, 8, 10, 15, 15, 20, 20, 25]
    assert sum(minutes) == pytest.approx(120, abs=1)


@given(attempts, seeds)
def test_the_probe_delay_grows_to_its_maximum(failures: int, seed: int) -> None:
    gap = exponential_delay(failures, 5.0, 60.0, Random(seed))

    assert 4.5 <= gap <= 60.0
    if failures >= 5:
        assert gap >= 54.0


# -- images ---------------------------------------------------------------------------------------

SCENE = Job(1, "scene:42", "update", 0, enqueued_at=0.0)


def failed_images(*images: FailedImage) -> Outcome:
    return Outcome(Disposition.COMPLETE, wrote=("title",), failed_images=images)


def test_an_image_waits_longer_after_each_failure() -> None:
    waits = [image_delay(number, Random(7)) or 0.0 for number in range(1, len(IMAGE_WAITS_S) + 1)]

    assert waits == sorted(waits)
    assert image_delay(len(IMAGE_WAITS_S) + 1, Random(7)) is None


def test_a_failed_image_leaves_the_scene_done() -> None:
    outcome = settle_images(SCENE, failed_images(FailedImage("poster", "500", 1)), Random(7))

    assert (outcome.disposition, outcome.wrote) == (Disposition.COMPLETE, ("title",))
    assert 27.0 <= outcome.wait_s <= 33.0


def test_after_the_last_retry_images_are_dead_letters_by_name() -> None:
    last = len(IMAGE_WAITS_S) + 1
    images = (FailedImage("poster", "500", 1), FailedImage("background", "500", last))

    outcome = settle_images(SCENE, failed_images(*images), Random(7))

    assert (outcome.disposition, outcome.error) == (Disposition.DEAD_LETTER, PlexTemporaryError)
    assert outcome.message.startswith("Plex did not take the poster and background of scene 42")


def test_an_outcome_without_images_stays_as_it_is() -> None:
    outcome = Outcome(Disposition.COMPLETE, wrote=("title",))

    assert settle_images(SCENE, outcome, Random(7)) == outcome
