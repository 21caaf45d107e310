"""What is cleared, what is kept and what is not touched: the rules and switches of the fields."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.images import picture
from tests.harness.in_process import InProcessHarness

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


def shown(worker: InProcessHarness) -> dict[str, Any]:
    """What Plex shows of the item."""
    return {name: getattr(worker.item(), name) for name in SHOWN}


def test_a_value_stays_when_its_field_is_disabled_later(worker: InProcessHarness) -> None:
    scene = worker.scene()
    worker.edit(scene, **FULL)
    worker.work()

    worker.configure(c_sync_summary=False, c_sync_tags=False)
    worker.edit(scene, details=None, tags=[], studio="New")
    worker.work()

    item = worker.item()
    assert (item.summary, item.genres, item.studio) == ("Words.", ["night"], "New")


def test_the_master_switch_writes_and_records_nothing(worker: InProcessHarness) -> None:
    worker.configure(c_sync_metadata=False)
    scene = worker.scene(cover=picture(1))

    worker.edit(scene, **FULL)
    worker.work()

    assert worker.plex.writes() == []
    assert worker.recorded_items(scene) == []
    assert (worker.jobs(), worker.dead_letters()) == ([], [])


@pytest.mark.parametrize("empty_date", ["clears", "ignored"])
def test_what_is_emptied_in_stash_is_emptied_but_the_title(
    worker: InProcessHarness, empty_date: str
) -> None:
    worker.plex.switches.empty_date = empty_date
    scene = worker.scene()
    worker.edit(scene, **FULL)
    worker.work()

    worker.edit(
        scene, title=None, studio=None, details=None, performers=[], date=None, tags=["left"]
    )
    worker.work()

    found = shown(worker)
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


def test_an_unidentified_scene_clears_only_our_values(worker: InProcessHarness) -> None:
    scene = worker.scene()
    worker.plex.library.change(
        worker.item().rating_key, summary="From an agent", genres=["agent's"], studio="Agent"
    )

    worker.edit(scene, title="Only a title")
    worker.work()

    item = worker.item()
    assert (item.title, item.summary, item.genres, item.studio) == (
        "Only a title",
        "From an agent",
        ["agent's"],
        "Agent",
    )


def test_emptying_a_whole_scene_clears_what_plexsync_wrote(worker: InProcessHarness) -> None:
    scene = worker.scene()
    worker.edit(scene, **FULL)
    worker.work()
    worker.plex.library.change(worker.item().rating_key, genres=["night", "by hand"])

    worker.edit(scene, studio=None, details=None, performers=[], tags=[], date=None)
    worker.work()

    item = worker.item()
    assert (item.title, item.studio, item.summary, item.roles) == ("Full", None, "", [])
    assert item.genres == ["by hand"]


@pytest.mark.parametrize("tags_replace", [False, True], ids=["tags are added", "tags are replaced"])
def test_a_collection_that_the_user_chose_stays(
    worker: InProcessHarness, tags_replace: bool
) -> None:
    worker.plex.switches.tags_replace = tags_replace
    scene = worker.scene()
    worker.plex.library.change(worker.item().rating_key, collections=["Mine"])

    worker.edit(scene, studio="Aurora")
    worker.work()
    worker.edit(scene, studio="Old Mill")
    worker.work()

    assert sorted(worker.item().collections) == ["Mine", "Old Mill"]


def test_the_rating_is_cleared_only_where_plexsync_set_it(worker: InProcessHarness) -> None:
    worker.configure(c_sync_rating=True)
    ours, theirs = worker.scene("ours.mp4"), worker.scene("theirs.mp4")
    worker.plex.library.change(worker.item("theirs.mp4").rating_key, user_rating=6.0)
    worker.edit(ours, rating100=80, tags=["x"])
    worker.work()
    rated = worker.item("ours.mp4").user_rating

    worker.edit(ours, rating100=None)
    worker.edit(theirs, title="Unrated in Stash", tags=["x"])
    worker.work()

    assert rated == 8.0
    assert not worker.item("ours.mp4").user_rating
    assert worker.item("theirs.mp4").user_rating == 6.0


@pytest.mark.parametrize("preserve", [True, False])
def test_a_hand_edit_survives_when_the_user_wants_that(
    worker: InProcessHarness, preserve: bool
) -> None:
    worker.configure(c_preserve_plex_edits=preserve)
    scene = worker.scene()
    worker.edit(scene, **FULL)
    worker.work()
    worker.plex.library.change(worker.item().rating_key, **HAND)

    worker.edit(scene, details="New words.", studio="New", tags=["day"], title="New title")
    worker.work()

    item = worker.item()
    kept = (item.summary, item.studio) == ("By hand", "By hand")
    assert kept == preserve
    assert ("by hand" in item.genres) == preserve
    assert (item.title, "day" in item.genres) == ("New title", True)


def test_limits_keep_the_first_names_and_cut_long_texts(worker: InProcessHarness) -> None:
    worker.configure(c_max_tags=3)
    scene = worker.scene()

    worker.edit(scene, title="word " * 100, tags=[f"tag {number}" for number in range(8)])
    worker.work()

    item = worker.item()
    assert sorted(item.genres) == ["tag 0", "tag 1", "tag 2"]
    assert len(item.title) <= 255 and item.title.endswith("word")


def test_characters_that_xml_cannot_carry_are_left_out(worker: InProcessHarness) -> None:
    scene = worker.scene()

    worker.edit(scene, title="Bell\x07 and \x01more", details="Line\r\ntwo\x0b 🎉")
    worker.work()
    writes = len(worker.edits())
    worker.enqueue(scene)
    worker.work()

    assert (worker.item().title, worker.item().summary) == ("Bell and more", "Line\ntwo 🎉")
    assert len(worker.edits()) == writes
