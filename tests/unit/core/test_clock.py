"""Test the clock of the system."""

from core.clock import SystemClock


def test_the_system_clock_does_not_sleep_for_a_past_time() -> None:
    clock = SystemClock()

    clock.sleep(0)
    clock.sleep(-1)
    clock.sleep(0.001)

    assert clock.wall() > 0
    assert clock.monotonic() <= clock.monotonic()
