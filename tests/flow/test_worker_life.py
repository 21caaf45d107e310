"""The detached worker: started by whoever needs it, one at a time, gone when its version is."""

from __future__ import annotations

import signal

import pytest

from core.version import VERSION
from tests.emulators.stash_client import GraphqlFailure
from tests.flow.house import House, wait_for


def test_a_worker_leaves_for_a_new_version_which_takes_over(house: House) -> None:
    scene = house.scene()
    house.edit(scene, title="Before")
    house.drained()
    old = house.worker_pid

    version = house.plugin / "core" / "version.py"
    version.write_text(
        version.read_text(encoding="utf-8").replace(f'"{VERSION}"', '"99.0.0"'), encoding="utf-8"
    )
    wait_for(lambda: house.worker_pid != old, "the new version's worker")
    house.edit(scene, title="After")
    house.drained()

    assert house.rows("SELECT version FROM worker") == [("99.0.0",)]
    assert house.item().title == "After"
    assert house.worker_log().count("worker.start") == 2


def test_waking_starts_a_worker_only_once(house: House) -> None:
    first = house.stash.run_operation({"mode": "wake"})
    wait_for(house.is_alive, "the worker")
    second = house.stash.run_operation({"mode": "wake"})

    assert (first, second) == ({"worker": "started"}, {"worker": "alive"})


def test_saying_writes_a_line_into_stashs_log(house: House) -> None:
    answer = house.stash.run_operation({"mode": "say", "level": "warning", "text": "Mind the gap"})

    assert answer == "ok"
    assert len(house.said("Mind the gap", "Warning")) == 1
    assert not house.is_alive()


@pytest.mark.parametrize(
    "arguments", [{}, {"level": "loud", "text": "x"}, {"level": "info", "text": " "}]
)
def test_saying_nothing_is_an_error(house: House, arguments: dict[str, str]) -> None:
    with pytest.raises(GraphqlFailure, match="nothing to say"):
        house.stash.run_operation({"mode": "say", **arguments})


def test_plex_sees_one_device_across_workers_and_tasks(house: House) -> None:
    scene = house.scene()
    pids = set()
    for number in range(3):
        house.edit(scene, title=f"Title {number}")
        house.drained()
        pids.add(house.worker_pid)
        house.stop_worker(signal.SIGKILL if number % 2 else signal.SIGTERM)
    house.run_task("Health Check")
    house.run_task("Process Queue")

    assert len(pids) == 3
    assert house.item().title == "Title 2"
    assert len(house.plex.devices) == 1


def test_one_worker_serves_a_burst_of_first_edits(house: House) -> None:
    scenes = [house.scene(f"{number}.mp4") for number in range(5)]

    for number, scene in enumerate(scenes):
        house.edit(scene, title=f"Title {number}")
    house.drained()

    assert house.worker_log().count("worker.start") == 1
    assert [house.item(f"{number}.mp4").title for number in range(5)] == [
        f"Title {number}" for number in range(5)
    ]
