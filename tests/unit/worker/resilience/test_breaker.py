"""The breaker against a model of a few lines, over random histories."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from worker.resilience import breaker as moves
from worker.resilience.breaker import (
    FAILURES_TO_OPEN,
    MAX_PROBE_DELAY_S,
    BreakerStatus,
    CircuitState,
)

EVENTS = ("success", "failure", "confirmed down", "refused", "healthy")


def step(breaker: CircuitState, event: str, now: float) -> CircuitState:
    """What the gate does with one event."""
    rng = Random(7)
    if event == "success":
        return moves.on_success(breaker, now)
    if event == "failure":
        return moves.on_failure(breaker, "why", now, rng)
    if event == "confirmed down":
        return moves.trip(breaker, "why", now, rng)
    if event == "refused":
        return moves.trip(breaker, "why", now, rng, refused=True)
    return moves.half_open(breaker) if breaker.state is BreakerStatus.OPEN else breaker


def model(state: BreakerStatus, row: int, event: str) -> tuple[BreakerStatus, int]:
    """The same in three lines; `row` is the number of failures in a row while closed."""
    if event == "success":
        return BreakerStatus.CLOSED, 0
    if event == "healthy":
        return (BreakerStatus.HALF_OPEN, 0) if state is BreakerStatus.OPEN else (state, row)
    opens = event != "failure" or state is not BreakerStatus.CLOSED or row + 1 >= FAILURES_TO_OPEN
    return (BreakerStatus.OPEN, 0) if opens else (BreakerStatus.CLOSED, row + 1)


@given(st.lists(st.sampled_from(EVENTS), max_size=60))
def test_over_any_history_the_breaker_agrees_with_its_model(history: list[str]) -> None:
    breaker, state, row = CircuitState(), BreakerStatus.CLOSED, 0

    for number, event in enumerate(history):
        breaker = step(breaker, event, float(number))
        state, row = model(state, row, event)

        assert (breaker.state, breaker.failures) == (state, row)


@given(st.lists(st.sampled_from(EVENTS), max_size=60))
def test_an_access_error_is_kept_until_the_next_transition(
    history: list[str],
) -> None:
    breaker = CircuitState()

    for number, event in enumerate(history):
        breaker = step(breaker, event, float(number))

        assert not breaker.refused or breaker.state is not BreakerStatus.CLOSED
        if event == "refused":
            assert breaker.refused


@given(st.integers(1, 2000), st.integers(0, 2**32))
def test_the_gaps_between_probes_stay_within_their_bounds(failures: int, seed: int) -> None:
    breaker, rng = CircuitState(), Random(seed)

    for _ in range(failures):
        breaker = moves.trip(breaker, "why", 0.0, rng)

    assert 4.5 <= breaker.next_probe_at <= MAX_PROBE_DELAY_S
    assert breaker.since == 0.0


def test_the_beginning_of_an_outage_is_kept_through_failed_tests() -> None:
    breaker = moves.trip(CircuitState(), "down", 100.0, Random(7))
    breaker = moves.half_open(breaker)
    breaker = moves.on_failure(breaker, "still down", 200.0, Random(7))

    assert (breaker.state, breaker.since, breaker.probes) == (BreakerStatus.OPEN, 100.0, 2)


def test_a_probe_is_due_when_its_gap_is_over_and_only_while_open() -> None:
    breaker = moves.trip(CircuitState(), "down", 100.0, Random(7))

    assert not moves.probe_is_due(breaker, breaker.next_probe_at - 0.1)
    assert moves.probe_is_due(breaker, breaker.next_probe_at)
    assert not moves.probe_is_due(moves.half_open(breaker), 1e12)
    assert not moves.probe_is_due(CircuitState(), 1e12)


def test_a_clock_that_jumps_back_does_not_put_the_probe_off() -> None:
    breaker = moves.trip(CircuitState(), "down", 1_000_000.0, Random(7))

    assert moves.probe_is_due(breaker, 900_000.0)


def test_other_settings_bring_the_probe_forward() -> None:
    breaker = moves.trip(CircuitState(), "refused", 100.0, Random(7), refused=True)

    assert moves.probe_is_due(moves.probe_now(breaker, 100.0), 100.0)
    assert moves.probe_now(breaker, 100.0).refused


def test_a_success_while_nothing_was_wrong_changes_nothing() -> None:
    breaker = CircuitState()

    assert moves.on_success(breaker, 5.0) is breaker
