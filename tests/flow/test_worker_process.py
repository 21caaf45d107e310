"""Test the detached worker: started on demand, one at a time, replaced with its version."""

from __future__ import annotations

import signal

import pytest

from core.version import VERSION
from tests.emulators.stash_client import GraphqlFailure
from tests.emulators.stash_process import Spawn, spawn_process
from tests.harness.processes import ProcessHarness
from tests.harness.waiting import wait_for


@pytest.fixture
def spawn() -> Spawn:
    """Start processes as Stash does: their start is a part of what these tests are about."""
    return spawn_process


def test_a_worker_leaves_for_a_new_version_which_takes_over(installed: ProcessHarness) -> None:
    scene = installed.scene()
    installed.edit(scene, title="Before")
    installed.wait_until_drained()
    old = installed.worker_pid

    version = installed.plugin / "core" / "version.py"
    version.write_text(
        version.read_text(encoding="utf-8").replace(f'"{VERSION}"', '"99.0.0"'), encoding="utf-8"
    )
    wait_for(lambda: installed.worker_pid != old, "the new version's worker")
    installed.edit(scene, title="After")
    installed.wait_until_drained()

    assert installed.rows("SELECT version FROM worker") == [("99.0.0",)]
    assert installed.item().title == "After"
    assert installed.worker_log().count("worker.start") == 2


def test_waking_starts_a_worker_only_once(installed: ProcessHarness) -> None:
    first = installed.stash.run_operation({"mode": "wake"})
    wait_for(installed.is_worker_running, "the worker")
    second = installed.stash.run_operation({"mode": "wake"})

    assert (first, second) == ({"worker": "started"}, {"worker": "alive"})


def test_a_log_line_is_written_into_stashs_log(installed: ProcessHarness) -> None:
    answer = installed.stash.run_operation(
        {"mode": "say", "level": "warning", "text": "Mind the gap"}
    )

    assert answer == "ok"
    assert len(installed.stash_log("Mind the gap", "Warning")) == 1
    assert not installed.is_worker_running()


@pytest.mark.parametrize(
    "arguments", [{}, {"level": "loud", "text": "x"}, {"level": "info", "text": " "}]
)
def test_an_empty_log_line_is_an_error(
    installed: ProcessHarness, arguments: dict[str, str]
) -> None:
    with pytest.raises(GraphqlFailure, match="nothing to say"):
        installed.stash.run_operation({"mode": "say", **arguments})


def test_plex_sees_one_device_across_workers_and_tasks(installed: ProcessHarness) -> None:
    scene = installed.scene()
    pids = set()
    for number in range(3):
        installed.edit(scene, title=f"Title {number}")
        installed.wait_until_drained()
        pids.add(installed.worker_pid)
        installed.stop_worker(signal.SIGKILL if number % 2 else signal.SIGTERM)
    installed.run_task("Health Check")
    installed.run_task("Process Queue")

    assert len(pids) == 3
    assert installed.item().title == "Title 2"
    assert len(installed.plex.devices) == 1


def test_one_worker_serves_a_burst_of_first_edits(installed: ProcessHarness) -> None:
    scenes = [installed.scene(f"{number}.mp4") for number in range(5)]

    for number, scene in enumerate(scenes):
        installed.edit(scene, title=f"Title {number}")
    installed.wait_until_drained()

    assert installed.worker_log().count("worker.start") == 1
    assert [installed.item(f"{number}.mp4").title for number in range(5)] == [
        f"Title {number}" for number in range(5)
    ]
