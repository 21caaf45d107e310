"""A week without hooks, and merges that tell nobody: the next look repairs it, without a button."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.emulators.stash_library import StashLibrary
from tests.flow.inproc import Inproc, opened

WEEK_S = 7 * 86_400.0


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Inproc]:
    with opened(tmp_path) as made:
        yield made


def library(house: Inproc, count: int = 3, **fields: Any) -> list[int]:
    """Scenes in Plex already, known for a while; their items."""
    pairs = [house.pair(f"shared/{number}.mp4", **fields) for number in range(count)]
    house.sync(*(scene for scene, _ in pairs))
    house.look_for(1800.0)
    return [item for _, item in pairs]


def week_without_hooks(house: Inproc, *changes: Callable[[StashLibrary], object]) -> None:
    """The plugin is switched off in Stash, things change, and a week later a worker starts."""
    house.end_worker()
    house.clock.advance(WEEK_S / 2)
    for change in changes:
        change(house.stash.library)
    house.clock.advance(WEEK_S / 2)
    house.begin_worker()
    house.look_for(180.0)


def renamed(table: str, name: str) -> Callable[[StashLibrary], object]:
    return lambda library: library.change_named(getattr(library, table), 1, name=name)


@pytest.mark.parametrize("zone", ["+00:00", "+13:45", "-08:00"])
def test_a_rename_that_no_hook_told_of_is_found(tmp_path: Path, zone: str) -> None:
    with opened(tmp_path) as house:
        house.stash.zone = zone
        items = library(house, tags=["train"], performers=["Mia"], studio="Aurora")

        week_without_hooks(
            house,
            renamed("performers", "Maria"),
            renamed("studios", "Borealis"),
            renamed("tags", "railway"),
        )

        shown = [house.shown(item) for item in items]
        assert [(one.roles, one.studio, one.genres) for one in shown] == [
            (["Maria"], "Borealis", ["railway"])
        ] * 3


@pytest.mark.parametrize(
    ("remove", "shown"),
    [
        (lambda library: library.remove_tag(1), lambda item: item.genres == ["night"]),
        (lambda library: library.remove_performer(1), lambda item: item.roles == ["Jon"]),
        (
            lambda library: library.remove_studio(1),
            lambda item: not item.studio and item.collections == [],
        ),
    ],
)
def test_a_deletion_that_no_hook_told_of_is_found(
    house: Inproc, remove: Callable[[StashLibrary], None], shown: Callable[[Any], bool]
) -> None:
    items = library(
        house, tags=["train", "night"], performers=["Mia", "Jon"], studio="Aurora", details="Text"
    )

    week_without_hooks(house, remove)

    assert all(shown(house.shown(item)) for item in items)


def test_an_edit_and_a_new_scene_that_no_hook_told_of_are_found(house: Inproc) -> None:
    items = library(house)
    new = house.item("/media/new.mp4")

    def change(stash: StashLibrary) -> None:
        stash.change_scene(1, touch=True, title="Edited")
        stash.add_scene("/data/new.mp4", 1_000, title="New")

    week_without_hooks(house, change)

    assert (house.shown(items[0]).title, house.shown(new).title) == ("Edited", "New")


def test_a_merge_of_performers_tells_nobody_and_is_found(house: Inproc) -> None:
    items = library(house, performers=["Mia", "Jon"])
    _, other = house.pair("other.mp4", performers=["Jon"])
    house.sync(4)
    house.clock.advance(600.0)

    house.stash.library.performer_merge(["Mia"], "Jon")
    house.look_for(1200.0)

    assert [house.shown(item).roles for item in (*items, other)] == [["Jon"]] * 4


def test_what_nobody_changed_is_not_touched_after_a_week(house: Inproc) -> None:
    library(house, tags=["train"], performers=["Mia"], studio="Aurora")
    done = house.log().count("sync.done")

    week_without_hooks(
        house, lambda library: library.change_named(library.performers, 1, birthdate="1990-01-01")
    )

    assert house.log().count("sync.done") == done


def test_unsynced_scenes_stay_untouched_by_a_found_rename(
    house: Inproc,
) -> None:
    _, item = house.pair("never.mp4", performers=["Mia"])
    library(house, tags=["train"])

    week_without_hooks(house, renamed("performers", "Maria"))

    assert house.shown(item).roles == []


@pytest.mark.parametrize("ahead", ["2099-01-01T00:00:00Z", "2099-01-01T00:00:00+13:45"])
def test_a_future_timestamp_hides_no_change(house: Inproc, ahead: str) -> None:
    items = library(house, tags=["train"], performers=["Mia"])

    def change(stash: StashLibrary) -> None:
        stash.change_named(stash.tags, 1, name="railway")
        stash.tags[1] = type(stash.tags[1])(**{**vars(stash.tags[1]), "updated_at": ahead})
        stash.change_named(stash.performers, 1, name="Maria")

    week_without_hooks(house, change)
    fanned_out = house.log().count("fan_out.done entity=tag:1")
    house.look_for(3600.0)

    assert [(house.shown(item).genres, house.shown(item).roles) for item in items] == [
        (["railway"], ["Maria"])
    ] * 3
    assert house.log().count("fan_out.done entity=tag:1") == fanned_out  # once, and not for ever


# -- scenes that are gone -------------------------------------------------------------------------


def test_the_survivor_of_a_merge_is_synced(
    house: Inproc,
) -> None:
    items = library(house)
    waiting = house.scene("/data/not in plex.mp4")
    house.sync(waiting)
    house.clock.advance(600.0)

    house.stash.merge_scenes([2, waiting], 1, title="Survivor")
    house.look_for(1200.0)

    assert house.shown(items[0]).title == "Survivor"
    assert house.shown(items[1]).title == "Survivor"  # it plays a file of the survivor now
    assert house.records(2) == {}
    assert house.dead_letters() == {}
    assert house.waiting() == {}
    assert {item.rating_key for item in house.plex.library.items()} == set(items)


def test_the_dead_letter_of_a_merged_scene_is_removed(house: Inproc) -> None:
    library(house)
    lost = house.scene("/data/not in plex.mp4")
    house.note(lost)
    house.look_for(6 * 3600.0, every_s=600.0)
    dead_letters = set(house.dead_letters())

    week_without_hooks(house, lambda stash: stash.drop_scene(lost))

    assert dead_letters == {f"scene:{lost}"}
    assert house.dead_letters() == {}


def test_scenes_deleted_without_a_hook_are_forgotten(
    house: Inproc,
) -> None:
    items = library(house)
    before = house.snapshot()

    week_without_hooks(house, lambda stash: stash.drop_scene(2))

    assert [bool(house.records(scene)) for scene in (1, 2, 3)] == [True, False, True]
    assert house.snapshot() == before
    assert items
