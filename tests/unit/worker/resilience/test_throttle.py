"""How fast jobs follow each other: the ramp after an outage, Plex's own pace otherwise."""

import json
from bisect import bisect_left
from itertools import pairwise
from pathlib import Path

import pytest

from sync_queue.store import BATCH
from tests.harness.captured_log import captured_log
from tests.harness.clocks import FakeClock
from worker.resilience.breaker import BreakerStatus, BreakerTransition, CircuitState
from worker.resilience.pacing import LEVELS
from worker.resilience.throttle import FILE_NAME, FULL_RATE, POLL_S, RAMP_S, Throttle

CLOSED = CircuitState(BreakerStatus.CLOSED)
HALF_OPEN = CircuitState(BreakerStatus.HALF_OPEN)
OPEN = CircuitState(BreakerStatus.OPEN)


class ThrottleHarness:
    """A throttle on a clock of its own, and what it logged."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.clock = FakeClock()
        self.log, self.lines = captured_log()
        self.throttle = self.new()

    def new(self) -> Throttle:
        """Return the throttle of another worker on the same folder."""
        return Throttle(self.data_dir, self.clock, self.log)

    def recover(self) -> None:
        """Report the recovery of Plex."""
        self.throttle.on_breaker_transition(BreakerTransition(HALF_OPEN, CLOSED))

    def turn(self) -> float:
        """Wait for the next token; return when it came."""
        assert self.throttle.acquire(lambda: False)
        return self.clock.now

    def turns_for(self, seconds: float) -> list[float]:
        """Return the start times of jobs that take no time."""
        end, starts = self.clock.now + seconds, []
        while self.throttle.ramp is not None and self.clock.now < end:
            starts.append(self.turn())
        return starts

    @property
    def events(self) -> list[str]:
        return [line.split()[0] for line in self.lines]


@pytest.fixture
def harness(tmp_path: Path) -> ThrottleHarness:
    return ThrottleHarness(tmp_path)


def test_in_ordinary_times_nothing_is_held_back(harness: ThrottleHarness) -> None:
    for _ in range(100):
        harness.turn()

    assert harness.clock.sleeps == []
    assert harness.throttle.batch_size == BATCH
    assert harness.throttle.ramp is None


def test_after_an_outage_it_begins_with_one_job_a_second(harness: ThrottleHarness) -> None:
    harness.recover()

    starts = harness.turns_for(4.0)
    gaps = [later - earlier for earlier, later in pairwise(starts)]

    assert gaps[0] == pytest.approx(1.0, abs=0.05)
    assert min(gaps) > 0.75
    assert harness.throttle.batch_size <= 15


def test_never_more_than_twenty_jobs_start_in_any_second(harness: ThrottleHarness) -> None:
    harness.recover()

    starts = harness.turns_for(RAMP_S - 1.0)
    busiest = max(bisect_left(starts, start + 1.0) - index for index, start in enumerate(starts))

    assert busiest <= FULL_RATE + 1
    assert len(starts) == pytest.approx(RAMP_S * (1.0 + FULL_RATE) / 2.0, rel=0.02)


def test_a_pause_of_the_jobs_saves_nothing_up(harness: ThrottleHarness) -> None:
    harness.recover()
    harness.turn()
    harness.clock.advance(30.0)

    started = harness.clock.now
    starts = [harness.turn() for _ in range(3)]

    assert starts[0] == started
    assert starts[1] > started
    assert starts[2] > starts[1]


def test_after_five_minutes_the_ramp_is_over(harness: ThrottleHarness) -> None:
    harness.recover()

    harness.turns_for(2.0 * RAMP_S)
    harness.clock.sleeps.clear()
    harness.turn()

    assert harness.throttle.ramp is None
    assert harness.clock.sleeps == []
    assert harness.events == ["slow_start.start", "slow_start.end"]


def test_a_ramp_without_a_job_is_over_after_five_minutes_as_well(harness: ThrottleHarness) -> None:
    harness.recover()

    for _ in range(620):
        harness.clock.advance(0.5)
        harness.throttle.tick()

    assert harness.throttle.ramp is None
    assert harness.new().ramp is None


def test_a_ramp_survives_a_restart_at_the_age_it_had(harness: ThrottleHarness) -> None:
    harness.recover()
    for _ in range(12):
        harness.clock.advance(10.0)
        harness.throttle.on_result(ok=True)
    before = harness.throttle.ramp
    harness.clock.advance(3600.0)

    after = harness.new().ramp

    assert before is not None
    assert after is not None
    assert after.rate == pytest.approx(before.rate, rel=0.1)
    assert after.rate > 7.0


def test_a_ramp_file_that_is_corrupt_holds_nothing_back(harness: ThrottleHarness) -> None:
    (harness.data_dir / FILE_NAME).write_text("[1, 2", encoding="utf-8")

    assert harness.new().ramp is None


def test_a_ramp_that_cannot_be_kept_works_all_the_same(harness: ThrottleHarness) -> None:
    (harness.data_dir / FILE_NAME).mkdir()

    harness.recover()

    assert harness.throttle.ramp is not None
    assert harness.events == ["slow_start.start", "state.save_failed"]


def test_the_rate_halves_while_plex_fails_and_recovers(harness: ThrottleHarness) -> None:
    harness.recover()
    harness.turns_for(100.0)
    full = harness.throttle.ramp
    for number in range(20):
        harness.throttle.on_result(ok=number % 2 == 0)
    halved = harness.throttle.ramp
    for _ in range(200):
        harness.throttle.on_result(ok=True)
    again = harness.throttle.ramp

    assert full is not None
    assert halved is not None
    assert again is not None
    assert halved.rate == pytest.approx(full.rate / 2.0)
    assert again.rate == pytest.approx(full.rate)
    assert harness.events == ["slow_start.start", "slow_start.throttled", "slow_start.resumed"]


def test_results_are_saved_every_ten_seconds(harness: ThrottleHarness) -> None:
    harness.recover()
    kept = (harness.data_dir / FILE_NAME).read_text("utf-8")
    harness.clock.advance(5.0)
    harness.throttle.on_result(ok=True)
    early = (harness.data_dir / FILE_NAME).read_text("utf-8")
    harness.clock.advance(6.0)
    harness.throttle.on_result(ok=True)

    assert early == kept
    assert json.loads((harness.data_dir / FILE_NAME).read_text("utf-8"))["age_s"] == pytest.approx(
        11.0
    )


def test_without_a_ramp_results_are_not_counted(harness: ThrottleHarness) -> None:
    for _ in range(50):
        harness.throttle.on_result(ok=False)

    assert harness.throttle.ramp is None
    assert not (harness.data_dir / FILE_NAME).exists()


def test_a_turn_that_was_not_used_is_the_next_jobs(harness: ThrottleHarness) -> None:
    harness.recover()
    first = harness.turn()

    harness.throttle.release()

    assert harness.turn() == first
    assert harness.turn() > first


def test_a_release_without_a_ramp_changes_nothing(harness: ThrottleHarness) -> None:
    harness.throttle.release()

    assert harness.throttle.ramp is None


def test_waiting_for_a_token_can_be_stopped(harness: ThrottleHarness) -> None:
    harness.recover()
    harness.turn()

    got = harness.throttle.acquire(lambda: harness.clock.monotonic() >= POLL_S)

    assert not got
    assert sum(harness.clock.sleeps) <= 2 * POLL_S


def test_a_clock_that_is_set_back_stops_nothing(harness: ThrottleHarness) -> None:
    harness.recover()
    harness.turn()
    harness.clock.jump(-86_400.0)

    harness.turn()

    assert sum(harness.clock.sleeps) <= 2.0


def test_a_clock_that_is_set_forward_ends_no_ramp(harness: ThrottleHarness) -> None:
    harness.recover()
    harness.clock.jump(86_400.0)

    harness.turn()

    assert harness.throttle.ramp is not None
    assert harness.throttle.ramp.age_s <= 60.0


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_plex_that_is_overloaded_gets_pauses(harness: ThrottleHarness, status: int) -> None:
    for _ in range(10):
        harness.throttle.on_response(0.01, status)
    harness.turn()

    assert sum(harness.clock.sleeps) == pytest.approx(LEVELS[-1][1])
    assert harness.events == ["pacing.changed"] * (len(LEVELS) - 1)


def test_a_plex_that_is_well_again_gets_no_pauses(harness: ThrottleHarness) -> None:
    harness.throttle.on_response(0.01, 503)
    for _ in range(100):
        harness.throttle.on_response(0.01, 200)

    harness.turn()

    assert harness.clock.sleeps == []


def test_only_a_recovery_begins_a_ramp(harness: ThrottleHarness) -> None:
    for old, new in (
        (CLOSED, OPEN),
        (OPEN, OPEN),
        (OPEN, HALF_OPEN),
        (HALF_OPEN, OPEN),
        (CLOSED, CLOSED),
    ):
        harness.throttle.on_breaker_transition(BreakerTransition(old, new))

    assert harness.throttle.ramp is None


def test_a_second_recovery_starts_again(harness: ThrottleHarness) -> None:
    harness.recover()
    harness.turns_for(60.0)

    harness.recover()

    assert harness.throttle.ramp is not None
    assert harness.throttle.ramp.rate == 1.0


def test_during_slow_start_one_request_is_in_flight(harness: ThrottleHarness) -> None:
    usual = harness.throttle.in_flight

    harness.recover()

    assert (usual, harness.throttle.in_flight) == (4, 1)


def test_an_overloaded_plex_gets_fewer_requests_at_a_time(harness: ThrottleHarness) -> None:
    counts = []
    for _ in LEVELS:
        counts.append(harness.throttle.in_flight)
        harness.throttle.on_response(0.01, 503)

    assert counts == [level[0] for level in LEVELS]


def test_a_rest_too_short_for_the_clock_ends_nevertheless(harness: ThrottleHarness) -> None:
    """A clock that runs for months cannot show a remainder of billionths of a second."""
    harness.clock.advance(1e9 + 0.1)
    for number in range(200):
        harness.throttle.on_write(1.0 + number / 7.0)
        checks = [0]

        def count_checks(checks: list[int] = checks) -> bool:
            checks[0] += 1
            assert checks[0] < 10_000, "the rest never ends"
            return False

        assert harness.throttle.rest(count_checks)
