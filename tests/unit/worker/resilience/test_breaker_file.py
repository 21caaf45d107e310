"""The breaker survives its worker; what cannot be understood never keeps Plex from being asked."""

import json
import stat
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import FakeClock
from worker.resilience.breaker import FAILURES_TO_OPEN, BreakerStatus, CircuitState, probe_is_due
from worker.resilience.breaker_file import FILE_NAME, MAX_CLOCK_SKEW_S, CircuitStateFile

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
    """The file of an open breaker with these values changed by somebody."""
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


def test_the_file_is_readable_by_a_person_and_by_nobody_else(tmp_path: Path) -> None:
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
        f"{FILE_NAME} made no sense and was set aside as {FILE_NAME}.corrupt.",
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
def test_values_that_make_no_sense_close_the_breaker(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    breaker, warning = written(tmp_path, **changes).load()

    assert breaker == CircuitState()
    assert warning


def test_a_clock_set_back_an_hour_loses_no_open_breaker(tmp_path: Path) -> None:
    file = written(tmp_path, since=NOW + 3_600.0, next_probe_at=NOW + 3_660.0)

    breaker, warning = file.load()

    assert (breaker.state, warning) == (BreakerStatus.OPEN, "")
    assert probe_is_due(breaker, NOW)


def test_a_folder_in_its_place_is_set_aside_too(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()

    breaker, warning = breaker_file(tmp_path).load()

    assert breaker == CircuitState()
    assert "was set aside" in warning


def test_an_immovable_corrupt_file_closes_with_a_warning(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"{")
    occupied = tmp_path / f"{FILE_NAME}.corrupt"
    occupied.mkdir()

    breaker, warning = breaker_file(tmp_path).load()

    assert breaker == CircuitState()
    assert "cannot be moved aside" in warning


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


def test_half_a_character_in_a_reason_does_not_cost_the_state(tmp_path: Path) -> None:
    breaker_file(tmp_path).save(replace(OPEN, reason="no \udcff connection"))

    breaker, warning = breaker_file(tmp_path).load()

    assert (breaker.state, breaker.reason, warning) == (BreakerStatus.OPEN, "no ? connection", "")


def test_a_failed_save_returns_its_reason_and_raises_nothing(tmp_path: Path) -> None:
    file = breaker_file(tmp_path / "missing")

    error = file.save(OPEN)

    assert error.startswith(f"{FILE_NAME}: ")
