"""Changes whose hook never ran are found by asking Stash; what Plex did not keep is noticed by a second look."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.emulators.plex_server import Fault
from tests.flow.house import Workroom, opened

DAYS_S = 86_400.0


@pytest.mark.parametrize("zone", ["+00:00", "-08:00", "+13:45"])
def test_a_change_without_a_hook_arrives_with_the_next_catch_up(tmp_path: Path, zone: str) -> None:
    room = Workroom(tmp_path, zone=zone)
    with opened(room):
        scene = room.scene()
        room.work()

        room.clock.advance(600.0)
        room.stash.library.change_scene(scene, touch=True, title="No hook")
        room.work_for(1200.0, step=30.0)

        assert room.item().title == "No hook"


def test_the_first_start_queues_nothing_a_restart_what_changed(room: Workroom) -> None:
    scenes = {name: room.scene(name) for name in ("a.mp4", "b.mp4", "c.mp4")}
    room.clock.advance(3600.0)
    room.work()
    room.work_for(60.0)
    queued_at_first = room.worker_log().count("sync.")

    room.end_worker()
    room.clock.advance(DAYS_S)
    room.stash.library.change_scene(scenes["b.mp4"], touch=True, title="While nobody worked")
    room.begin_worker()
    room.stash.run_operation({"mode": "wake"})
    room.work()
    room.work()

    assert queued_at_first == 0
    assert [room.item(name).title for name in scenes] == ["a", "While nobody worked", "c"]
    assert room.worker_log().count("sync.done") == 1


def test_what_a_hook_brought_is_not_synced_again_by_the_catch_up(room: Workroom) -> None:
    scene = room.scene()
    room.edit(scene, title="Once")
    room.work()

    room.work_for(2 * 3600.0, step=30.0)

    assert (
        room.worker_log().count("sync.done") <= 2
    )  # once more where the save was younger than two seconds
    assert len(room.edits()) == 1


def test_a_catch_up_that_stash_interrupts_is_made_up_for(room: Workroom) -> None:
    scene = room.scene()
    room.work()
    room.clock.advance(1000.0)
    room.stash.library.change_scene(scene, touch=True, title="No hook")
    room.stash.faults.fail(500, name="findScenes", times=2)

    room.work_for(300.0, step=10.0)

    assert room.item().title == "No hook"


def test_a_value_that_plex_accepts_and_drops_is_noticed_and_said(room: Workroom) -> None:
    room.plex.switches.empty_date = "ignored"
    scene = room.scene()
    room.edit(scene, date="2024-03-09", title="Dated")
    room.work()

    room.edit(scene, date=None)
    room.work()
    room.work()

    assert "verify.dropped" in room.worker_log()
    assert len(room.said(f"date of scene {scene}", "Warning")) == 1
    assert room.item().date == "2024-03-09"


def test_a_second_look_that_fails_costs_nothing(room: Workroom) -> None:
    scene = room.scene()
    look = room.plex.faults.add(
        Fault(method="GET", route="/library/metadata/{ids}", status=500, nth=2)
    )

    room.edit(scene, title="Written")
    room.work()

    assert look.fired == 1
    assert room.item().title == "Written"
    assert (room.jobs(), room.dead_letters()) == ([], [])
