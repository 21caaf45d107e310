"""Changes whose hook never ran are found by asking Stash; what Plex did not keep is noticed by a
second look.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.emulators.plex_server import Fault
from tests.harness.in_process import InProcessHarness
from tests.harness.processes import running

DAYS_S = 86_400.0


@pytest.mark.parametrize("zone", ["+00:00", "-08:00", "+13:45"])
def test_a_change_without_a_hook_arrives_with_the_next_catch_up(tmp_path: Path, zone: str) -> None:
    worker = InProcessHarness(tmp_path, zone=zone)
    with running(worker):
        scene = worker.scene()
        worker.work()

        worker.clock.advance(600.0)
        worker.stash.library.change_scene(scene, touch=True, title="No hook")
        worker.work_for(1200.0, step=30.0)

        assert worker.item().title == "No hook"


def test_the_first_start_queues_nothing_a_restart_what_changed(worker: InProcessHarness) -> None:
    scenes = {name: worker.scene(name) for name in ("a.mp4", "b.mp4", "c.mp4")}
    worker.clock.advance(3600.0)
    worker.set_first_trace()
    worker.work()
    worker.work_for(60.0)
    queued_at_first = worker.worker_log().count("sync.")

    worker.end_worker()
    worker.clock.advance(DAYS_S)
    worker.stash.library.change_scene(scenes["b.mp4"], touch=True, title="While no worker ran")
    worker.begin_worker()
    worker.stash.run_operation({"mode": "wake"})
    worker.work()
    worker.work()

    assert queued_at_first == 0
    assert [worker.item(name).title for name in scenes] == ["a", "While no worker ran", "c"]
    assert worker.worker_log().count("sync.done") == 1


def test_what_a_hook_brought_is_not_synced_again_by_the_catch_up(worker: InProcessHarness) -> None:
    scene = worker.scene()
    worker.edit(scene, title="Once")
    worker.work()

    worker.work_for(2 * 3600.0, step=30.0)

    assert (
        worker.worker_log().count("sync.done") <= 2
    )  # once more where the save was younger than two seconds
    assert len(worker.edits()) == 1


def test_a_catch_up_that_stash_interrupts_is_made_up_for(worker: InProcessHarness) -> None:
    scene = worker.scene()
    worker.work()
    worker.clock.advance(1000.0)
    worker.stash.library.change_scene(scene, touch=True, title="No hook")
    worker.stash.faults.fail(500, name="findScenes", times=2)

    worker.work_for(300.0, step=10.0)

    assert worker.item().title == "No hook"


def test_a_value_that_plex_accepts_and_drops_is_reported(worker: InProcessHarness) -> None:
    worker.plex.switches.empty_date = "ignored"
    scene = worker.scene()
    worker.edit(scene, date="2024-03-09", title="Dated")
    worker.work()

    worker.edit(scene, date=None)
    worker.work()
    worker.work()

    assert "verify.dropped" in worker.worker_log()
    assert len(worker.stash_log(f"date of scene {scene}", "Warning")) == 1
    assert worker.item().date == "2024-03-09"


def test_a_second_look_that_fails_costs_nothing(worker: InProcessHarness) -> None:
    scene = worker.scene()
    look = worker.plex.faults.add(
        Fault(method="GET", route="/library/metadata/{ids}", status=500, nth=2)
    )

    worker.edit(scene, title="Written")
    worker.work()

    assert look.fired == 1
    assert worker.item().title == "Written"
    assert (worker.jobs(), worker.dead_letters()) == ([], [])
