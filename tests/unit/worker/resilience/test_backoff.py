"""Every wait is bounded for every number of attempts."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.resilience.backoff import (
    NOT_FOUND_WAITS_S,
    exponential_delay,
    full_jitter,
    not_found_delay,
)
from worker.resilience.retry_policy import BACKOFF_BASE_S, BACKOFF_CAP_S

attempts = st.integers(0, 10_000)
seeds = st.integers(0, 2**32)


@given(attempts, seeds)
def test_a_backoff_is_at_least_a_second_and_at_most_its_cap(attempt: int, seed: int) -> None:
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
