"""Whether Plex may be asked: what opens the gate's breaker, and what alone closes it."""

from collections.abc import Iterator
from random import Random

import pytest

from core.errors import PlexAccessError, PlexTemporaryError, PlexUnavailable
from plex.client import PlexClient
from sync_queue.store import BATCH
from tests.emulators.plex_server import Fault, PlexEmulator
from tests.support import FakeClock
from tests.unit.plex.servers import client_of
from tests.unit.worker.rig import kept_log
from worker.resilience.breaker import FAILURES_TO_OPEN, BreakerStatus, CircuitState
from worker.resilience.circuit import CircuitBreaker


class Door:
    """A gate, the server behind it, and what its listener heard."""

    def __init__(self, plex: PlexEmulator, client: PlexClient) -> None:
        self.plex, self.client, self.clock = plex, client, FakeClock()
        self.heard: list[tuple[BreakerStatus, BreakerStatus]] = []
        log, self.lines = kept_log()
        self.circuit = CircuitBreaker(self.clock, Random(7), log, listeners=(self._hear,))

    def _hear(self, old: CircuitState, new: CircuitState) -> None:
        self.heard.append((old.state, new.state))

    @property
    def state(self) -> BreakerStatus:
        return self.circuit.breaker.state

    def fail(self, error: Exception) -> None:
        self.circuit.failed(error, self.client)

    def wait_for_probe(self) -> None:
        self.clock.advance(self.circuit.breaker.next_probe_at - self.clock.now)
        self.circuit.probe(self.client)


@pytest.fixture
def door(plex: PlexEmulator) -> Iterator[Door]:
    with client_of(plex) as client:
        yield Door(plex, client)


def test_a_closed_gate_lets_whole_batches_through(door: Door) -> None:
    assert (door.state, door.circuit.max_jobs) == (BreakerStatus.CLOSED, BATCH)


def test_five_failures_in_a_row_open_it(door: Door) -> None:
    for _ in range(FAILURES_TO_OPEN - 1):
        door.fail(PlexTemporaryError("x"))
    before = door.state
    door.fail(PlexTemporaryError("x"))

    assert (before, door.state, door.circuit.max_jobs) == (
        BreakerStatus.CLOSED,
        BreakerStatus.OPEN,
        0,
    )
    assert door.plex.count() == 0


def test_a_success_in_between_starts_the_count_anew(door: Door) -> None:
    for _ in range(3):
        for _ in range(FAILURES_TO_OPEN - 1):
            door.fail(PlexTemporaryError("x"))
        door.circuit.succeeded()

    assert door.state is BreakerStatus.CLOSED


def test_one_refused_connection_opens_after_a_health_check(door: Door) -> None:
    door.plex.down()

    door.fail(PlexUnavailable("x"))

    assert door.state is BreakerStatus.OPEN


def test_one_refused_connection_only_counts_when_plex_is_healthy(door: Door) -> None:
    door.fail(PlexUnavailable("x"))

    assert (door.state, door.circuit.breaker.failures) == (BreakerStatus.CLOSED, 1)
    assert door.plex.count() == door.plex.count("GET", "/identity") == 1


def test_an_answer_of_any_kind_is_health_enough(door: Door) -> None:
    door.plex.faults.add(Fault("status", status=500, route="/identity"))

    door.fail(PlexUnavailable("x"))

    assert door.state is BreakerStatus.CLOSED


def test_a_refusal_opens_it_at_once(door: Door) -> None:
    door.fail(PlexAccessError("x"))

    assert (door.state, door.circuit.breaker.refused) == (BreakerStatus.OPEN, True)


def test_a_failure_that_plex_is_not_to_blame_for_changes_nothing(door: Door) -> None:
    door.fail(ZeroDivisionError("x"))

    assert (door.state, door.circuit.breaker.failures) == (BreakerStatus.CLOSED, 0)


def test_nothing_is_asked_before_the_gap_is_over(door: Door) -> None:
    door.fail(PlexAccessError("x"))

    door.circuit.probe(door.client)

    assert (door.state, door.plex.count()) == (BreakerStatus.OPEN, 0)


def test_a_probe_that_succeeds_lets_one_job_try(door: Door) -> None:
    door.fail(PlexAccessError("x"))

    door.wait_for_probe()

    assert (door.state, door.circuit.max_jobs) == (BreakerStatus.HALF_OPEN, 1)


def test_a_health_check_without_a_valid_token_stays_open(door: Door) -> None:
    door.fail(PlexAccessError("x"))
    door.plex.change_token("another")

    for _ in range(3):
        door.wait_for_probe()

    assert (door.state, door.circuit.breaker.refused) == (BreakerStatus.OPEN, True)


def test_an_outage_that_turns_out_to_be_a_refusal_is_heard_of(door: Door) -> None:
    door.plex.down()
    door.fail(PlexUnavailable("x"))
    door.plex.up()
    door.plex.change_token("another")

    door.wait_for_probe()

    assert door.circuit.breaker.refused
    assert door.heard == [
        (BreakerStatus.CLOSED, BreakerStatus.OPEN),
        (BreakerStatus.OPEN, BreakerStatus.OPEN),
    ]


def test_the_probes_of_an_outage_grow_to_a_minute(door: Door) -> None:
    door.plex.down()
    door.fail(PlexUnavailable("x"))
    gaps = []

    for _ in range(7):
        gaps.append(door.circuit.breaker.next_probe_at - door.clock.now)
        door.wait_for_probe()

    assert gaps[0] < 6
    assert all(54 <= gap <= 60 for gap in gaps[5:])


def test_a_success_closes_it(door: Door) -> None:
    door.fail(PlexAccessError("x"))
    door.wait_for_probe()

    door.circuit.succeeded()

    assert door.state is BreakerStatus.CLOSED
    assert door.heard == [
        (BreakerStatus.CLOSED, BreakerStatus.OPEN),
        (BreakerStatus.OPEN, BreakerStatus.HALF_OPEN),
        (BreakerStatus.HALF_OPEN, BreakerStatus.CLOSED),
    ]


def test_with_no_job_due_an_authenticated_request_decides(door: Door) -> None:
    door.fail(PlexAccessError("x"))
    door.wait_for_probe()

    door.circuit.half_open_test(door.client)

    assert door.state is BreakerStatus.CLOSED


def test_with_no_job_due_a_failed_request_opens_it_again(door: Door) -> None:
    door.fail(PlexAccessError("x"))
    door.wait_for_probe()
    door.plex.faults.add(Fault("status", status=500))

    door.circuit.half_open_test(door.client)

    assert door.state is BreakerStatus.OPEN


def test_other_settings_are_tried_at_once(door: Door) -> None:
    door.fail(PlexAccessError("x"))
    door.circuit.settings_changed()

    door.circuit.probe(door.client)

    assert door.state is BreakerStatus.HALF_OPEN


def test_every_transition_is_one_line_of_the_log(door: Door) -> None:
    door.fail(PlexAccessError("Plex answered 401"))
    door.wait_for_probe()
    door.circuit.succeeded()

    assert [line.split()[0] for line in door.lines] == ["breaker.transition"] * 3
    assert "Plex answered 401" in door.lines[0]
