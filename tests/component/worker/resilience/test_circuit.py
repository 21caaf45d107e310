"""The circuit breaker opens on failures of Plex and closes after a half-open test."""

from collections.abc import Iterator
from random import Random

import pytest

from core.errors import PlexAccessError, PlexTemporaryError, PlexUnavailable
from plex.client import PlexClient
from sync_queue.store import BATCH
from tests.emulators.plex_server import Fault, PlexEmulator
from tests.harness.captured_log import captured_log
from tests.harness.clocks import FakeClock
from tests.harness.plex_clients import client_of
from worker.resilience.breaker import (
    FAILURES_TO_OPEN,
    BreakerStatus,
    BreakerTransition,
)
from worker.resilience.circuit import CircuitBreaker, FailureAttribution

SECTIONS = "/library/sections"


class BreakerHarness:
    """A circuit breaker, its Plex and the transitions that it reported."""

    def __init__(self, plex: PlexEmulator, client: PlexClient) -> None:
        self.plex, self.client, self.clock = plex, client, FakeClock()
        self.transitions: list[tuple[BreakerStatus, BreakerStatus]] = []
        log, self.lines = captured_log()
        self.circuit = CircuitBreaker(
            self.clock, Random(7), log, on_transition=(self._on_transition,)
        )

    def _on_transition(self, event: BreakerTransition) -> None:
        self.transitions.append((event.old.state, event.new.state))

    @property
    def state(self) -> BreakerStatus:
        return self.circuit.breaker.state

    def fail(self, error: Exception) -> None:
        self.circuit.failed(error, self.client)

    def wait_for_probe(self) -> None:
        self.clock.advance(self.circuit.breaker.next_probe_at - self.clock.now)
        self.circuit.probe(self.client)


@pytest.fixture
def harness(plex: PlexEmulator) -> Iterator[BreakerHarness]:
    with client_of(plex) as client:
        yield BreakerHarness(plex, client)


def test_a_closed_breaker_admits_whole_batches(harness: BreakerHarness) -> None:
    assert (harness.state, harness.circuit.max_jobs) == (BreakerStatus.CLOSED, BATCH)


def test_five_failures_in_a_row_open_it(harness: BreakerHarness) -> None:
    for _ in range(FAILURES_TO_OPEN - 1):
        harness.fail(PlexTemporaryError("x"))
    before = harness.state
    harness.fail(PlexTemporaryError("x"))

    assert (before, harness.state, harness.circuit.max_jobs) == (
        BreakerStatus.CLOSED,
        BreakerStatus.OPEN,
        0,
    )
    assert harness.plex.count() == 0


def test_a_success_in_between_restarts_the_count(harness: BreakerHarness) -> None:
    for _ in range(3):
        for _ in range(FAILURES_TO_OPEN - 1):
            harness.fail(PlexTemporaryError("x"))
        harness.circuit.succeeded()

    assert harness.state is BreakerStatus.CLOSED


def test_one_refused_connection_opens_after_a_health_check(harness: BreakerHarness) -> None:
    harness.plex.down()

    harness.fail(PlexUnavailable("x"))

    assert harness.state is BreakerStatus.OPEN


def test_one_refused_connection_only_counts_when_plex_is_healthy(harness: BreakerHarness) -> None:
    harness.fail(PlexUnavailable("x"))

    assert (harness.state, harness.circuit.breaker.failures) == (BreakerStatus.CLOSED, 1)
    assert harness.plex.count() == harness.plex.count("GET", "/identity") == 1


def test_an_answer_of_any_kind_counts_as_healthy(harness: BreakerHarness) -> None:
    harness.plex.faults.add(Fault("status", status=500, route="/identity"))

    harness.fail(PlexUnavailable("x"))

    assert harness.state is BreakerStatus.CLOSED


def test_denied_access_opens_it_immediately(harness: BreakerHarness) -> None:
    harness.fail(PlexAccessError("x"))

    assert (harness.state, harness.circuit.breaker.refused) == (BreakerStatus.OPEN, True)


def test_a_failure_that_is_not_of_plex_changes_nothing(harness: BreakerHarness) -> None:
    harness.fail(ZeroDivisionError("x"))

    assert (harness.state, harness.circuit.breaker.failures) == (BreakerStatus.CLOSED, 0)


def test_nothing_is_asked_before_the_gap_is_over(harness: BreakerHarness) -> None:
    harness.fail(PlexAccessError("x"))

    harness.circuit.probe(harness.client)

    assert (harness.state, harness.plex.count()) == (BreakerStatus.OPEN, 0)


def test_a_probe_that_succeeds_lets_one_job_try(harness: BreakerHarness) -> None:
    harness.fail(PlexAccessError("x"))

    harness.wait_for_probe()

    assert (harness.state, harness.circuit.max_jobs) == (BreakerStatus.HALF_OPEN, 1)


def test_a_health_check_without_a_valid_token_stays_open(harness: BreakerHarness) -> None:
    harness.fail(PlexAccessError("x"))
    harness.plex.change_token("another")

    for _ in range(3):
        harness.wait_for_probe()

    assert (harness.state, harness.circuit.breaker.refused) == (BreakerStatus.OPEN, True)


def test_an_outage_that_becomes_an_access_error_is_reported(harness: BreakerHarness) -> None:
    harness.plex.down()
    harness.fail(PlexUnavailable("x"))
    harness.plex.up()
    harness.plex.change_token("another")

    harness.wait_for_probe()

    assert harness.circuit.breaker.refused
    assert harness.transitions == [
        (BreakerStatus.CLOSED, BreakerStatus.OPEN),
        (BreakerStatus.OPEN, BreakerStatus.OPEN),
    ]


def test_the_probes_of_an_outage_grow_to_a_minute(harness: BreakerHarness) -> None:
    harness.plex.down()
    harness.fail(PlexUnavailable("x"))
    gaps = []

    for _ in range(7):
        gaps.append(harness.circuit.breaker.next_probe_at - harness.clock.now)
        harness.wait_for_probe()

    assert gaps[0] < 6
    assert all(54 <= gap <= 60 for gap in gaps[5:])


def test_a_success_closes_it(harness: BreakerHarness) -> None:
    harness.fail(PlexAccessError("x"))
    harness.wait_for_probe()

    harness.circuit.succeeded()

    assert harness.state is BreakerStatus.CLOSED
    assert harness.transitions == [
        (BreakerStatus.CLOSED, BreakerStatus.OPEN),
        (BreakerStatus.OPEN, BreakerStatus.HALF_OPEN),
        (BreakerStatus.HALF_OPEN, BreakerStatus.CLOSED),
    ]


def test_with_no_job_due_an_authenticated_request_decides(harness: BreakerHarness) -> None:
    harness.fail(PlexAccessError("x"))
    harness.wait_for_probe()

    harness.circuit.half_open_test(harness.client)

    assert harness.state is BreakerStatus.CLOSED


@pytest.mark.parametrize("status", [400, 401, 404, 405, 418, 500, 503])
def test_with_no_job_due_a_failed_request_opens_it_again(
    harness: BreakerHarness, status: int
) -> None:
    harness.fail(PlexAccessError("x"))
    harness.wait_for_probe()
    failures = harness.circuit.breaker.probes
    harness.plex.faults.add(Fault("status", status=status, times=None))

    harness.circuit.half_open_test(harness.client)

    breaker = harness.circuit.breaker
    assert (breaker.state, breaker.probes) == (BreakerStatus.OPEN, failures + 1)
    assert breaker.next_probe_at > harness.clock.now


@pytest.mark.parametrize("status", [404, 500])
def test_half_open_tests_that_fail_grow_to_one_a_minute(
    harness: BreakerHarness, status: int
) -> None:
    """Plex, or a proxy before it, answers every health check and fails every test."""
    harness.fail(PlexAccessError("x"))
    harness.wait_for_probe()
    harness.plex.reset_counts()

    for _ in range(7_200):
        if harness.state is BreakerStatus.HALF_OPEN:
            harness.plex.faults.add(Fault("status", status=status, route=SECTIONS))
            harness.circuit.half_open_test(harness.client)
        harness.clock.advance(0.5)
        harness.circuit.probe(harness.client)

    assert harness.plex.count("GET", SECTIONS) <= 2 * 70


def test_other_settings_are_tried_immediately(harness: BreakerHarness) -> None:
    harness.fail(PlexAccessError("x"))
    harness.circuit.settings_changed()

    harness.circuit.probe(harness.client)

    assert harness.state is BreakerStatus.HALF_OPEN


def test_every_transition_is_one_line_of_the_log(harness: BreakerHarness) -> None:
    harness.fail(PlexAccessError("Plex answered 401"))
    harness.wait_for_probe()
    harness.circuit.succeeded()

    assert [line.split()[0] for line in harness.lines] == ["breaker.transition"] * 3
    assert "Plex answered 401" in harness.lines[0]


def test_a_failure_with_a_closed_breaker_is_the_jobs_own() -> None:
    assert FailureAttribution().counts_against_job("scene:1", was_closed=True, is_closed=True)


def test_failed_jobs_are_refunded_when_the_breaker_opens() -> None:
    blame = FailureAttribution()
    for number in (1, 2, 3, 1):
        blame.counts_against_job(f"scene:{number}", was_closed=True, is_closed=True)

    opening = blame.counts_against_job("scene:4", was_closed=True, is_closed=False)

    assert not opening
    assert blame.jobs_to_refund() == ("scene:1", "scene:2", "scene:3")
    assert blame.jobs_to_refund() == ()


def test_a_job_that_failed_alone_is_not_refunded() -> None:
    blame = FailureAttribution()
    for _ in range(4):
        blame.counts_against_job("scene:1", was_closed=True, is_closed=True)

    assert blame.jobs_to_refund() == ()


def test_a_success_ends_the_streak() -> None:
    blame = FailureAttribution()
    blame.counts_against_job("scene:1", was_closed=True, is_closed=True)
    blame.succeeded()
    blame.counts_against_job("scene:2", was_closed=True, is_closed=True)

    assert blame.jobs_to_refund() == ()


def test_the_second_failed_half_open_test_of_one_job_is_its_own() -> None:
    blame = FailureAttribution()

    first = blame.counts_against_job("scene:1", was_closed=False, is_closed=False)
    second = blame.counts_against_job("scene:1", was_closed=False, is_closed=False)

    assert (first, second) == (False, True)
