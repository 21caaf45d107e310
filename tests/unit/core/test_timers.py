"""Test when an interval timer fires."""

from core.timers import IntervalTimer
from tests.harness.clocks import FakeClock


def test_an_interval_timer_fires_immediately_then_per_interval() -> None:
    clock = FakeClock()
    timer = IntervalTimer(clock, 10.0)

    fired = []
    for _ in range(25):
        fired.append(timer.fire())
        clock.advance(1.0)

    assert [number for number, due in enumerate(fired) if due] == [0, 10, 20]


def test_a_timer_for_later_is_not_due_immediately() -> None:
    clock = FakeClock()
    timer = IntervalTimer(clock, 10.0, later=True)
    before = timer.fire()
    clock.advance(10.0)

    assert (before, timer.fire()) == (False, True)


def test_a_timer_can_be_postponed_and_expired() -> None:
    clock = FakeClock()
    timer = IntervalTimer(clock, 10.0)
    timer.postpone(100.0)
    clock.advance(99.0)
    before = timer.fire()
    timer.expire()

    assert (before, timer.fire()) == (False, True)


def test_a_clock_that_jumps_does_not_move_a_timer() -> None:
    clock = FakeClock()
    timer = IntervalTimer(clock, 10.0, later=True)

    clock.jump(1_000_000.0)

    assert not timer.fire()
