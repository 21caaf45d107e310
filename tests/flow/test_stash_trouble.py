"""Stash slow, broken, gone, or tired of our session: nothing is lost and no attempt is spent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.emulators.plex_server import Fault
from tests.emulators.stash_server import StashEmulator
from tests.flow.house import House, Workroom, opened, picture, wait_for

Trouble = Callable[[StashEmulator], None]

TROUBLES: dict[str, Trouble] = {
    "500": lambda stash: stash.faults.fail(500, times=3),
    "503": lambda stash: stash.faults.fail(503, times=3),
    "a proxy's page": lambda stash: stash.faults.html(502, times=3),
    "a page with status 200": lambda stash: stash.faults.html(200, times=3),
    "a cut answer": lambda stash: stash.faults.truncate(20, times=3),
    "a dropped connection": lambda stash: stash.faults.drop(times=3),
    "a locked database": lambda stash: stash.faults.locked(times=3),
    "only the scenes fail": lambda stash: stash.faults.fail(500, name="findScene", times=3),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_a_stash_in_trouble_costs_no_attempt(room: Workroom, name: str) -> None:
    scene = room.scene()
    room.edit(scene, title="Patient")
    TROUBLES[name](room.stash)

    room.work()
    waiting = room.jobs()
    room.work_until(lambda: not room.jobs())

    assert [(subject, attempts) for subject, attempts, _ in waiting] == [(f"scene:{scene}", 0)]
    assert room.item().title == "Patient"
    assert room.dead_letters() == []


@pytest.mark.parametrize("status", [500, 502, 404])
def test_an_unavailable_cover_does_not_delay_the_fields(room: Workroom, status: int) -> None:
    scene = room.scene(cover=picture(1))
    room.stash.faults.fail(status, kind="screenshot")

    room.edit(scene, title="First")
    room.work()
    at_once = room.item().title
    room.work_until(lambda: not room.jobs())

    assert at_once == "First"
    assert room.dead_letters() == []


def test_a_stash_that_answers_too_late_costs_no_attempt(tmp_path: Path) -> None:
    room, never = Workroom(tmp_path, patience_s=1.0), Event()
    with opened(room):
        scene = room.scene()
        room.edit(scene, title="Patient")
        room.stash.faults.hold(never, name="findScene")

        room.work()
        waiting = room.jobs()
        never.set()
        room.work_until(lambda: not room.jobs())

        assert [(subject, attempts) for subject, attempts, _ in waiting] == [(f"scene:{scene}", 0)]
        assert "stash.unavailable" in room.worker_log()
        assert room.item().title == "Patient"


def test_a_stash_that_is_gone_for_minutes_finds_its_changes_done(room: Workroom) -> None:
    scene = room.scene()
    room.edit(scene, title="Patient")
    room.stash.down()

    room.work_for(300.0, step=10.0)
    waiting = room.jobs()
    room.stash.up()
    room.work_until(lambda: not room.jobs(), limit=120.0)

    assert [(subject, attempts) for subject, attempts, _ in waiting] == [(f"scene:{scene}", 0)]
    assert room.item().title == "Patient"


def test_the_detached_worker_outlives_a_restart_of_stash(house: House) -> None:
    scene = house.scene()
    house.edit(scene, title="Before")
    house.drained()
    pid = house.worker_pid

    house.stash.restart()
    house.edit(scene, title="After")
    house.drained()

    assert house.item().title == "After"
    assert house.worker_pid == pid


def guarded(tmp_path: Path, **options: Any) -> Workroom:
    """A room whose Stash asks for a login and forgets sessions after a minute."""
    return Workroom(tmp_path, username="ada", password="lovelace", max_session_age=60, **options)


def test_the_worker_keeps_its_session_alive(tmp_path: Path) -> None:
    room = guarded(tmp_path)
    with opened(room):
        scene = room.scene()
        room.edit(scene, title="One")

        room.work_for(600.0)
        room.note(scene)
        room.work()

        assert room.jobs() == []
        assert room.stash.count(status=401) == 0


def test_an_expired_session_waits_for_the_next_hook(tmp_path: Path) -> None:
    room = guarded(tmp_path)
    with opened(room):
        first, second = room.scene("a.mp4"), room.scene("b.mp4")
        room.edit(first, title="First")
        room.clock.advance(3600.0)

        room.work_for(60.0)
        waiting = room.jobs()
        room.edit(second, title="Second")
        room.work_until(lambda: not room.jobs(), limit=60.0)

        assert [(subject, attempts) for subject, attempts, _ in waiting] == [(f"scene:{first}", 0)]
        assert (room.item("a.mp4").title, room.item("b.mp4").title) == ("First", "Second")


def test_an_api_key_helps_where_the_session_is_over(tmp_path: Path) -> None:
    room = guarded(tmp_path, api_key="the-api-key-of-this-house")
    with opened(room):
        scene = room.scene(cover=picture(1))
        room.edit(scene, title="Before")
        room.work()
        room.stash.library.change_scene(scene, touch=True, title="After")
        room.clock.advance(3600.0)

        room.note(scene)
        room.work_until(lambda: not room.jobs(), limit=60.0)

        assert room.item().title == "After"


def test_a_save_does_not_wait_for_plex(house: House) -> None:
    scene = house.scene()
    held = house.plex.faults.add(Fault("stall", method="PUT", delay_s=120.0))

    house.edit(scene, title="One")
    assert held.struck.wait(60.0)
    house.edit(scene, title="Two")
    is_held = not house.plex.faults.released.is_set() and house.item().title == "a"
    house.plex.faults.clear()
    wait_for(lambda: house.item().title == "Two", "the newest value")

    assert is_held
