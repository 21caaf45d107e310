"""What the page polls: the state at a glance, whatever the data folder holds."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from core.job import PRIORITY_EDIT, scene_subject
from core.units import DAY_S
from core.version import VERSION
from hooks.snapshot import (
    BREAKER_FILE,
    BREAKER_STATES,
    RUN_KINDS,
    SLOW_START_FILE,
    SLOW_START_S,
    run_snapshot,
)
from page.models.state import RunKind, RunState, Snapshot
from reconciliation.gap_sinks import CAUSE
from reconciliation.run import Run
from sync_queue import statements as sql
from sync_queue.hook_queue import DATABASE
from sync_queue.lease import Lease
from sync_queue.meta import MetaStore, WorkerStatus, start_epoch
from sync_queue.schema import open_database
from sync_queue.store import JobStore
from sync_queue.sync_run import SyncRun
from tests.harness.clocks import FakeClock
from worker.discovery.sync_selection import KINDS
from worker.resilience import breaker, throttle
from worker.resilience.breaker import BreakerStatus, CircuitState, CircuitStateFile

NOW = 1_700_000_000.0
SYNC = SyncRun(kind="force_sync", asked_at=NOW, started_at=NOW, done=500, total=900, queued=400)
COMPARISON = Run(cause="task", scope="all", started_at=NOW, checked=60, total=90)
IDLE = {"due": 0, "later": 0, "running": 0, "dead_letters": 0, "next_due_at": 0}
NO_WORKER = {"is_running": False, "version": "", "status": "", "detail": "", "started_at": 0}
CLOSED = {
    "state": "closed",
    "since": 0.0,
    "reason": "",
    "next_probe_at": 0.0,
    "is_slow_start": False,
}


def snapshot(data_dir: Path, now: float = NOW) -> dict[str, Any]:
    answer = run_snapshot(str(data_dir), now)
    assert json.loads(json.dumps(answer)) == answer
    output = answer["output"]
    assert isinstance(output, dict)
    return output


def test_before_anything_ran_there_is_no_queue(tmp_path: Path) -> None:
    output = snapshot(tmp_path / "data")

    assert output["queue"] is None
    assert output["worker"] == NO_WORKER
    assert output["plex"] == CLOSED
    assert (output["version"], output["at"]) == (VERSION, NOW)
    assert not (tmp_path / "data").exists()


def test_jobs_are_counted_by_when_they_are_due(tmp_path: Path) -> None:
    opened = open_database(tmp_path)
    clock = FakeClock()
    store = JobStore(opened.queue.connection, clock)
    store.enqueue_many([scene_subject(number) for number in (1, 2, 3)], "update", PRIORITY_EDIT)
    store.claim(1)

    output = snapshot(tmp_path, clock.wall() + DAY_S)

    assert output["queue"]["running"] + output["queue"]["due"] == 3
    assert output["queue"]["running"] == 1
    assert snapshot(tmp_path, 0.0)["queue"]["later"] == 2
    assert output["queue"]["next_due_at"] > 0


def test_an_empty_queue_is_all_zeros(tmp_path: Path) -> None:
    open_database(tmp_path)

    assert snapshot(tmp_path)["queue"] == IDLE


def test_the_worker_is_shown_with_its_status(tmp_path: Path) -> None:
    opened = open_database(tmp_path)
    start_epoch(opened.queue.connection, 7, "1.2.0", "hook", NOW)
    stored = WorkerStatus.WAITING_FOR_PLEX.stored("PlexUnavailable: no route")
    opened.queue.connection.execute("UPDATE worker SET doing = ?", (stored,))
    opened.queue.connection.commit()
    lease = Lease(tmp_path)
    assert lease.acquire()

    shown = snapshot(tmp_path)["worker"]

    lease.release()
    assert shown == {
        "is_running": True,
        "version": "1.2.0",
        "status": "waiting for Plex",
        "detail": "PlexUnavailable: no route",
        "started_at": NOW,
    }


def test_an_open_breaker_is_shown_as_it_is_stored(tmp_path: Path) -> None:
    state = CircuitState(BreakerStatus.OPEN, since=NOW, reason="no route", next_probe_at=NOW + 5)
    CircuitStateFile(tmp_path, FakeClock()).save(state)

    assert snapshot(tmp_path)["plex"] == {
        "state": "open",
        "since": NOW,
        "reason": "no route",
        "next_probe_at": NOW + 5,
        "is_slow_start": False,
    }


@pytest.mark.parametrize(("age_s", "is_shown"), [(10.0, True), (SLOW_START_S, False)])
def test_slow_start_is_shown_until_it_is_over(tmp_path: Path, age_s: float, is_shown: bool) -> None:
    ramp = throttle.SlowStart(NOW, NOW, age_s=age_s)
    throttle.slow_start_file(tmp_path, FakeClock()).save(ramp)

    assert snapshot(tmp_path)["plex"]["is_slow_start"] is is_shown


def test_names_and_states_are_those_of_the_worker() -> None:
    assert (BREAKER_FILE, SLOW_START_FILE) == (breaker.FILE_NAME, throttle.FILE_NAME)
    assert {state.value for state in BreakerStatus} == set(BREAKER_STATES)
    assert throttle.RAMP_S == SLOW_START_S


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"state": 5, "since": "x", "why": [1]}', '{"since": 1e999}']
)
def test_a_damaged_document_reads_as_its_default(tmp_path: Path, content: str) -> None:
    for name in (BREAKER_FILE, SLOW_START_FILE):
        (tmp_path / name).write_text(content, encoding="utf-8")

    shown = snapshot(tmp_path)["plex"]

    assert (shown["state"], shown["since"], shown["is_slow_start"]) == ("closed", 0.0, False)


def test_a_damaged_database_is_no_queue(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"rubbish" * 2000)

    assert snapshot(tmp_path)["queue"] is None


RUNS: list[tuple[dict[str, str], tuple[str, bool, int] | None]] = [
    ({}, None),
    ({"sync_run": "{"}, None),
    ({"sync_run": "[]", "reconcile_run": "7"}, None),
    ({"sync_run": '{"kind": "make_coffee", "asked_at": 1.0}'}, None),
    ({"sync_run": SyncRun(kind="sync_all", asked_at=1.0).model_dump_json()}, ("sync_all", True, 0)),
    ({"sync_run": SYNC.model_dump_json()}, ("force_sync", False, 500)),
    ({"sync_run": SYNC.model_copy(update={"is_enqueued": True}).model_dump_json()}, None),
    ({sql.RECONCILE_REQUEST: '{"scope": "all", "asked_at": 5.0}'}, ("reconcile", True, 0)),
    ({"reconcile_run": COMPARISON.stored_text()}, ("reconcile", False, 60)),
    (
        {"reconcile_run": COMPARISON.stored_text(), "reconcile_cancel": repr(NOW)},
        None,
    ),
    (
        {"reconcile_run": COMPARISON.stored_text(), "sync_run": SYNC.model_dump_json()},
        ("force_sync", False, 500),
    ),
]


@pytest.mark.parametrize(("rows", "expected"), RUNS)
def test_the_run_is_what_the_worker_does_now(
    tmp_path: Path, rows: dict[str, str], expected: tuple[str, bool, int] | None
) -> None:
    store = JobStore(open_database(tmp_path).queue.connection, FakeClock())
    for key, value in rows.items():
        MetaStore(store).set(key, value)

    run = snapshot(tmp_path)["run"]

    assert (run and (run["kind"], run["is_waiting"], run["done"])) == expected
    assert run is None or RunState.model_validate(run)


def test_a_run_that_is_enqueued_is_shown_while_jobs_are_left(tmp_path: Path) -> None:
    store = JobStore(open_database(tmp_path).queue.connection, FakeClock())
    MetaStore(store).set(
        "sync_run", SYNC.model_copy(update={"is_enqueued": True}).model_dump_json()
    )
    store.enqueue_many(["scene:1", "scene:2"], "force_sync")
    store.enqueue("scene:2", "update")
    store.enqueue("scene:3", "update")
    store.claim(1)

    assert snapshot(tmp_path)["run"]["left"] == 2


def test_kinds_and_rows_of_runs_are_those_of_the_worker() -> None:
    assert (*KINDS, CAUSE) == RUN_KINDS
    assert set(get_args(RunKind)) == set(RUN_KINDS)


def test_the_snapshot_is_what_its_model_says(tmp_path: Path) -> None:
    open_database(tmp_path)

    assert Snapshot.model_validate(snapshot(tmp_path)).run is None
