"""What is cleared, what is kept and what is not touched: the rules and switches of the fields."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flow.house import Workroom, picture

FULL: dict[str, Any] = {
    "title": "Full",
    "studio": "Aurora",
    "details": "Words.",
    "date": "2024-03-09",
    "performers": ["Mia Sol"],
    "tags": ["night"],
}
SHOWN = {
    "title": "Full",
    "studio": "Aurora",
    "summary": "Words.",
    "date": "2024-03-09",
    "roles": ["Mia Sol"],
    "genres": ["night"],
    "collections": ["Aurora"],
}
HAND = {"summary": "By hand", "studio": "By hand", "genres": ["by hand"]}


def shown(room: Workroom) -> dict[str, Any]:
    """What Plex shows of the item."""
    return {name: getattr(room.item(), name) for name in SHOWN}


def test_a_value_stays_when_its_field_is_disabled_later(room: Workroom) -> None:
    scene = room.scene()
    room.edit(scene, **FULL)
    room.work()

    room.configure(c_sync_summary=False, c_sync_tags=False)
    room.edit(scene, details=None, tags=[], studio="New")
    room.work()

    item = room.item()
    assert (item.summary, item.genres, item.studio) == ("Words.", ["night"], "New")


def test_the_master_switch_writes_and_records_nothing(room: Workroom) -> None:
    room.configure(c_sync_metadata=False)
    scene = room.scene(cover=picture(1))

    room.edit(scene, **FULL)
    room.work()

    assert room.plex.writes() == []
    assert room.records(scene) == []
    assert (room.jobs(), room.dead_letters()) == ([], [])


@pytest.mark.parametrize("empty_date", ["clears", "ignored"])
def test_what_is_emptied_in_stash_is_emptied_but_the_title(room: Workroom, empty_date: str) -> None:
    room.plex.switches.empty_date = empty_date
    scene = room.scene()
    room.edit(scene, **FULL)
    room.work()

    room.edit(scene, title=None, studio=None, details=None, performers=[], date=None, tags=["left"])
    room.work()

    found = shown(room)
    date = found.pop("date")
    assert found == {
        "title": "Full",
        "studio": None,
        "summary": "",
        "roles": [],
        "genres": ["left"],
        "collections": [],
    }
    assert (date is None) == (empty_date == "clears")


def test_an_unidentified_scene_clears_only_our_values(room: Workroom) -> None:
    scene = room.scene()
    room.plex.library.change(
        room.item().rating_key, summary="From an agent", genres=["agent's"], studio="Agent"
    )

    room.edit(scene, title="Only a title")
    room.work()

    item = room.item()
    assert (item.title, item.summary, item.genres, item.studio) == (
        "Only a title",
        "From an agent",
        ["agent's"],
        "Agent",
    )


def test_emptying_a_whole_scene_clears_what_plexsync_wrote(room: Workroom) -> None:
    scene = room.scene()
    room.edit(scene, **FULL)
    room.work()
    room.plex.library.change(room.item().rating_key, genres=["night", "by hand"])

    room.edit(scene, studio=None, details=None, performers=[], tags=[], date=None)
    room.work()

    item = room.item()
    assert (item.title, item.studio, item.summary, item.roles) == ("Full", None, "", [])
    assert item.genres == ["by hand"]


@pytest.mark.parametrize("tags_replace", [False, True], ids=["tags are added", "tags are replaced"])
def test_a_collection_that_a_person_chose_stays(room: Workroom, tags_replace: bool) -> None:
    room.plex.switches.tags_replace = tags_replace
    scene = room.scene()
    room.plex.library.change(room.item().rating_key, collections=["Mine"])

    room.edit(scene, studio="Aurora")
    room.work()
    room.edit(scene, studio="Old Mill")
    room.work()

    assert sorted(room.item().collections) == ["Mine", "Old Mill"]


def test_the_rating_is_cleared_only_where_plexsync_set_it(room: Workroom) -> None:
    room.configure(c_sync_rating=True)
    ours, theirs = room.scene("ours.mp4"), room.scene("theirs.mp4")
    room.plex.library.change(room.item("theirs.mp4").rating_key, user_rating=6.0)
    room.edit(ours, rating100=80, tags=["x"])
    room.work()
    rated = room.item("ours.mp4").user_rating

    room.edit(ours, rating100=None)
    room.edit(theirs, title="Unrated in Stash", tags=["x"])
    room.work()

    assert rated == 8.0
    assert not room.item("ours.mp4").user_rating
    assert room.item("theirs.mp4").user_rating == 6.0


@pytest.mark.parametrize("preserve", [True, False])
def test_a_hand_edit_survives_when_the_user_wants_that(room: Workroom, preserve: bool) -> None:
    room.configure(c_preserve_plex_edits=preserve)
    scene = room.scene()
    room.edit(scene, **FULL)
    room.work()
    room.plex.library.change(room.item().rating_key, **HAND)

    room.edit(scene, details="New words.", studio="New", tags=["day"], title="New title")
    room.work()

    item = room.item()
    kept = (item.summary, item.studio) == ("By hand", "By hand")
    assert kept == preserve
    assert ("by hand" in item.genres) == preserve
    assert (item.title, "day" in item.genres) == ("New title", True)


def test_limits_keep_the_first_names_and_cut_long_texts(room: Workroom) -> None:
    room.configure(c_max_tags=3)
    scene = room.scene()

    room.edit(scene, title="word " * 100, tags=[f"tag {number}" for number in range(8)])
    room.work()

    item = room.item()
    assert sorted(item.genres) == ["tag 0", "tag 1", "tag 2"]
    assert len(item.title) <= 255 and item.title.endswith("word")


def test_characters_that_xml_cannot_carry_are_left_out(room: Workroom) -> None:
    scene = room.scene()

    room.edit(scene, title="Bell\x07 and \x01more", details="Line\r\ntwo\x0b 🎉")
    room.work()
    writes = len(room.edits())
    room.note(scene)
    room.work()

    assert (room.item().title, room.item().summary) == ("Bell and more", "Line\ntwo 🎉")
    assert len(room.edits()) == writes
