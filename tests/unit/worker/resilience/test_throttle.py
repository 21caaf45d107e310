"""How fast jobs follow each other: the ramp after an outage, Plex's own pace otherwise."""

import json
from bisect import bisect_left
from itertools import pairwise
from pathlib import Path

import pytest

from sync_queue.store import BATCH
from tests.support import FakeClock
from tests.unit.worker.rig import kept_log
from worker.resilience.breaker import BreakerStatus, CircuitState
from worker.resilience.pace import LEVELS
from worker.resilience.rate_limiter import FULL_RATE, RAMP_S
from worker.resilience.throttle import FILE_NAME, POLL_S, Throttle

CLOSED = CircuitState(BreakerStatus.CLOSED)
HALF_OPEN = CircuitState(BreakerStatus.HALF_OPEN)
OPEN = CircuitState(BreakerStatus.OPEN)


class Tap:
    """A throttle on a clock of its own, and what it logged."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.clock = FakeClock()
        self.log, self.lines = kept_log()
        self.throttle = self.new()

    def new(self) -> Throttle:
        """The throttle of another worker on the same folder."""
        return Throttle(self.data_dir, self.clock, self.log)

    def recover(self) -> None:
        """Plex is back."""
        self.throttle.on_breaker_transition(HALF_OPEN, CLOSED)

    def turn(self) -> float:
        """Wait for the next turn; when it came."""
        assert self.throttle.acquire(lambda: False)
        return self.clock.now

    def turns_for(self, seconds: float) -> list[float]:
        """When jobs that take no time at all would start."""
        end, starts = self.clock.now + seconds, []
        while self.throttle.ramp is not None and self.clock.now < end:
            starts.append(self.turn())
        return starts

    @property
    def events(self) -> list[str]:
        return [line.split()[0] for line in self.lines]


@pytest.fixture
def tap(tmp_path: Path) -> Tap:
    return Tap(tmp_path)


def test_in_ordinary_times_nothing_is_held_back(tap: Tap) -> None:
    for _ in range(100):
        tap.turn()

    assert tap.clock.sleeps == []
    assert tap.throttle.batch_size == BATCH
    assert tap.throttle.ramp is None


def test_after_an_outage_it_begins_with_one_job_a_second(tap: Tap) -> None:
    tap.recover()

    starts = tap.turns_for(4.0)
    gaps = [later - earlier for earlier, later in pairwise(starts)]

    assert gaps[0] == pytest.approx(1.0, abs=0.05)
    assert min(gaps) > 0.75
    assert tap.throttle.batch_size <= 15


def test_never_more_than_twenty_jobs_start_in_any_second(tap: Tap) -> None:
    tap.recover()

    starts = tap.turns_for(RAMP_S - 1.0)
    most = max(bisect_left(starts, start + 1.0) - index for index, start in enumerate(starts))

    assert most <= FULL_RATE + 1
    assert len(starts) == pytest.approx(RAMP_S * (1.0 + FULL_RATE) / 2.0, rel=0.02)


def test_a_pause_of_the_jobs_saves_nothing_up(tap: Tap) -> None:
    tap.recover()
    tap.turn()
    tap.clock.advance(30.0)

    started = tap.clock.now
    starts = [tap.turn() for _ in range(3)]

    assert starts[0] == started
    assert starts[1] > started
    assert starts[2] > starts[1]


def test_after_five_minutes_the_ramp_is_over(tap: Tap) -> None:
    tap.recover()

    tap.turns_for(2.0 * RAMP_S)
    tap.clock.sleeps.clear()
    tap.turn()

    assert tap.throttle.ramp is None
    assert tap.clock.sleeps == []
    assert tap.events == ["slow_start.start", "slow_start.end"]


def test_a_ramp_without_a_job_is_over_after_five_minutes_as_well(tap: Tap) -> None:
    tap.recover()

    for _ in range(620):
        tap.clock.advance(0.5)
        tap.throttle.tick()

    assert tap.throttle.ramp is None
    assert tap.new().ramp is None


def test_a_ramp_survives_a_restart_at_the_age_it_had(tap: Tap) -> None:
    tap.recover()
    for _ in range(12):
        tap.clock.advance(10.0)
        tap.throttle.on_result(ok=True)
    before = tap.throttle.ramp
    tap.clock.advance(3600.0)

    after = tap.new().ramp

    assert before is not None
    assert after is not None
    assert after.rate == pytest.approx(before.rate, rel=0.1)
    assert after.rate > 7.0


def test_a_ramp_file_that_makes_no_sense_holds_nothing_back(tap: Tap) -> None:
    (tap.data_dir / FILE_NAME).write_text("[1, 2", encoding="utf-8")

    assert tap.new().ramp is None


def test_a_ramp_that_cannot_be_kept_works_all_the_same(tap: Tap) -> None:
    (tap.data_dir / FILE_NAME).mkdir()

    tap.recover()

    assert tap.throttle.ramp is not None
    assert tap.events == ["slow_start.start", "state.save_failed"]


def test_the_rate_halves_while_plex_fails_and_recovers(tap: Tap) -> None:
    tap.recover()
    tap.turns_for(100.0)
    full = tap.throttle.ramp
    for number in range(20):
        tap.throttle.on_result(ok=number % 2 == 0)
    halved = tap.throttle.ramp
    for _ in range(200):
        tap.throttle.on_result(ok=True)
    again = tap.throttle.ramp

    assert full is not None
    assert halved is not None
    assert again is not None
    assert halved.rate == pytest.approx(full.rate / 2.0)
    assert again.rate == pytest.approx(full.rate)
    assert tap.events == ["slow_start.start", "slow_start.throttled", "slow_start.resumed"]


def test_what_is_heard_is_kept_at_most_every_ten_seconds(tap: Tap) -> None:
    tap.recover()
    kept = (tap.data_dir / FILE_NAME).read_text("utf-8")
    tap.clock.advance(5.0)
    tap.throttle.on_result(ok=True)
    early = (tap.data_dir / FILE_NAME).read_text("utf-8")
    tap.clock.advance(6.0)
    tap.throttle.on_result(ok=True)

    assert early == kept
    assert json.loads((tap.data_dir / FILE_NAME).read_text("utf-8"))["age_s"] == pytest.approx(11.0)


def test_outside_a_ramp_results_are_not_counted(tap: Tap) -> None:
    for _ in range(50):
        tap.throttle.on_result(ok=False)

    assert tap.throttle.ramp is None
    assert not (tap.data_dir / FILE_NAME).exists()


def test_a_turn_that_was_not_used_is_the_next_jobs(tap: Tap) -> None:
    tap.recover()
    first = tap.turn()

    tap.throttle.release()

    assert tap.turn() == first
    assert tap.turn() > first


def test_giving_back_outside_a_ramp_changes_nothing(tap: Tap) -> None:
    tap.throttle.release()

    assert tap.throttle.ramp is None


def test_whoever_waits_for_a_turn_can_be_stopped(tap: Tap) -> None:
    tap.recover()
    tap.turn()

    got = tap.throttle.acquire(lambda: tap.clock.monotonic() >= POLL_S)

    assert not got
    assert sum(tap.clock.sleeps) <= 2 * POLL_S


def test_a_clock_that_is_set_back_stops_nobody(tap: Tap) -> None:
    tap.recover()
    tap.turn()
    tap.clock.jump(-86_400.0)

    tap.turn()

    assert sum(tap.clock.sleeps) <= 2.0


def test_a_clock_that_is_set_forward_ends_no_ramp(tap: Tap) -> None:
    tap.recover()
    tap.clock.jump(86_400.0)

    tap.turn()

    assert tap.throttle.ramp is not None
    assert tap.throttle.ramp.age_s <= 60.0


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_plex_that_says_it_is_too_much_gets_pauses(tap: Tap, status: int) -> None:
    for _ in range(10):
        tap.throttle.on_response(0.01, status)
    tap.turn()

    assert sum(tap.clock.sleeps) == pytest.approx(LEVELS[-1][1])
    assert tap.events == ["pacing.changed"] * (len(LEVELS) - 1)


def test_a_plex_that_is_well_again_gets_no_pauses(tap: Tap) -> None:
    tap.throttle.on_response(0.01, 503)
    for _ in range(100):
        tap.throttle.on_response(0.01, 200)

    tap.turn()

    assert tap.clock.sleeps == []


def test_only_a_recovery_begins_a_ramp(tap: Tap) -> None:
    for old, new in (
        (CLOSED, OPEN),
        (OPEN, OPEN),
        (OPEN, HALF_OPEN),
        (HALF_OPEN, OPEN),
        (CLOSED, CLOSED),
    ):
        tap.throttle.on_breaker_transition(old, new)

    assert tap.throttle.ramp is None


def test_a_second_recovery_begins_anew(tap: Tap) -> None:
    tap.recover()
    tap.turns_for(60.0)

    tap.recover()

    assert tap.throttle.ramp is not None
    assert tap.throttle.ramp.rate == 1.0
