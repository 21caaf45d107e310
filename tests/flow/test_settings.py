"""Settings are read again before each drain: switching off keeps events, correcting needs no restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flow.house import TOKEN, House, Workroom, opened, wait_for


def test_events_are_kept_while_disabled(house: House) -> None:
    house.configure(a_enabled=False)
    first, second = house.scene("a.mp4"), house.scene("b.mp4")

    house.edit(first, title="Kept")
    wait_for(lambda: house.doing == "switched off", "the worker has read its settings")
    waiting = house.jobs()
    house.configure(a_enabled=True)
    house.edit(second, title="Next")
    house.drained()

    assert [(subject, attempts) for subject, attempts, _ in waiting] == [(f"scene:{first}", 0)]
    assert (house.item("a.mp4").title, house.item("b.mp4").title) == ("Kept", "Next")


def test_nothing_is_asked_of_plex_while_switched_off(room: Workroom) -> None:
    room.configure(a_enabled=False)
    scene = room.scene()

    room.edit(scene, title="Kept")
    room.work_for(300.0, step=10.0)
    asked = len(room.plex.requests)
    room.configure(a_enabled=True)
    room.work_until(lambda: not room.jobs(), limit=60.0)

    assert asked == 0
    assert room.item().title == "Kept"


@pytest.mark.parametrize(
    ("key", "name"), [("a_plex_url", "Plex URL"), ("a_plex_token", "Plex token")]
)
def test_a_missing_setting_is_reported_once(room: Workroom, key: str, name: str) -> None:
    right = {"a_plex_url": room.plex.url, "a_plex_token": TOKEN}[key]
    room.configure(**{key: ""})
    scenes = [room.scene(f"{number}.mp4") for number in range(3)]

    for scene in scenes:
        room.edit(scene, title="Kept")
        room.work_for(60.0, step=10.0)
    waiting, said = room.jobs(), room.said(f"{name} is not set", "Error")
    room.configure(**{key: right})
    room.work_until(lambda: not room.jobs(), limit=60.0)

    assert [attempts for _, attempts, _ in waiting] == [0, 0, 0]
    assert len(said) == 1
    assert {item.title for item in room.plex.library.items()} == {"Kept"}


def test_the_previous_plugins_settings_are_understood(tmp_path: Path) -> None:
    room = Workroom(tmp_path)
    with opened(room, a_plex_url="", a_plex_token=""):
        room.configure(plexHost="127.0.0.1", plexPort=str(room.plex.port), plexToken=TOKEN)
        scene = room.scene()

        room.edit(scene, title="Understood")
        room.work()

        assert room.item().title == "Understood"


def test_an_invalid_optional_value_is_reported_once(room: Workroom) -> None:
    room.configure(a_plex_read_timeout_s="soon", c_tagline_source="mood")
    scene = room.scene()

    room.edit(scene, title="Written")
    room.work_for(60.0)

    assert room.item().title == "Written"
    assert len(room.said("Plex read timeout", "Warning")) == 1
    assert len(room.said("Source of the tagline", "Warning")) == 1


def test_a_changed_path_mapping_counts_for_the_next_drain(room: Workroom) -> None:
    room.configure(b_path_map="/data => /wrong")
    room.plex.library.add_item(room.section, [("/media/2019/a.mp4", 1_000)])
    room.plex.library.add_item(room.section, [("/media/a.mp4", 1_000)])
    scene = room.stash.library.add_scene("/data/a.mp4", 1_000)
    room.edit(scene, title="Mapped")
    room.work()
    dead_letters = [dead_letter["reason"] for dead_letter in room.dead_letters()]

    room.configure(b_path_map="/data => /media")
    room.edit(scene, title="Mapped")
    room.work()

    assert dead_letters == ["AmbiguousMatch"]
    assert room.item().title == "Mapped"
    assert room.dead_letters() == []
