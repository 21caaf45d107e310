"""PlexSync steps back when Plex is slow or says so, and comes forward again in steps."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.resilience.pacing import (
    LEVELS,
    OVERLOADED,
    RESPONSES_PER_STEP,
    WINDOW,
    AdaptivePacing,
)

USUAL_S = 0.2
ANSWERS = st.lists(
    st.tuples(st.floats(0.0, 60.0), st.sampled_from([200, 400, 429, 500, 503])), max_size=200
)


def after(pacing: AdaptivePacing, count: int, took_s: float, status: int = 200) -> AdaptivePacing:
    for _ in range(count):
        pacing = pacing.on_response(took_s, status)
    return pacing


def usual() -> AdaptivePacing:
    """A pace that knows how long Plex usually takes."""
    return after(AdaptivePacing(), 2 * WINDOW, USUAL_S)


def test_at_first_four_requests_may_be_under_way_without_a_pause() -> None:
    pacing = AdaptivePacing()

    assert (pacing.in_flight, pacing.pause_s) == (4, 0.0)


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
    pacing = after(usual(), 80, took_s)

    assert pacing.in_flight == in_flight


def test_a_very_slow_plex_is_given_a_second_before_each_job() -> None:
    pacing = after(usual(), 80, 5.0)

    assert pacing.pause_s == 1.0


def test_one_slow_answer_among_many_changes_nothing() -> None:
    pacing = usual()

    for _ in range(20):
        pacing = after(pacing.on_response(30.0), 9, USUAL_S)

    assert pacing.level == 0


def test_three_times_next_to_nothing_is_no_strain() -> None:
    pacing = after(AdaptivePacing(), 60, 0.005)

    pacing = after(pacing, 60, 0.05)

    assert pacing.level == 0


@pytest.mark.parametrize("status", sorted(OVERLOADED))
def test_each_answer_of_overload_steps_back_once(status: int) -> None:
    pacing, seen = usual(), []

    for _ in range(6):
        pacing = pacing.on_response(0.01, status)
        seen.append((pacing.in_flight, pacing.pause_s))

    assert seen == [*LEVELS[1:], LEVELS[-1], LEVELS[-1]]


@pytest.mark.parametrize("status", [200, 201, 400, 404])
def test_other_answers_do_not_step_back(status: int) -> None:
    pacing = after(usual(), 20, USUAL_S, status)

    assert pacing.level == 0


def test_the_time_of_a_refusal_is_not_taken_for_an_answer_time() -> None:
    pacing = usual()

    refused = after(pacing, 40, 0.0001, 503)

    assert (refused.recent_s, refused.baseline_s) == (pacing.recent_s, pacing.baseline_s)


def test_recovery_takes_ten_good_answers_per_step() -> None:
    pacing = after(usual(), 9, 0.01, 429)

    levels = []
    for _ in range(len(LEVELS)):
        pacing = after(pacing, RESPONSES_PER_STEP - 1, USUAL_S)
        levels.append(pacing.level)
        pacing = pacing.on_response(USUAL_S)

    assert levels == [4, 3, 2, 1, 0]


def test_a_refusal_in_the_middle_of_a_recovery_steps_back_again() -> None:
    pacing = after(usual(), 3, 0.01, 429)

    pacing = after(pacing, RESPONSES_PER_STEP, USUAL_S).on_response(0.01, 429)

    assert pacing.level == 3


def test_an_early_overload_is_recovered_from() -> None:
    pacing = after(AdaptivePacing(), 4, 0.01, 503)

    pacing = after(pacing, 4 * RESPONSES_PER_STEP, USUAL_S)

    assert pacing.level == 0


def test_a_plex_that_stays_slow_counts_as_usual_in_the_end() -> None:
    pacing = after(usual(), 80, 1.0)

    pacing = after(pacing, 2_000, 1.0)

    assert pacing.level == 0


def test_a_plex_that_became_faster_is_measured_by_its_new_speed() -> None:
    pacing = after(after(AdaptivePacing(), 2 * WINDOW, 2.0), 300, USUAL_S)

    pacing = after(pacing, 80, 1.0)

    assert pacing.in_flight == 1


@given(ANSWERS)
def test_the_level_stays_in_its_limits_and_moves_by_one(
    answers: list[tuple[float, int]],
) -> None:
    paces = [AdaptivePacing()]
    for took_s, status in answers:
        paces.append(paces[-1].on_response(took_s, status))

    assert all(1 <= pacing.in_flight <= 4 and 0.0 <= pacing.pause_s <= 1.0 for pacing in paces)
    assert all(abs(later.level - earlier.level) <= 1 for earlier, later in pairwise(paces))
    assert all(len(pacing.recent_s) <= WINDOW for pacing in paces)


@given(ANSWERS)
def test_good_answers_always_bring_the_full_pace_back(answers: list[tuple[float, int]]) -> None:
    pacing = AdaptivePacing()
    for took_s, status in answers:
        pacing = pacing.on_response(took_s, status)

    pacing = after(pacing, 200, 0.01)

    assert pacing.level == 0
