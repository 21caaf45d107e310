"""Slow writes leave Plex more time than they take, and fast ones are not held back."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.captured_log import captured_log
from tests.harness.clocks import FakeClock
from worker.resilience.throttle import POLL_S, Throttle
from worker.resilience.write_rest import MAX_OWED_S, SLOW_WRITE_S, WriteRest


@given(st.lists(st.floats(SLOW_WRITE_S, MAX_OWED_S / 2), min_size=1, max_size=20))
def test_slow_writes_take_less_than_half_of_the_time(took_s: list[float]) -> None:
    """Each write starts as early as it may, and the rest after the last one counts."""
    rest, now = WriteRest(), 0.0
    for seconds in took_s:
        now += rest.wait_s(now) + seconds
        rest = rest.on_write(seconds, now)
    now += rest.wait_s(now)

    assert sum(took_s) < now / 2


@given(st.lists(st.floats(0.0, 0.99), max_size=50))
def test_fast_writes_are_not_held_back(took_s: list[float]) -> None:
    rest, now = WriteRest(), 0.0
    for seconds in took_s:
        now += seconds
        rest = rest.on_write(seconds, now)

    assert rest.wait_s(now) == 0.0
    assert not rest.is_slow


def test_the_time_of_writes_that_overlapped_counts_once() -> None:
    rest = WriteRest()
    for ended in (10.0, 10.0, 11.0):
        rest = rest.on_write(10.0, ended)

    assert rest.wait_s(11.0) == pytest.approx(11.0 * 1.1)


def test_a_fast_write_beside_a_slow_one_saves_no_rest() -> None:
    rest = WriteRest().on_write(0.1, 9.0).on_write(10.0, 10.0)

    assert rest.wait_s(10.0) == pytest.approx(11.0)


def test_time_without_a_write_counts_as_rest() -> None:
    rest = WriteRest().on_write(10.0, 10.0)

    assert rest.wait_s(10.0 + 3_600.0) == 0.0


def test_no_rest_is_longer_than_two_minutes() -> None:
    assert WriteRest().on_write(600.0, 600.0).wait_s(600.0) == MAX_OWED_S


class Plex:
    """A throttle on a clock of its own, and writes that take time."""

    def __init__(self, data_dir: Path) -> None:
        self.clock = FakeClock()
        self.log, self.lines = captured_log()
        self.throttle = Throttle(data_dir, self.clock, self.log)

    def write(self, took_s: float) -> None:
        assert self.throttle.rest(lambda: False)
        self.clock.advance(took_s)
        self.throttle.on_write(took_s)


def test_while_writes_are_slow_one_request_is_in_flight(tmp_path: Path) -> None:
    plex = Plex(tmp_path)
    counts = [plex.throttle.in_flight]
    for took_s in (10.0, 0.1):
        plex.write(took_s)
        counts.append(plex.throttle.in_flight)

    assert counts == [4, 1, 4]
    assert [line.split()[0] for line in plex.lines] == ["writes.slow", "writes.fast"]


def test_a_slow_write_is_followed_by_its_rest(tmp_path: Path) -> None:
    plex = Plex(tmp_path)
    for _ in range(6):
        plex.write(10.0)

    assert sum(plex.clock.sleeps) == pytest.approx(5 * 11.0)


def test_waiting_for_the_rest_can_be_stopped(tmp_path: Path) -> None:
    plex = Plex(tmp_path)
    plex.write(10.0)

    assert not plex.throttle.rest(lambda: len(plex.clock.sleeps) == 2)
    assert sum(plex.clock.sleeps) == 2 * POLL_S
