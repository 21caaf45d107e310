"""Every JSON document of version 1.1.0 is read without a warning and keeps its stored keys.

The documents were written by version 1.1.0; some hold names of errors that it still used.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from plex.path_learner import LearnedMapping
from reconciliation.history import FILE_NAME as HISTORY
from reconciliation.history import History, HistoryFile
from reconciliation.run import Run
from sync.path_learning import FILE_NAME as LEARNED_PATHS
from sync.path_learning import LearnedPaths, learned_paths_file
from tasks.confirmation import FILE_NAME as CONFIRMATION
from tasks.confirmation import Confirmation
from tests.harness.clocks import FakeClock
from validation.state_file import StateFile
from worker.reporting.stats import FILE_NAME as STATISTICS
from worker.reporting.stats import Statistics, statistics_file
from worker.resilience.breaker import FILE_NAME as BREAKER
from worker.resilience.breaker import BreakerStatus, CircuitState, CircuitStateFile
from worker.resilience.outages import FILE_NAME as OUTAGES
from worker.resilience.outages import Outage, OutageHistory, history_file
from worker.resilience.throttle import FILE_NAME as SLOW_START
from worker.resilience.throttle import SlowStart, slow_start_file

DOCUMENTS: dict[str, dict[str, Any]] = {
    BREAKER: {
        "failures": 0,
        "next_probe_at": 1700000020.0,
        "probes": 4,
        "refused": False,
        "since": 1699999910.0,
        "state": "open",
        "why": "PlexServerDown: no connection",
    },
    CONFIRMATION: {"task": "Clear Pending Queue", "count": 3, "ended_at": 1700000000.0},
    LEARNED_PATHS: {
        "learned_at": 1700000000.0,
        "pairs": [{"source": "/data", "target": "/media", "files": 20, "folders": 3}],
        "dropped": [["/a", "/b"]],
    },
    OUTAGES: {
        "outages": [
            {
                "start": 1699999900.0,
                "end": 1699999960.0,
                "cause": "PlexServerDown",
                "error": "no connection",
                "jobs": 2,
                "how": "Plex passed the half-open test",
                "refused": False,
            }
        ]
    },
    SLOW_START: {
        "started_at": 1700000000.0,
        "refilled_at": 1700000012.5,
        "age_s": 12.5,
        "tokens": 0.5,
        "throttled": True,
        "results": [[0, 2, 1], [1, 2, 3]],
    },
    HISTORY: {
        "runs": [
            {
                "cause": "task",
                "scope": "24h",
                "started_at": 1699999000.0,
                "ended_at": 1699999100.0,
                "asked_at": 1699998999.0,
                "after": 42,
                "total": 10,
                "checked": 10,
                "gaps": {"stale": 1},
                "fields": {"stale": {"title": 1}},
                "enqueued": {"stale": 1},
                "failed": "",
            }
        ],
        "full_at": 1699000000.0,
    },
    STATISTICS: {
        "since": 1700000000.0,
        "outcomes": {"done": 3, "wait": 1, "bury": 1},
        "errors": {"NoFile": 1, "PlexRefused": 1},
        "fields": {"title": 2},
        "confidence": {"high": 3},
        "days": {"2023-11-14": 3},
        "times_s": {"job": [0.1, 0.5]},
        "requests": {"plex": 6, "jobs": 3},
        "timing": {"job": {"count": 2, "average": 0.3, "p50": 0.5, "p95": 0.5}},
        "requests_per_job": {"plex": 2.0},
    },
}


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Return a data folder as version 1.1.0 left it."""
    for name, document in DOCUMENTS.items():
        (tmp_path / name).write_text(json.dumps(document), "utf-8")
    return tmp_path


def test_slow_start_of_1_1_is_read_and_kept(data_dir: Path) -> None:
    results = ((0, 2, 1), (1, 2, 3))
    ramp = SlowStart(1_700_000_000.0, 1_700_000_012.5, 12.5, 0.5, throttled=True, results=results)

    assert read_and_save(slow_start_file(data_dir, FakeClock())) == ramp
    assert stored(data_dir, SLOW_START) == DOCUMENTS[SLOW_START]


def test_outages_of_1_1_are_read_and_kept(data_dir: Path) -> None:
    outage = Outage(
        start=1_699_999_900.0,
        end=1_699_999_960.0,
        cause="PlexServerDown",
        error="no connection",
        jobs=2,
        how="Plex passed the half-open test",
    )

    assert read_and_save(history_file(data_dir, FakeClock())) == OutageHistory(outages=(outage,))
    assert stored(data_dir, OUTAGES) == DOCUMENTS[OUTAGES]


def test_statistics_of_1_1_are_read_and_kept(data_dir: Path) -> None:
    statistics = read_and_save(statistics_file(data_dir, FakeClock()))

    assert statistics == Statistics(
        since=1_700_000_000.0,
        outcomes={"done": 3, "wait": 1, "bury": 1},
        errors={"NoFile": 1, "PlexRefused": 1},
        fields={"title": 2},
        confidence={"high": 3},
        days={"2023-11-14": 3},
        times_s={"job": (0.1, 0.5)},
        requests={"plex": 6, "jobs": 3},
    )
    assert stored(data_dir, STATISTICS) == DOCUMENTS[STATISTICS]


def test_learned_paths_of_1_1_are_read_and_kept(data_dir: Path) -> None:
    mapping = LearnedMapping("/data", "/media", files=20, folders=3)
    learned = read_and_save(learned_paths_file(data_dir, FakeClock()))

    assert learned == LearnedPaths(1_700_000_000.0, (mapping,), (("/a", "/b"),))
    assert stored(data_dir, LEARNED_PATHS) == DOCUMENTS[LEARNED_PATHS]


def test_a_breaker_of_1_1_is_read_and_kept(data_dir: Path) -> None:
    file = CircuitStateFile(data_dir, FakeClock())
    breaker, warning = file.load()
    file.save(breaker)

    assert warning == ""
    assert breaker == CircuitState(
        BreakerStatus.OPEN,
        since=1_699_999_910.0,
        reason="PlexServerDown: no connection",
        probes=4,
        next_probe_at=1_700_000_020.0,
    )
    assert stored(data_dir, BREAKER) == DOCUMENTS[BREAKER]


def test_the_reconciliation_history_of_1_1_is_read_and_kept(data_dir: Path) -> None:
    file = HistoryFile(data_dir, FakeClock())
    history, warning = file.load()
    file.save(history)

    run = Run.model_validate(DOCUMENTS[HISTORY]["runs"][0])
    assert (warning, history) == ("", History(runs=(run,), full_at=1_699_000_000.0))
    assert run.cursor == 42
    kept = [{**one, "left_out": {}} for one in DOCUMENTS[HISTORY]["runs"]]
    assert stored(data_dir, HISTORY) == {**DOCUMENTS[HISTORY], "runs": kept}


def test_a_confirmation_of_1_1_still_confirms(data_dir: Path) -> None:
    confirmation = Confirmation(data_dir, FakeClock())

    assert confirmation.consume("Clear Pending Queue", 3, started_at=1_700_000_060.0)


def read_and_save(file: StateFile[Any]) -> object:
    """Return the document after saving it again; it must be valid."""
    value = file.load()
    assert (file.warning, file.save(value)) == ("", "")
    return value


def stored(data_dir: Path, name: str) -> object:
    return json.loads((data_dir / name).read_text("utf-8"))
