"""The breaker against a model of a few lines, over random histories."""

import json
import stat
import tempfile
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.clocks import FakeClock
from worker.resilience import breaker as transitions
from worker.resilience.breaker import (
    FAILURES_TO_OPEN,
    FILE_NAME,
    MAX_CLOCK_SKEW_S,
    MAX_PROBE_DELAY_S,
    BreakerStatus,
    CircuitState,
    CircuitStateFile,
    probe_is_due,
)

EVENTS = ("success", "failure", "confirmed down", "refused", "healthy")


def step(breaker: CircuitState, event: str, now: float) -> CircuitState:
    """What the gate does with one event."""
    rng = Random(7)
    if event == "success":
        return transitions.on_success(breaker, now)
    if event == "failure":
        return transitions.on_failure(breaker, "why", now, rng)
    if event == "confirmed down":
        return transitions.trip(breaker, "why", now, rng)
    if event == "refused":
        return transitions.trip(breaker, "why", now, rng, refused=True)
    return transitions.half_open(breaker) if breaker.state is BreakerStatus.OPEN else breaker


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
        breaker = transitions.trip(breaker, "why", 0.0, rng)

    assert 4.5 <= breaker.next_probe_at <= MAX_PROBE_DELAY_S
    assert breaker.since == 0.0


def test_the_beginning_of_an_outage_is_kept_through_failed_tests() -> None:
    breaker = transitions.trip(CircuitState(), "down", 100.0, Random(7))
    breaker = transitions.half_open(breaker)
    breaker = transitions.on_failure(breaker, "still down", 200.0, Random(7))

    assert (breaker.state, breaker.since, breaker.probes) == (BreakerStatus.OPEN, 100.0, 2)


def test_a_probe_is_due_when_its_gap_is_over_and_only_while_open() -> None:
    breaker = transitions.trip(CircuitState(), "down", 100.0, Random(7))

    assert not transitions.probe_is_due(breaker, breaker.next_probe_at - 0.1)
    assert transitions.probe_is_due(breaker, breaker.next_probe_at)
    assert not transitions.probe_is_due(transitions.half_open(breaker), 1e12)
    assert not transitions.probe_is_due(CircuitState(), 1e12)


def test_a_clock_that_jumps_back_does_not_delay_the_probe() -> None:
    breaker = transitions.trip(CircuitState(), "down", 1_000_000.0, Random(7))

    assert transitions.probe_is_due(breaker, 900_000.0)


def test_other_settings_bring_the_probe_forward() -> None:
    breaker = transitions.trip(CircuitState(), "refused", 100.0, Random(7), refused=True)

    assert transitions.probe_is_due(transitions.probe_now(breaker, 100.0), 100.0)
    assert transitions.probe_now(breaker, 100.0).refused


def test_a_success_while_nothing_was_wrong_changes_nothing() -> None:
    breaker = CircuitState()

    assert transitions.on_success(breaker, 5.0) is breaker


NOW = 1_700_000_000.0
OPEN = CircuitState(
    BreakerStatus.OPEN, 0, NOW - 90.0, "PlexUnavailable: no connection", False, 4, NOW + 20.0
)
BREAKERS = st.builds(
    CircuitState,
    state=st.sampled_from([BreakerStatus.CLOSED, BreakerStatus.OPEN]),
    failures=st.integers(0, FAILURES_TO_OPEN),
    since=st.floats(0.0, NOW),
    reason=st.text(max_size=40),
    refused=st.booleans(),
    probes=st.integers(0, 100_000),
    next_probe_at=st.floats(0.0, NOW + 60.0),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3)
    ),
    max_leaves=10,
)
DOCUMENTS = st.dictionaries(
    st.sampled_from(["state", "failures", "since", "why", "refused", "probes", "next_probe_at"]),
    JSON | st.sampled_from(["open", "closed", "half_open"]),
)


def breaker_file(folder: Path) -> CircuitStateFile:
    return CircuitStateFile(folder, FakeClock(NOW))


def written(folder: Path, **changes: Any) -> CircuitStateFile:
    """Return the file of an open breaker with some values replaced."""
    file = breaker_file(folder)
    file.save(OPEN)
    document = json.loads((folder / FILE_NAME).read_text("utf-8"))
    (folder / FILE_NAME).write_text(json.dumps({**document, **changes}), "utf-8")
    return file


def test_without_a_file_the_breaker_is_closed_without_warning(tmp_path: Path) -> None:
    assert breaker_file(tmp_path).load() == (CircuitState(), "")


@given(BREAKERS)
def test_a_breaker_is_loaded_as_it_was_saved(breaker: CircuitState) -> None:
    with tempfile.TemporaryDirectory(prefix="plexsync-breaker-") as folder:
        error = breaker_file(Path(folder)).save(breaker)

        assert error == ""
        assert breaker_file(Path(folder)).load() == (breaker, "")


def test_the_schedule_of_probes_survives_a_restart(tmp_path: Path) -> None:
    breaker_file(tmp_path).save(OPEN)

    breaker, _ = breaker_file(tmp_path).load()

    assert not probe_is_due(breaker, NOW + 19.0)
    assert probe_is_due(breaker, NOW + 20.0)


def test_a_stored_half_open_test_loads_as_open_and_due(
    tmp_path: Path,
) -> None:
    breaker_file(tmp_path).save(replace(OPEN, state=BreakerStatus.HALF_OPEN))

    breaker, warning = breaker_file(tmp_path).load()

    assert (breaker, warning) == (replace(OPEN, next_probe_at=NOW), "")
    assert probe_is_due(breaker, NOW)


def test_a_newer_save_replaces_the_older(tmp_path: Path) -> None:
    file = breaker_file(tmp_path)

    file.save(OPEN)
    file.save(CircuitState(since=NOW))

    assert file.load() == (CircuitState(since=NOW), "")


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    breaker_file(tmp_path).save(OPEN)

    path = tmp_path / FILE_NAME
    assert '"state": "open"' in path.read_text("utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"{}", b"\x00" * 100, b"\xff\xfe", b'{"state": "ajar"}']
)
def test_a_corrupt_file_is_quarantined_with_one_warning(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)

    first, again = breaker_file(tmp_path).load(), breaker_file(tmp_path).load()

    assert first == (
        CircuitState(),
        f"{FILE_NAME} is corrupt; it was renamed to {FILE_NAME}.corrupt and reset.",
    )
    assert again == (CircuitState(), "")
    assert (tmp_path / f"{FILE_NAME}.corrupt").read_bytes() == content


@pytest.mark.parametrize(
    "changes",
    [
        {"state": None},
        {"state": 1},
        {"failures": -1},
        {"failures": FAILURES_TO_OPEN + 1},
        {"failures": "many"},
        {"since": -1.0},
        {"since": float("nan")},
        {"since": NOW + MAX_CLOCK_SKEW_S + 1.0},
        {"since": 10**400},
        {"why": 7},
        {"refused": "perhaps"},
        {"probes": -1},
        {"probes": 1.5},
        {"next_probe_at": float("inf")},
        {"next_probe_at": NOW + MAX_CLOCK_SKEW_S + 1.0},
    ],
)
def test_invalid_values_close_the_breaker(tmp_path: Path, changes: dict[str, Any]) -> None:
    breaker, warning = written(tmp_path, **changes).load()

    assert breaker == CircuitState()
    assert warning


def test_a_clock_set_back_an_hour_loses_no_open_breaker(tmp_path: Path) -> None:
    file = written(tmp_path, since=NOW + 3_600.0, next_probe_at=NOW + 3_660.0)

    breaker, warning = file.load()

    assert (breaker.state, warning) == (BreakerStatus.OPEN, "")
    assert probe_is_due(breaker, NOW)


def test_a_folder_in_its_place_is_quarantined_too(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()

    breaker, warning = breaker_file(tmp_path).load()

    assert breaker == CircuitState()
    assert "was renamed to" in warning


def test_an_immovable_corrupt_file_closes_with_a_warning(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"{")
    occupied = tmp_path / f"{FILE_NAME}.corrupt"
    occupied.mkdir()

    breaker, warning = breaker_file(tmp_path).load()

    assert breaker == CircuitState()
    assert "cannot be renamed" in warning


@given(DOCUMENTS)
def test_any_file_content_loads_a_breaker_that_can_be_saved(
    document: dict[str, Any],
) -> None:
    with tempfile.TemporaryDirectory(prefix="plexsync-breaker-") as folder:
        (Path(folder) / FILE_NAME).write_text(json.dumps(document), "utf-8")
        file = breaker_file(Path(folder))

        breaker, warning = file.load()

        assert breaker.state is not BreakerStatus.HALF_OPEN
        assert warning == "" or breaker == CircuitState()
        assert file.save(breaker) == ""
        assert file.load() == (breaker, "")


def test_half_a_character_in_a_reason_keeps_the_state(tmp_path: Path) -> None:
    breaker_file(tmp_path).save(replace(OPEN, reason="no \udcff connection"))

    breaker, warning = breaker_file(tmp_path).load()

    assert (breaker.state, breaker.reason, warning) == (BreakerStatus.OPEN, "no ? connection", "")


def test_a_failed_save_returns_its_reason_and_raises_nothing(tmp_path: Path) -> None:
    file = breaker_file(tmp_path / "missing")

    error = file.save(OPEN)

    assert "No such file or directory" in error
