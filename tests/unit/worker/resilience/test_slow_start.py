"""After an outage Plex gets one job, then a few, then many; whatever the clock does."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.clocks import FakeClock
from worker.resilience.throttle import (
    FILE_NAME,
    FULL_RATE,
    MAX_STEP_S,
    MIN_RESULTS,
    RAMP_S,
    SLOTS,
    START_RATE,
    SlowStart,
    slow_start_file,
)

START = 1_700_000_000.0
STEPS_S = st.one_of(
    st.floats(0.0, 2.0),
    st.floats(-1e9, 1e9),
    st.sampled_from([0.0, -3_600.0, 3_600.0, 86_400.0, 1e15, -1e15]),
)
MOVES = st.lists(
    st.tuples(STEPS_S, st.sampled_from(["admit", "good", "bad", "advance"])), max_size=60
)


def aged(age_s: float) -> SlowStart:
    """A ramp of that age with a full bucket."""
    return replace(SlowStart.start(START), age_s=age_s, refilled_at=START + age_s)


def after_results(ramp: SlowStart, good: int, bad: int) -> SlowStart:
    for ok in [True] * good + [False] * bad:
        ramp = ramp.record_result(ok, ramp.refilled_at)
    return ramp


def play(moves: list[tuple[float, str]]) -> SlowStart:
    ramp, now = SlowStart.start(START), START
    for step_s, move in moves:
        now += step_s
        if move == "admit":
            ramp, _ = ramp.acquire(now)
        elif move == "advance":
            ramp = ramp.refill(now)
        else:
            ramp = ramp.record_result(move == "good", now)
    return ramp


# -- the rate --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age_s", "jobs_per_s"),
    [
        (0.0, 1.0),
        (75.0, 5.75),
        (150.0, 10.5),
        (240.0, 16.2),
        (300.0, 20.0),
        (500.0, 20.0),
    ],
)
def test_the_rate_grows_from_1_to_20_jobs_a_second_in_5_min(
    age_s: float, jobs_per_s: float
) -> None:
    ramp = SlowStart.start(START)

    for tenth in range(1, 11):
        ramp = ramp.refill(START + age_s * tenth / 10.0)

    assert ramp.rate == pytest.approx(jobs_per_s)


def test_a_ramp_is_over_after_five_minutes_and_not_before() -> None:
    ramp, ages = SlowStart.start(START), []

    for second in range(1, int(RAMP_S) + 1):
        ramp = ramp.refill(START + second)
        ages.append(ramp.is_over)

    assert ages == [False] * (int(RAMP_S) - 1) + [True]


def test_nothing_waits_when_the_ramp_is_over() -> None:
    ramp, waits = aged(RAMP_S), []

    for _ in range(100):
        ramp, wait_s = ramp.acquire(ramp.refilled_at)
        waits.append(wait_s)

    assert set(waits) == {0.0}


def test_the_first_job_starts_immediately_the_second_after_1_s() -> None:
    ramp, first_s = SlowStart.start(START).acquire(START)

    ramp, second_s = ramp.acquire(START)

    assert first_s == 0.0
    assert second_s == pytest.approx(1.0)


def test_asking_while_waiting_takes_no_token() -> None:
    ramp, _ = SlowStart.start(START).acquire(START)

    for _ in range(50):
        ramp, _ = ramp.acquire(START + 0.5)
    ramp, wait_s = ramp.acquire(START + 1.0)

    assert wait_s == 0.0


def test_a_long_pause_saves_up_one_job_only() -> None:
    ramp, _ = SlowStart.start(START).acquire(START)

    ramp, first_s = ramp.acquire(START + 50.0)
    ramp, second_s = ramp.acquire(START + 50.0)

    assert first_s == 0.0
    assert second_s > 0.0


def test_waiting_as_returned_drains_3000_jobs_in_a_ramp() -> None:
    ramp, now, jobs = SlowStart.start(START), START, 0

    while not ramp.is_over:
        ramp, wait_s = ramp.acquire(now)
        jobs += wait_s == 0.0
        now += wait_s

    assert now - START == pytest.approx(RAMP_S, abs=2.0)
    assert 3_000 <= jobs <= 3_152


# -- errors return ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("good", "bad", "throttled"),
    [
        (0, MIN_RESULTS - 1, False),  # too few to say anything
        (0, MIN_RESULTS, True),
        (7, 3, False),  # exactly 30 % is not past it
        (6, 4, True),
        (69, 31, True),
        (100, 0, False),
    ],
)
def test_the_rate_is_halved_when_more_than_three_of_ten_fail(
    good: int, bad: int, throttled: bool
) -> None:
    ramp = after_results(aged(150.0), good, bad)

    assert ramp.throttled is throttled
    assert ramp.rate == pytest.approx(5.25 if throttled else 10.5)


@pytest.mark.parametrize(
    ("more_good", "throttled"),
    [
        (10, True),  # 20 % of 20: between the two shares it stays
        (30, True),  # exactly 10 % is not below it
        (31, False),
    ],
)
def test_the_rate_returns_when_less_than_one_of_ten_fails(more_good: int, throttled: bool) -> None:
    ramp = after_results(aged(150.0), 6, 4)

    ramp = after_results(ramp, more_good, 0)

    assert ramp.throttled is throttled


def test_failures_are_forgotten_after_a_minute() -> None:
    ramp = after_results(aged(100.0), 0, 20)

    ramp = ramp.refill(ramp.refilled_at + 50.0).refill(ramp.refilled_at + 60.0)
    ramp = after_results(ramp, MIN_RESULTS, 0)

    assert not ramp.throttled


def test_a_throttled_ramp_ends_after_five_minutes_too() -> None:
    ramp = after_results(aged(290.0), 0, 20)

    ramp = ramp.refill(ramp.refilled_at + 10.0)

    assert ramp.is_over


# -- the clock jumps -------------------------------------------------------------------------------


@pytest.mark.parametrize("jump_s", [-1e9, -3_600.0, -0.1])
def test_a_clock_set_back_stalls_nothing(jump_s: float) -> None:
    ramp, _ = aged(150.0).acquire(START + 150.0)

    ramp, wait_s = ramp.acquire(START + 150.0 + jump_s)
    _, again_s = ramp.acquire(START + 150.0 + jump_s + wait_s + 0.01)

    assert wait_s <= 2.0
    assert again_s == 0.0


@pytest.mark.parametrize("jump_s", [3_600.0, 86_400.0, 1e9])
def test_a_clock_set_forward_ends_no_ramp_and_floods_nothing(jump_s: float) -> None:
    ramp = SlowStart.start(START).refill(START + jump_s)

    ramp, first_s = ramp.acquire(START + jump_s)
    ramp, second_s = ramp.acquire(START + jump_s)

    assert ramp.age_s == MAX_STEP_S
    assert first_s == 0.0 < second_s


# -- what always holds -----------------------------------------------------------------------------


@given(MOVES)
def test_rate_and_bucket_stay_in_their_limits(
    moves: list[tuple[float, str]],
) -> None:
    ramp = play(moves)

    assert START_RATE / 2.0 <= ramp.rate <= FULL_RATE
    assert 0.0 <= ramp.tokens <= 1.0
    assert 0.0 <= ramp.age_s <= RAMP_S
    assert len(ramp.results) <= SLOTS


@given(MOVES, STEPS_S)
def test_never_two_tokens_together(moves: list[tuple[float, str]], step_s: float) -> None:
    ramp = play(moves)
    now = ramp.refilled_at + step_s

    ramp, _ = ramp.acquire(now)
    ramp, second_s = ramp.acquire(now)

    assert ramp.is_over or second_s > 0.0


@given(MOVES)
def test_a_wait_is_never_longer_than_two_seconds(moves: list[tuple[float, str]]) -> None:
    ramp = play(moves)

    _, wait_s = ramp.acquire(ramp.refilled_at)

    assert 0.0 <= wait_s <= 2.0 + 1e-6


@given(st.lists(st.floats(-5.0, 5.0), max_size=100), st.floats(0.0, RAMP_S / 2.0))
def test_the_tokens_of_any_window_are_bounded_by_its_length(
    steps_s: list[float], age_s: float
) -> None:
    ramp, tokens, passed_s = aged(age_s), 0, 0.0
    now = ramp.refilled_at

    for step_s in steps_s:
        now += step_s
        passed_s += max(0.0, step_s)
        ramp, wait_s = ramp.acquire(now)
        if ramp.is_over:
            break
        tokens += wait_s == 0.0

    assert tokens <= 1.0 + passed_s * ramp.rate + 1e-3


@given(MOVES)
def test_a_ramp_survives_a_restart_as_it_was(moves: list[tuple[float, str]]) -> None:
    ramp = play(moves)

    with tempfile.TemporaryDirectory() as folder:
        file = slow_start_file(Path(folder), FakeClock())
        file.save(ramp)

        assert (file.load(), file.warning) == (ramp, "")


@pytest.mark.parametrize(
    "change",
    [
        {"age_s": -1.0},
        {"age_s": 301.0},
        {"age_s": float("nan")},
        {"tokens": 2.0},
        {"tokens": None},
        {"started_at": "yesterday"},
        {"started_at": float("inf")},
        {"refilled_at": 10**400},
        {"throttled": "perhaps"},
        {"results": [[1, 2]]},
        {"results": [[0, -1, 0]]},
        {"results": [[0, 1, 0]] * 13},
        {"results": 7},
    ],
)
def test_an_invalid_document_is_quarantined(tmp_path: Path, change: dict[str, Any]) -> None:
    file = slow_start_file(tmp_path, FakeClock())
    file.save(SlowStart.start(START))
    path = tmp_path / FILE_NAME
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **change}), "utf-8")

    assert file.load() is None
    assert file.warning == "ramp.json is corrupt; it was renamed to ramp.json.corrupt and reset."


def test_without_a_file_there_is_no_ramp(tmp_path: Path) -> None:
    file = slow_start_file(tmp_path, FakeClock())

    assert (file.load(), file.warning) == (None, "")
