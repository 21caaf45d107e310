"""PlexSync steps back when Plex is slow or says so, and comes forward again in steps."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.resilience.pace import (
    LEVELS,
    PUSHED_BACK,
    RESPONSES_PER_STEP,
    WINDOW,
    AdaptivePacing,
    answered,
)

USUAL_S = 0.2
ANSWERS = st.lists(
    st.tuples(st.floats(0.0, 60.0), st.sampled_from([200, 400, 429, 500, 503])), max_size=200
)


def after(pace: AdaptivePacing, count: int, took_s: float, status: int = 200) -> AdaptivePacing:
    for _ in range(count):
        pace = answered(pace, took_s, status)
    return pace


def usual() -> AdaptivePacing:
    """A pace that knows how long Plex usually takes."""
    return after(AdaptivePacing(), 2 * WINDOW, USUAL_S)


def test_at_first_four_requests_may_be_under_way_without_a_pause() -> None:
    pace = AdaptivePacing()

    assert (pace.in_flight, pace.pause_s) == (4, 0.0)


@pytest.mark.parametrize(
    ("took_s", "in_flight"),
    [
        (USUAL_S, 4),
        (2.5 * USUAL_S, 4),  # slower, but not three times as slow
        (4.0 * USUAL_S, 1),
        (20.0, 1),
    ],
)
def test_fewer_requests_are_in_flight_when_answers_slow_down(took_s: float, in_flight: int) -> None:
    pace = after(usual(), 80, took_s)

    assert pace.in_flight == in_flight


def test_a_very_slow_plex_is_given_a_second_before_each_job() -> None:
    pace = after(usual(), 80, 5.0)

    assert pace.pause_s == 1.0


def test_one_slow_answer_among_many_changes_nothing() -> None:
    pace = usual()

    for _ in range(20):
        pace = after(answered(pace, 30.0), 9, USUAL_S)

    assert pace.level == 0


def test_three_times_next_to_nothing_is_no_strain() -> None:
    pace = after(AdaptivePacing(), 60, 0.005)

    pace = after(pace, 60, 0.05)

    assert pace.level == 0


@pytest.mark.parametrize("status", sorted(PUSHED_BACK))
def test_each_answer_that_says_too_much_steps_back_once(status: int) -> None:
    pace, seen = usual(), []

    for _ in range(6):
        pace = answered(pace, 0.01, status)
        seen.append((pace.in_flight, pace.pause_s))

    assert seen == [*LEVELS[1:], LEVELS[-1], LEVELS[-1]]


@pytest.mark.parametrize("status", [200, 201, 400, 404])
def test_other_answers_do_not_step_back(status: int) -> None:
    pace = after(usual(), 20, USUAL_S, status)

    assert pace.level == 0


def test_the_time_of_a_refusal_is_not_taken_for_an_answer_time() -> None:
    pace = usual()

    refused = after(pace, 40, 0.0001, 503)

    assert (refused.recent_s, refused.baseline_s) == (pace.recent_s, pace.baseline_s)


def test_recovery_takes_ten_good_answers_per_step() -> None:
    pace = after(usual(), 9, 0.01, 429)

    levels = []
    for _ in range(len(LEVELS)):
        pace = after(pace, RESPONSES_PER_STEP - 1, USUAL_S)
        levels.append(pace.level)
        pace = answered(pace, USUAL_S)

    assert levels == [4, 3, 2, 1, 0]


def test_a_refusal_in_the_middle_of_a_recovery_steps_back_again() -> None:
    pace = after(usual(), 3, 0.01, 429)

    pace = answered(after(pace, RESPONSES_PER_STEP, USUAL_S), 0.01, 429)

    assert pace.level == 3


def test_an_early_overload_is_recovered_from() -> None:
    pace = after(AdaptivePacing(), 4, 0.01, 503)

    pace = after(pace, 4 * RESPONSES_PER_STEP, USUAL_S)

    assert pace.level == 0


def test_a_plex_that_stays_slow_counts_as_usual_in_the_end() -> None:
    pace = after(usual(), 80, 1.0)

    pace = after(pace, 2_000, 1.0)

    assert pace.level == 0


def test_a_plex_that_became_faster_is_measured_by_its_new_speed() -> None:
    pace = after(after(AdaptivePacing(), 2 * WINDOW, 2.0), 300, USUAL_S)

    pace = after(pace, 80, 1.0)

    assert pace.in_flight == 1


@given(ANSWERS)
def test_the_level_stays_in_its_limits_and_moves_by_one(
    answers: list[tuple[float, int]],
) -> None:
    paces = [AdaptivePacing()]
    for took_s, status in answers:
        paces.append(answered(paces[-1], took_s, status))

    assert all(1 <= pace.in_flight <= 4 and 0.0 <= pace.pause_s <= 1.0 for pace in paces)
    assert all(abs(later.level - earlier.level) <= 1 for earlier, later in pairwise(paces))
    assert all(len(pace.recent_s) <= WINDOW for pace in paces)


@given(ANSWERS)
def test_good_answers_always_bring_the_full_pace_back(answers: list[tuple[float, int]]) -> None:
    pace = AdaptivePacing()
    for took_s, status in answers:
        pace = answered(pace, took_s, status)

    pace = after(pace, 200, 0.01)

    assert pace.level == 0
