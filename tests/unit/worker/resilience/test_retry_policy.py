"""What each failure does to the job and to the breaker, row by row."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import (
    AmbiguousMatch,
    BadScene,
    ConfigurationError,
    Fenced,
    NoFile,
    PlexError,
    PlexNotFound,
    PlexRefused,
    PlexRejected,
    PlexServerDown,
    PlexTemporaryError,
    SceneGone,
    StaleMatch,
    StashUnavailable,
    WeakMatch,
    WorkerDied,
    error_classes,
)
from core.job import Job
from core.match import Candidate, Evidence, PlexFile
from core.outcome import Fate
from stash.client import StashRefused
from worker.resilience.retry_policy import RULES, Signal, judge, rule_for

# error, fate of the first failure, attempts until the dead letter (None: never), what the breaker hears
TABLE: list[tuple[Exception, Fate, int | None, Signal]] = [
    (PlexServerDown("x"), Fate.RELEASE, None, Signal.DOWN),
    (PlexTemporaryError("x"), Fate.WAIT, 5, Signal.COUNT),
    (PlexNotFound("x"), Fate.WAIT, 12, Signal.NONE),
    (StaleMatch("x"), Fate.WAIT, 5, Signal.NONE),
    (AmbiguousMatch("x"), Fate.BURY, 1, Signal.NONE),
    (WeakMatch("x"), Fate.BURY, 1, Signal.NONE),
    (PlexRefused("x"), Fate.RELEASE, None, Signal.REFUSED),
    (PlexRejected("x"), Fate.BURY, 1, Signal.NONE),
    (PlexError("x"), Fate.WAIT, 5, Signal.COUNT),
    (StashUnavailable("x"), Fate.RELEASE, None, Signal.NONE),
    (StashRefused("x"), Fate.WAIT, 3, Signal.NONE),
    (ConfigurationError("x"), Fate.RELEASE, None, Signal.NONE),
    (Fenced("x"), Fate.RELEASE, None, Signal.NONE),
    (SceneGone("x"), Fate.BURY, 1, Signal.NONE),
    (NoFile("x"), Fate.BURY, 1, Signal.NONE),
    (WorkerDied("x"), Fate.BURY, 1, Signal.NONE),
    (BadScene("x"), Fate.WAIT, 3, Signal.NONE),
    (ZeroDivisionError("x"), Fate.WAIT, 3, Signal.NONE),
]


def job(attempts: int = 0) -> Job:
    return Job(1, "scene:1", "update", 0, 0.0, attempts)


def named(row: object) -> str:
    return type(row).__name__ if isinstance(row, Exception) else str(row)


@pytest.mark.parametrize(("error", "fate", "attempts", "signal"), TABLE, ids=named)
def test_each_failure_has_its_fate_and_its_signal(
    error: Exception, fate: Fate, attempts: int | None, signal: Signal
) -> None:
    outcome = judge(job(), error, Random(7))

    assert (outcome.fate, rule_for(error).signal) == (fate, signal)
    assert outcome.what == type(error).__name__


@pytest.mark.parametrize(("error", "fate", "attempts", "signal"), TABLE, ids=named)
def test_each_failure_is_buried_at_its_last_attempt_or_never(
    error: Exception, fate: Fate, attempts: int | None, signal: Signal
) -> None:
    tried = job()
    fates = []
    for _ in range(20):
        outcome = judge(tried, error, Random(7))
        fates.append(outcome.fate)
        tried = job(outcome.attempts)
        if outcome.fate is Fate.BURY:
            break

    assert (len(fates) if fates[-1] is Fate.BURY else None) == attempts


@pytest.mark.parametrize("error", [row[0] for row in TABLE if row[1] is Fate.RELEASE], ids=named)
def test_waiting_for_a_server_spends_nothing(error: Exception) -> None:
    outcome = judge(job(3), error, Random(7))

    assert (outcome.attempts, outcome.wait_s) == (3, 0.0)


@given(st.integers(0, 10_000))
def test_a_failure_that_is_not_the_jobs_own_spends_nothing_and_buries_nothing(attempts: int) -> None:
    outcome = judge(job(attempts), PlexTemporaryError("x"), Random(7), spend=False)

    assert (outcome.fate, outcome.attempts) == (Fate.WAIT, attempts)
    assert 1.0 <= outcome.wait_s <= 80.0


def test_a_first_look_for_a_missing_file_is_repeated_after_half_a_minute() -> None:
    outcome = judge(job(), PlexNotFound("x"), Random(7))

    assert 27.0 <= outcome.wait_s <= 33.0


def test_every_class_of_the_tree_has_a_row_of_its_own_or_of_its_nearest_ancestor() -> None:
    without = [kind for kind in error_classes() if kind.__module__ == "core.errors" and kind not in RULES]

    assert without == []
    assert Exception in RULES


def test_a_dead_letter_says_what_to_do() -> None:
    outcome = judge(job(), PlexRejected("Plex does not take date."), Random(7))

    assert outcome.message == f"Plex does not take date. {PlexRejected('').advice}"


def test_a_bug_of_ours_brings_its_traceback() -> None:
    def broken() -> None:
        raise ZeroDivisionError("made for this test")

    with pytest.raises(ZeroDivisionError) as caught:
        broken()
    outcome = judge(job(2), caught.value, Random(7))

    assert "please report" in outcome.message
    assert "in broken" in outcome.message
    assert len(outcome.message) < 4100


def test_a_dead_letter_lists_the_candidates() -> None:
    candidate = Candidate(PlexFile("/media/a.mp4", 1, 7, 1), Evidence.NAME_ONLY, "/data/a.mp4")

    outcome = judge(job(), AmbiguousMatch("x", candidates=(candidate,)), Random(7))

    assert outcome.candidates == (candidate.describe(),)


def test_a_missing_file_names_the_paths_that_would_revive_it() -> None:
    outcome = judge(job(11), PlexNotFound("x", paths=("/media/a.mp4",)), Random(7))

    assert (outcome.fate, outcome.candidates) == (Fate.BURY, ("/media/a.mp4",))


@pytest.mark.parametrize("kind", [AmbiguousMatch, WeakMatch])
def test_a_match_that_is_not_certain_says_first_what_to_do_and_then_the_evidence(
    kind: type[AmbiguousMatch | WeakMatch],
) -> None:
    outcome = judge(job(), kind("name_only 0.4, gap 0.0 to the next file"), Random(7))

    assert outcome.message == f"{kind('').advice} (name_only 0.4, gap 0.0 to the next file)"
