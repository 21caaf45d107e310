"""What is written to an item, what is left alone there, and that no other item is ever touched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.fields import EDIT_FIELDS
from core.match import Confidence
from tests.emulators.plex_server import Fault
from tests.emulators.stash_images import png
from tests.flow.inproc import (
    FULL,
    Inproc,
    arguments,
    opened_among_others,
    removed_names,
    sent_names,
)


@pytest.fixture(params=[False, True], ids=["tags are added", "tags are replaced"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Inproc]:
    with opened_among_others(tmp_path, request.param) as made:
        yield made


def genres(house: Inproc, item: int) -> set[str]:
    return set(house.shown(item).genres)


# -- names --------------------------------------------------------------------------------------


def test_genres_and_actors_go_and_foreign_collections_stay(
    house: Inproc,
) -> None:
    scene, item = house.pair("a.mp4", **FULL)
    house.plex.library.change(
        item, genres=["old", "train"], roles=["Nobody"], collections=["Mine"], labels=["x"]
    )

    with house.writes_only(item):
        house.sync(scene)

    shown = house.shown(item)
    assert genres(house, item) == {"train", "night"}
    assert (set(shown.roles), set(shown.collections)) == ({"Mia", "Jon"}, {"Aurora", "Mine"})
    assert shown.labels == ["x"]


def test_our_studio_collection_goes_and_foreign_ones_stay(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", **FULL)
    house.sync(scene)
    house.plex.library.change(item, collections=["Aurora", "Mine"])
    house.change(scene, studio="Borealis")

    with house.writes_only(item):
        house.sync(scene)

    assert set(house.shown(item).collections) == {"Borealis", "Mine"}


def test_a_collection_that_was_there_before_us_is_never_ours(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", **FULL)
    house.plex.library.change(item, collections=["Aurora"])
    house.sync(scene)
    house.change(scene, studio="Borealis")

    with house.writes_only(item):
        house.sync(scene)

    assert set(house.shown(item).collections) == {"Aurora", "Borealis"}


def test_another_spelling_of_a_name_is_the_same_name(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", **FULL)
    house.sync(scene)
    house.plex.library.change(
        item, genres=["TRAIN", "Night"], roles=["MIA", "jon"], collections=["AURORA"]
    )

    with house.writes_only():
        house.sync(scene)


def test_a_tag_spelled_otherwise_by_plex_is_not_rewritten(house: Inproc) -> None:
    scene, item = house.pair(
        "a.mp4", tags=["TRAIN"]
    )  # the bystanders' "train" is the server's spelling

    house.sync(scene)
    with house.writes_only():
        house.change(scene, tags=["Train"])
        house.sync(scene)

    assert genres(house, item) == {"train"}


def test_actors_of_a_fresh_item_keep_their_order_however_many(house: Inproc) -> None:
    names = [f"Actor {number:02}" for number in range(25)]
    scene, item = house.pair("a.mp4", performers=list(reversed(names)))

    with house.writes_only(item):
        house.sync(scene)

    assert house.shown(item).roles == names


def test_commas_and_plus_signs_survive_writing_and_removing(house: Inproc) -> None:
    odd = ["A, B", "A", "B", "C+D", "C D", "50%2C", "E&F", "100%", "G=H#I"]
    scene, item = house.pair("a.mp4", tags=odd)
    house.sync(scene)
    assert genres(house, item) == set(odd)

    for gone in ("A, B", "C+D", "50%2C", "100%"):
        odd.remove(gone)
        house.change(scene, tags=odd)
        with house.writes_only(item):
            house.sync(scene)
        assert genres(house, item) == set(odd)


def test_the_full_list_and_explicit_removals_travel_together(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", tags=["one", "two"])
    house.sync(scene)
    house.change(scene, tags=["two", "three"])

    house.sync(scene)

    edit = house.plex.writes()[-1]
    assert (sent_names(edit, "genre"), removed_names(edit, "genre")) == (["three", "two"], ["one"])
    assert genres(house, item) == {"two", "three"}


def test_all_names_can_go(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", **FULL)
    house.sync(scene)
    house.change(scene, tags=[], performers=[], studio=None)

    with house.writes_only(item):
        house.sync(scene)

    shown = house.shown(item)
    assert (shown.genres, shown.roles, shown.collections, shown.studio) == ([], [], [], None)


# -- failures of single fields ------------------------------------------------------------------


def test_a_date_that_the_server_answers_with_500_fails_alone(house: Inproc) -> None:
    house.plex.switches.empty_date = "500"
    scene, item = house.pair("a.mp4", **FULL)
    fine, other = house.pair("b.mp4", **FULL)
    house.sync(scene, fine)
    house.change(scene, title="New", date=None, tags=["new"])

    with house.writes_only(item):
        house.sync(scene)
        house.look_for(600.0)

    shown = house.shown(item)
    assert (shown.title, genres(house, item), shown.date) == ("New", {"new"}, "2024-03-09")
    assert "date" in house.dead_letter(scene).message
    assert house.dead_letter(scene).reason == "PlexRejected"
    assert house.waiting() == {}
    assert house.shown(other).title == "Night Train"


def test_the_retry_of_a_refused_field_sends_that_field_alone(house: Inproc) -> None:
    house.plex.switches.empty_date = "500"
    scene, item = house.pair("a.mp4", **FULL)
    house.sync(scene)
    house.change(scene, title="New", date=None)
    house.sync(scene)
    house.look_for(600.0)
    house.plex.switches.empty_date = "clears"

    with house.writes_only(item):
        house.sync(scene)

    assert {name for name in arguments(house.plex.writes()[-1]) if name.endswith(".value")} == {
        "originallyAvailableAt.value"
    }
    assert house.shown(item).date is None
    assert house.dead_letters() == {}


def test_a_silently_dropped_edit_is_reported_once(house: Inproc) -> None:
    house.plex.switches.empty_date = "ignored"
    scene, item = house.pair("a.mp4", **FULL)
    house.sync(scene)
    house.change(scene, date=None)

    with house.writes_only(item):
        house.sync(scene)
        house.look_for(600.0)

    told = [text for text in house.notices() if "does not show it" in text]
    assert len(told) == 1
    assert f"scene {scene}" in told[0]
    assert "date" in told[0]
    assert house.dead_letters() == {}


def test_a_refused_edit_leaves_no_half_of_it_behind(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", **FULL)
    house.plex.faults.add(Fault("status", method="PUT", status=400, times=1))

    with house.writes_only(item):
        house.sync(scene)

    shown = house.shown(item)
    assert (shown.title, shown.studio, shown.date) == ("Night Train", "Aurora", "2024-03-09")
    assert house.dead_letters() == {}


# -- locks --------------------------------------------------------------------------------------


def test_everything_written_is_locked_except_the_rating(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", cover=png(1), **FULL)

    house.sync(scene)

    written = {field.plex for field in EDIT_FIELDS if field.name != "rating"}
    assert house.shown(item).locked == written | {"thumb"}
    assert house.shown(item).user_rating == 8.0


def test_an_agent_changes_nothing_of_ours(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", cover=png(1), **FULL)
    house.sync(scene)

    house.plex.library.agent_refresh(item)

    shown = house.shown(item)
    assert (shown.title, shown.studio, shown.summary) == ("Night Train", "Aurora", "Two strangers.")
    assert (shown.tagline, shown.date, shown.user_rating) == ("Ada", "2024-03-09", 8.0)
    assert (genres(house, item), set(shown.roles)) == ({"train", "night"}, {"Mia", "Jon"})
    assert (shown.collections, shown.poster_bytes) == (["Aurora"], png(1))


def test_without_locking_foreign_locks_stay(house: Inproc) -> None:
    house.configure(c_lock_fields=False)
    scene, item = house.pair("a.mp4", **FULL)
    house.plex.library.change(item, locked={"studio"})

    house.sync(scene)
    locked = house.shown(item).locked
    house.plex.library.agent_refresh(item)

    assert locked == {"studio"}
    assert (house.shown(item).studio, house.shown(item).summary) == (
        "Aurora",
        "Written by the agent.",
    )


# -- cost and confidence ------------------------------------------------------------------------


def test_unchanged_scenes_write_nothing(house: Inproc) -> None:
    for number in range(40):
        house.pair(f"{number}.mp4", **{**FULL, "title": f"Scene {number}"})
    house.sync_all()

    with house.writes_only():
        asked = house.requests_of(house.sync_all)

    assert len(asked) <= 2 + 2  # one read for each batch of twenty, and the markers


def test_the_record_says_how_sure_the_match_was(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", **FULL)

    house.sync(scene)

    assert house.records(scene)[item].confidence == Confidence.HIGH.value
