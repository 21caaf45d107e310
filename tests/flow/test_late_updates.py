"""A change made while its scene waits, is being worked on or backs off: the newest value wins."""

from __future__ import annotations

import signal

from tests.emulators.plex_server import Fault
from tests.harness.in_process import InProcessHarness
from tests.harness.processes import ProcessHarness
from tests.harness.waiting import wait_for


def test_many_saves_become_one_job_with_the_newest_value(installed: ProcessHarness) -> None:
    scene = installed.scene()

    for number in range(8):
        installed.edit(scene, title=f"Title {number}")
    installed.wait_until_drained()

    assert installed.item().title == "Title 7"
    assert 1 <= len(installed.edits()) <= 3
    assert installed.worker_log().count("sync.done") <= 3


def test_a_save_while_its_scene_is_being_written_is_written_too(installed: ProcessHarness) -> None:
    scene = installed.scene()
    held = installed.plex.faults.add(Fault("slow", method="PUT", delay_s=60.0))

    installed.edit(scene, title="Old", details="Kept")
    assert held.struck.wait(60.0)
    installed.edit(scene, title="New")
    installed.plex.faults.release()
    installed.wait_until_drained()

    assert (installed.item().title, installed.item().summary) == ("New", "Kept")
    assert installed.worker_log().count("sync.done") == 2


def test_a_save_during_a_backoff_is_sent_immediately(worker: InProcessHarness) -> None:
    scene = worker.scene()
    worker.plex.faults.add(Fault(method="PUT", status=500))
    worker.edit(scene, title="Old")
    worker.work()
    backing_off = worker.jobs()

    worker.edit(scene, title="New")
    worker.work()
    worker.work_for(120.0, step=20.0)

    assert backing_off == [(f"scene:{scene}", 1, "PlexTemporaryError")]
    assert worker.item().title == "New"
    assert len(worker.edits()) == 2  # the failed one and the one that counts
    assert worker.jobs() == []


def test_a_failure_beside_a_newer_save_leaves_one_job(installed: ProcessHarness) -> None:
    scene = installed.scene()
    held = installed.plex.faults.add(Fault("stall", method="PUT", delay_s=60.0))
    installed.plex.faults.add(Fault(method="PUT", status=500))

    installed.edit(scene, title="Old")
    assert held.struck.wait(60.0)
    installed.edit(scene, title="New")
    installed.plex.faults.release()
    wait_for(lambda: installed.item().title == "New", "the newest value")
    installed.wait_until_drained()

    assert installed.dead_letters() == []


def test_the_queue_outlives_a_killed_worker(installed: ProcessHarness) -> None:
    scenes = {name: installed.scene(name) for name in ("a.mp4", "b.mp4", "c.mp4")}
    held = installed.plex.faults.add(Fault("stall", method="PUT", delay_s=60.0, times=None))
    for name, scene in scenes.items():
        installed.edit(scene, title=f"New {name}")
    assert held.struck.wait(60.0)

    first = installed.worker_pid
    installed.stop_worker(signal.SIGKILL)
    installed.plex.faults.clear()
    left = installed.jobs()
    installed.stash.run_operation({"mode": "wake"})
    wait_for(lambda: installed.worker_pid != first, "another worker")
    installed.wait_until_drained()

    assert [subject for subject, _, _ in left] == [f"scene:{scene}" for scene in scenes.values()]
    assert [installed.item(name).title for name in scenes] == [f"New {name}" for name in scenes]


def test_the_queue_outlives_a_restart_of_everything(installed: ProcessHarness) -> None:
    scene = installed.scene()
    installed.plex.down()
    installed.edit(scene, title="Kept")
    wait_for(lambda: "new=open" in installed.worker_log(), "the worker has noticed")

    installed.stash.container_kill()
    wait_for(lambda: not installed.is_worker_running(), "the worker is gone with its container")
    installed.stash.up()
    installed.plex.up()
    installed.stash.run_operation({"mode": "wake"})
    wait_for(lambda: installed.item().title == "Kept", "the change has arrived")
    installed.wait_until_drained()

    assert installed.dead_letters() == []
