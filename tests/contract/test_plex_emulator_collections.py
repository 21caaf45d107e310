"""Collections on the Plex emulator: by tagging, by hand, smart."""

from __future__ import annotations

from typing import Any

import pytest
from plexapi.exceptions import BadRequest

from tests.emulators.fixtures_plex import connect
from tests.emulators.plex_server import PlexEmulator


@pytest.fixture
def section(plex: PlexEmulator) -> Any:
    return connect(plex).library.section("Scenes")


def test_tagging_creates_a_collection_and_untagging_removes_it(
    plex: PlexEmulator, section: Any
) -> None:
    first, second = plex.library.add_items(1, 2)
    section._server.fetchItem(first).addCollection("Blue Door")
    section._server.fetchItem(second).addCollection("blue door")
    made = [(each.title, each.childCount) for each in section.collections()]

    for key in (first, second):
        section._server.fetchItem(key).removeCollection("Blue Door")

    assert made == [("Blue Door", 2)]
    assert plex.library.collections(1) == []


@pytest.mark.parametrize(
    ("emptied", "staying"),
    [("vanish", []), ("stay_with_own", ["Own"]), ("stay", ["Bare", "Own"])],
)
def test_what_becomes_of_an_emptied_collection_is_a_switch(
    plex: PlexEmulator, section: Any, emptied: Any, staying: list[str]
) -> None:
    plex.switches.emptied_collections = emptied
    key = plex.library.add_item(1, [("/media/scenes/a.mp4", 1)], collections=["Bare", "Own"])
    next(one for one in section.collections() if one.title == "Own").editSummary("Words.")

    plex.library.change(key, collections=[])

    assert sorted(one.title for one in plex.library.collections(1)) == staying


def test_the_index_of_a_collection_is_the_id_of_its_tag(plex: PlexEmulator, section: Any) -> None:
    key = plex.library.add_item(1, [("/media/scenes/a.mp4", 1)], collections=["Blue Door"])

    tag = section._server.fetchItem(key).collections[0]

    assert section.collections()[0].index == tag.id


def test_members_can_be_listed_and_follow_a_rename(plex: PlexEmulator, section: Any) -> None:
    made = plex.library.add_items(1, 2)
    for key in made:
        plex.library.change(key, collections=["Blue Door"])
    collection = section.collection("Blue Door")

    collection.editTitle("Red Door")

    assert [item.ratingKey for item in collection.reload().items()] == made
    assert [plex.library.item(key).collections for key in made] == [["Red Door"], ["Red Door"]]
    assert (
        section._server.query("/library/sections/1/all")[0].find("Collection").get("tag")
        == "Red Door"
    )


def test_a_rename_to_a_title_in_use_is_a_conflict(plex: PlexEmulator, section: Any) -> None:
    plex.library.add_item(1, [("/media/scenes/a.mp4", 1)], collections=["One", "Two"])

    with pytest.raises(BadRequest, match=r"^\(409\)"):
        section.collection("One").editTitle("two")


def test_collections_made_by_hand_gain_and_lose_items(plex: PlexEmulator, section: Any) -> None:
    first, second = plex.library.add_items(1, 2)
    server = section._server

    collection = server.createCollection("Mine", section=section, items=[server.fetchItem(first)])
    collection.addItems([server.fetchItem(second)])
    filled = [plex.library.item(key).collections for key in (first, second)]
    collection.reload().removeItems(server.fetchItems([first, second]))

    assert filled == [["Mine"], ["Mine"]]
    assert [each.title for each in plex.library.collections(1)] == ["Mine"]
    collection.delete()
    assert plex.library.collections(1) == []


def test_a_second_collection_of_one_title_is_allowed(plex: PlexEmulator, section: Any) -> None:
    items = [section._server.fetchItem(plex.library.add_items(1, 1)[0])]

    section.createCollection("Same", items=items)
    section.createCollection("Same", items=items)

    assert len(plex.library.collections(1)) == 2


def test_a_smart_collection_has_members_that_cannot_be_edited(
    plex: PlexEmulator, section: Any
) -> None:
    old = plex.library.add_item(1, [("/media/scenes/old.mp4", 1)], date="1990-01-01")
    plex.library.add_item(1, [("/media/scenes/new.mp4", 1)], date="2020-01-01")

    collection = section.createCollection("Old ones", smart=True, filters={"year<<": 2000})
    section._server.fetchItem(old).addCollection("Old ones")

    assert [item.ratingKey for item in collection.items()] == [old]
    assert sorted(each.smart for each in plex.library.collections(1)) == [False, True]


def test_collections_join_a_listing_on_demand(plex: PlexEmulator, section: Any) -> None:
    plex.library.add_item(1, [("/media/scenes/a.mp4", 1)], collections=["Blue Door"])

    assert section.totalViewSize() == 2
    assert section.totalSize == 1
    assert [each.title for each in section.search(libtype="collection")] == ["Blue Door"]
