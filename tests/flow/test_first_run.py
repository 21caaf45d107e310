"""The first start beside two full libraries: nothing is written to Plex until somebody edits a scene."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flow.house import Workroom, opened, picture

SCENES = 40
DAY_S = 86_400.0


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Workroom]:
    """Scenes with everything, none of it in Plex yet, all of them older than the installation."""
    home = Workroom(tmp_path)
    began, home.clock.now = home.clock.now, home.clock.now - 30 * DAY_S
    for number in range(SCENES):
        home.scene(
            f"{number % 7}/{number:02}.mp4",
            1_000 + number,
            title=f"Title {number}",
            details="Words.",
            date="2024-01-02",
            studio="Aurora",
            performers=["Ada"],
            tags=["warm"],
            cover=picture(number),
        )
    home.clock.now = began
    with opened(home):
        yield home


def unchanged(room: Workroom, seen: dict[int, Any]) -> set[int]:
    return {key for key, item in shown(room).items() if item == seen[key]}


def shown(room: Workroom) -> dict[int, Any]:
    """Everything that a person sees of each item of Plex."""
    return {
        item.rating_key: (
            item.title,
            item.summary,
            item.studio,
            item.date,
            tuple(item.genres),
            tuple(item.roles),
            tuple(item.collections),
            frozenset(item.locked),
            item.poster_bytes,
        )
        for item in room.plex.library.items()
    }


def test_nothing_is_written_until_one_scene_is_edited(
    room: Workroom,
) -> None:
    seen = shown(room)

    room.stash.run_operation({"mode": "wake"})
    room.work()
    room.work_for(3 * DAY_S, step=1200.0)
    looks = room.stash.count(name="findScenes")
    before = (
        room.plex.writes(),
        unchanged(room, seen),
        room.jobs(),
        room.rows("SELECT 1 FROM records"),
    )
    room.edit(1, title="Edited")
    room.work()
    room.work_for(2 * DAY_S, step=1200.0)

    edited = room.item("0/00.mp4").rating_key
    assert looks > 50
    assert before == ([], set(seen), [], [])
    assert unchanged(room, seen) == set(seen) - {edited}
    assert shown(room)[edited][:3] == ("Edited", "Words.", "Aurora")
    assert all(
        f"id={edited}" in put.target or f"/{edited}/" in put.target for put in room.plex.writes()
    )
    assert room.rows("SELECT DISTINCT scene_id FROM records") == [(1,)]


def test_restarts_before_the_first_edit_write_nothing_either(room: Workroom) -> None:
    seen = shown(room)
    room.work()

    for _ in range(3):
        room.end_worker()
        room.clock.advance(DAY_S)
        room.begin_worker()
        room.stash.run_operation({"mode": "wake"})
        room.work_for(3600.0, step=600.0)

    assert (room.plex.writes(), unchanged(room, seen), room.jobs()) == ([], set(seen), [])


def test_settings_that_change_later_write_nothing_by_themselves(tmp_path: Path) -> None:
    room = Workroom(tmp_path)
    room.scene(title="Never sent", cover=picture(1))
    with opened(room, a_plex_url="", a_plex_token=""):
        room.work_for(DAY_S, step=1200.0)

        room.configure(a_plex_url=room.plex.url, a_plex_token=room.plex.token)
        room.work_for(DAY_S, step=1200.0)
        room.configure(c_sync_rating=True, b_path_map="", b_trigger_plex_scan=True)
        room.work_for(DAY_S, step=1200.0)

        assert room.plex.writes() == []
        assert room.item().title == "a"
