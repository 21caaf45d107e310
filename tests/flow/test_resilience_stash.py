"""Stash restarts, ends our session, or is gone for good, while Plex is there or away: nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flow.house import House, Workroom, opened, wait_for
from worker.lifecycle.loop import ExitReason
from worker.lifecycle.stash_monitor import UNREACHABLE_AFTER_S

SESSION_S = 60


def guarded(tmp_path: Path) -> Workroom:
    """A room whose Stash asks for a login and forgets sessions after a minute."""
    return Workroom(tmp_path, username="ada", password="lovelace", max_session_age=SESSION_S)


def wake(house: House) -> None:
    house.stash.run_operation({"mode": "wake"})


def press(house: House) -> None:
    house.run_task("View Queue Status")


def save(house: House) -> None:
    house.edit(house.scene("other.mp4"), title="Other")


@pytest.mark.parametrize("act", [wake, press, save])
def test_one_hook_is_enough_after_an_outage_and_a_killed_stash(
    house: House, act: Callable[[House], None]
) -> None:
    scene = house.scene()
    house.plex.down()
    house.edit(scene, title="Waits")
    wait_for(lambda: "new=open" in house.worker_log(), "the worker has noticed")
    house.stash.container_kill()
    house.stash.up()
    alone = house.is_alive()

    house.plex.up()
    act(house)
    wait_for(lambda: house.item().title == "Waits", "the change has arrived")
    house.drained()

    assert not alone
    assert house.dead_letters() == []
    assert house.worker_log().count("worker.start") == 2


def test_a_worker_waits_through_a_restart_of_stash(house: House) -> None:
    scenes = {name: house.scene(name) for name in ("a.mp4", "b.mp4")}
    house.plex.down()
    house.edit(scenes["a.mp4"], title="First")
    wait_for(lambda: "new=open" in house.worker_log(), "the worker has noticed")
    pid = house.worker_pid

    house.stash.restart()
    house.edit(scenes["b.mp4"], title="Second")
    house.plex.up()
    house.drained()

    assert (house.item("a.mp4").title, house.item("b.mp4").title) == ("First", "Second")
    assert house.worker_pid == pid
    assert house.dead_letters() == []


def test_an_expired_session_is_replaced_by_the_next_hooks(tmp_path: Path) -> None:
    room = guarded(tmp_path)
    with opened(room):
        scenes = {name: room.scene(name) for name in ("a.mp4", "b.mp4")}
        room.plex.down()
        room.edit(scenes["a.mp4"], title="First")
        room.work()
        room.clock.advance(10.0 * SESSION_S)
        room.work_for(600.0, step=30.0)
        room.plex.up()
        room.work_for(600.0, step=30.0)
        waiting = room.jobs()

        room.edit(scenes["b.mp4"], title="Second")
        room.work_until(lambda: not room.jobs(), limit=120.0)

        assert [(subject, attempts) for subject, attempts, _ in waiting] == [
            (f"scene:{scenes['a.mp4']}", 0)
        ]
        assert (room.item("a.mp4").title, room.item("b.mp4").title) == ("First", "Second")
        assert room.dead_letters() == []


def test_an_expired_session_costs_one_request_a_minute(tmp_path: Path) -> None:
    room = guarded(tmp_path)
    with opened(room):
        room.edit(room.scene(), title="Waits")
        room.clock.advance(10.0 * SESSION_S)
        room.work_for(120.0)
        room.stash.reset_counts()

        room.work_for(86_400.0, step=20.0)

        assert room.stash.count("graphql") <= 1.2 * 1_440
        assert room.plex.writes() == []
        assert [attempts for _, attempts, _ in room.jobs()] == [0]


@pytest.mark.parametrize("plex_is_there", [True, False])
def test_without_stash_the_worker_stops_and_the_next_continues(
    room: Workroom, plex_is_there: bool
) -> None:
    scene = room.scene()
    room.work_for(30.0)
    if not plex_is_there:
        room.plex.down()
    room.edit(scene, title="Waits")
    room.stash.down()
    assert room.worker is not None
    since = room.clock.monotonic()

    farewell = room.worker.loop.run()
    lasted = room.clock.monotonic() - since
    loud = [line for line in room.worker_log().splitlines() if " ERROR " in line]
    waiting = room.jobs()
    room.end_worker()
    room.stash.up()
    room.plex.up()
    room.begin_worker()
    room.work_until(lambda: not room.jobs(), limit=300.0)

    assert farewell is ExitReason.STASH_UNREACHABLE
    assert UNREACHABLE_AFTER_S <= lasted <= UNREACHABLE_AFTER_S + 120.0
    assert loud == []
    assert [(subject, attempts) for subject, attempts, _ in waiting] == [(f"scene:{scene}", 0)]
    assert room.item().title == "Waits"


def test_ten_restarts_of_stash_in_a_row_lose_no_edit(room: Workroom) -> None:
    scenes = [room.scene(f"{number}.mp4") for number in range(10)]

    for number, scene in enumerate(scenes):
        room.edit(scene, title=f"Title {number}")
        room.stash.down()
        room.work_for(30.0)
        room.stash.up()
        room.work_for(5.0)
    room.work_until(lambda: not room.jobs(), limit=300.0)

    assert [room.item(f"{number}.mp4").title for number in range(10)] == [
        f"Title {number}" for number in range(10)
    ]
    assert room.dead_letters() == []


def test_a_disabled_plugin_does_not_retry_notices_all_the_time(
    room: Workroom,
) -> None:
    room.plex.down()
    room.edit(room.scene(), title="Waits")
    (room.plugin / "PlexSync.yml").unlink()
    room.stash.reload_plugins()
    room.work_for(600.0, step=1.0)

    refusals = room.worker_log().count("notice.undelivered")

    assert 1 <= refusals <= 12
    assert room.stash.count("graphql", "runPluginOperation") <= 12


def test_a_clock_ahead_at_the_first_start_hides_no_change(room: Workroom) -> None:
    scene = room.scene()
    room.clock.jump(86_400.0)
    room.work()
    room.clock.jump(-86_400.0)
    room.work_for(1_200.0, step=30.0)
    room.stash.library.change_scene(scene, touch=True, title="No hook ran")

    room.work_for(1_200.0, step=30.0)

    assert room.item().title == "No hook ran"
