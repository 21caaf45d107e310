"""A change made while its scene waits, is being worked on or backs off: the newest value wins."""

from __future__ import annotations

import signal

from tests.emulators.plex_server import Fault
from tests.flow.house import House, Workroom, wait_for


def test_many_saves_become_one_job_with_the_newest_value(house: House) -> None:
    scene = house.scene()

    for number in range(8):
        house.edit(scene, title=f"Title {number}")
    house.drained()

    assert house.item().title == "Title 7"
    assert 1 <= len(house.edits()) <= 3
    assert house.worker_log().count("sync.done") <= 3


def test_a_save_while_its_scene_is_being_written_is_written_too(house: House) -> None:
    scene = house.scene()
    held = house.plex.faults.add(Fault("slow", method="PUT", delay_s=60.0))

    house.edit(scene, title="Old", details="Kept")
    assert held.struck.wait(60.0)
    house.edit(scene, title="New")
    house.plex.faults.release()
    house.drained()

    assert (house.item().title, house.item().summary) == ("New", "Kept")
    assert house.worker_log().count("sync.done") == 2


def test_a_save_during_a_backoff_is_sent_immediately(room: Workroom) -> None:
    scene = room.scene()
    room.plex.faults.add(Fault(method="PUT", status=500))
    room.edit(scene, title="Old")
    room.work()
    backing_off = room.jobs()

    room.edit(scene, title="New")
    room.work()
    room.work_for(120.0, step=20.0)

    assert backing_off == [(f"scene:{scene}", 1, "PlexTemporaryError")]
    assert room.item().title == "New"
    assert len(room.edits()) == 2  # the failed one and the one that counts
    assert room.jobs() == []


def test_a_failure_beside_a_newer_save_leaves_one_job(house: House) -> None:
    scene = house.scene()
    held = house.plex.faults.add(Fault("stall", method="PUT", delay_s=60.0))
    house.plex.faults.add(Fault(method="PUT", status=500))

    house.edit(scene, title="Old")
    assert held.struck.wait(60.0)
    house.edit(scene, title="New")
    house.plex.faults.release()
    wait_for(lambda: house.item().title == "New", "the newest value")
    house.drained()

    assert house.dead_letters() == []


def test_the_queue_outlives_a_killed_worker(house: House) -> None:
    scenes = {name: house.scene(name) for name in ("a.mp4", "b.mp4", "c.mp4")}
    held = house.plex.faults.add(Fault("stall", method="PUT", delay_s=60.0, times=None))
    for name, scene in scenes.items():
        house.edit(scene, title=f"New {name}")
    assert held.struck.wait(60.0)

    first = house.worker_pid
    house.stop_worker(signal.SIGKILL)
    house.plex.faults.clear()
    left = house.jobs()
    house.stash.run_operation({"mode": "wake"})
    wait_for(lambda: house.worker_pid != first, "another worker")
    house.drained()

    assert [subject for subject, _, _ in left] == [f"scene:{scene}" for scene in scenes.values()]
    assert [house.item(name).title for name in scenes] == [f"New {name}" for name in scenes]


def test_the_queue_outlives_a_restart_of_everything(house: House) -> None:
    scene = house.scene()
    house.plex.down()
    house.edit(scene, title="Kept")
    wait_for(lambda: "new=open" in house.worker_log(), "the worker has noticed")

    house.stash.container_kill()
    wait_for(lambda: not house.is_alive(), "the worker is gone with its container")
    house.stash.up()
    house.plex.up()
    house.stash.run_operation({"mode": "wake"})
    wait_for(lambda: house.item().title == "Kept", "the change has arrived")
    house.drained()

    assert house.dead_letters() == []
