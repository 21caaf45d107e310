"""Filters and matches that a person has decided by hand, over the whole path."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flow.house import Workroom


def ambiguous(room: Workroom) -> tuple[int, list[int]]:
    """A scene that two items could be."""
    items = [
        room.plex.library.add_item(room.section, [(f"/media/{year}/holiday.mp4", 1_000)])
        for year in (2019, 2024)
    ]
    return room.stash.library.add_scene("/data/inbox/holiday.mp4", 1_000), items


@pytest.mark.parametrize(
    "settings",
    [
        {"b_only_organized": True},
        {"b_excluded_tags": "private"},
        {"b_excluded_paths": "/data/private"},
        {"b_match_overrides": "scene 1 => never"},
    ],
)
def test_an_excluded_scene_is_left_alone_until_the_setting_goes(
    room: Workroom, settings: dict[str, Any]
) -> None:
    room.configure(**settings)
    scene = room.scene("private/a.mp4")

    room.edit(scene, title="Secret", tags=["private"])
    room.work()
    writes = room.plex.writes()
    room.configure(**{key: False if value is True else "" for key, value in settings.items()})
    room.edit(scene, title="Shown")
    room.work_until(lambda: room.item("private/a.mp4").title == "Shown")

    assert (scene, writes) == (1, [])
    assert "what=excluded" in room.worker_log()
    assert room.jobs() == []
    assert room.dead_letters() == []


def test_an_organized_scene_passes_the_filter(room: Workroom) -> None:
    room.configure(b_only_organized=True)
    scene = room.scene()

    room.edit(scene, title="Done", organized=True)
    room.work()

    assert room.item().title == "Done"


def test_a_scene_that_becomes_organized_is_sent_whole(room: Workroom) -> None:
    room.configure(b_only_organized=True)
    scene = room.scene()
    room.edit(scene, title="Draft", details="Words.")
    room.work()
    before = room.plex.writes()

    room.edit(scene, organized=True)
    room.work()

    assert before == []
    assert (room.item().title, room.item().summary) == ("Draft", "Words.")


@pytest.mark.parametrize(
    ("settings", "left_alone"),
    [
        ({"b_only_organized": True}, {"organized": False}),
        ({"b_excluded_tags": "private"}, {"tags": ["warm", "private"]}),
    ],
)
def test_what_was_sent_stays_when_the_scene_is_excluded_later(
    room: Workroom, settings: dict[str, Any], left_alone: dict[str, Any]
) -> None:
    room.configure(**settings)
    scene = room.scene()
    room.edit(
        scene, title="Shown", details="Words.", tags=["warm"], studio="Aurora", organized=True
    )
    room.work()
    room.plex.reset_counts()

    room.edit(scene, **left_alone)
    room.edit(scene, title="Hidden", details="")
    room.work_for(1800.0, step=60.0)

    item = room.item()
    assert (room.plex.writes(), room.jobs()) == ([], [])
    assert (item.title, item.summary, item.genres, item.collections) == (
        "Shown",
        "Words.",
        ["warm"],
        ["Aurora"],
    )


def test_a_pin_decides_an_ambiguous_match(room: Workroom) -> None:
    scene, items = ambiguous(room)
    room.configure(b_match_overrides=f"scene {scene} => item {items[1]}")

    room.edit(scene, title="Holiday")
    room.work()

    assert [room.plex.library.item(item).title for item in items] == ["holiday", "Holiday"]
    assert room.dead_letters() == []
    assert room.records(scene) == [items[1]]


def test_a_pin_reaches_an_item_in_a_second_library(room: Workroom) -> None:
    other = room.plex.library.add_section("More", ["/more"]).key
    item = room.plex.library.add_item(other, [("/more/somewhere else.mp4", 77)])
    scene = room.scene(in_plex=False)
    room.configure(b_match_overrides=f"scene {scene} => item {item}")

    room.edit(scene, title="There", details="Words.")
    room.work()

    assert (room.plex.library.item(item).title, room.plex.library.item(item).summary) == (
        "There",
        "Words.",
    )


def test_an_override_to_a_missing_item_is_a_dead_letter(room: Workroom) -> None:
    scene, _ = ambiguous(room)
    room.configure(b_match_overrides=f"scene {scene} => item 424242")

    room.edit(scene, title="Holiday")
    room.work()

    (dead_letter,) = room.dead_letters()
    assert dead_letter["reason"] == "MatchError"
    assert "item 424242, which Plex does not have" in dead_letter["message"]
    assert room.plex.writes() == []


def test_a_pin_wins_over_the_scene_that_wrote_the_item_before(room: Workroom) -> None:
    first = room.scene()
    room.edit(first, title="First")
    room.work()
    second = room.scene("b.mp4", in_plex=False)
    room.configure(b_match_overrides=f"scene {second} => item {room.item().rating_key}")

    room.edit(second, title="Second")
    room.work()
    room.edit(first, title="First again")
    room.work()

    assert room.item().title == "Second"
    assert f"also plays scene {second}" in room.worker_log()


def test_what_plex_gains_later_is_found_where_others_are_skipped(room: Workroom) -> None:
    room.configure(b_skip_not_found=True)
    scene = room.scene(in_plex=False)
    room.edit(scene, title="Not there yet")
    room.work()
    room.plex.library.add_item(room.section, [("/media/a.mp4", 1_000)])
    room.clock.advance(60.0)

    room.edit(scene, title="There")
    room.work()

    assert room.item().title == "There"


def test_a_scene_absent_from_a_subset_library_is_skipped(
    room: Workroom,
) -> None:
    room.configure(b_skip_not_found=True)
    scene = room.scene(in_plex=False)

    room.edit(scene, title="Elsewhere")
    room.work()

    assert room.jobs() == []
    assert "what=skipped" in room.worker_log()
