"""What scenes show changes without the scenes: one hook, and every scene is right in Plex."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.job import PRIORITY_BACKFILL, PRIORITY_FAN_OUT, PRIORITY_LAST
from hooks.entry import run_hook
from sync_queue import statements as sql
from tests.emulators.plex_server import Fault as PlexFault
from tests.emulators.stash_faults import Fault
from tests.flow.house import Workroom
from tests.flow.inproc import Inproc, opened
from tests.support import query

LATER_S = 5.0


class Killed(BaseException):
    """Stands for SIGKILL at a checkpoint."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Inproc]:
    with opened(tmp_path) as made:
        yield made


def library(house: Inproc, count: int = 3, **fields: Any) -> tuple[list[int], list[int]]:
    """Scenes that share all these, in Plex already; scenes and items."""
    pairs = [house.pair(f"shared/{number}.mp4", **fields) for number in range(count)]
    house.sync(*(scene for scene, _ in pairs))
    return [scene for scene, _ in pairs], [item for _, item in pairs]


def stranger(house: Inproc, **fields: Any) -> int:
    """A scene that shows something else, in Plex already; its item."""
    scene, item = house.pair("other/one.mp4", **fields)
    house.sync(scene)
    return item


def hook(
    house: Inproc, trigger: str, number: int, given: Any = None, keys: tuple[str, ...] = ()
) -> None:
    """Stash tells of an event; no process is started."""
    context = {"id": number, "type": trigger, "input": given, "inputFields": list(keys)}
    message: dict[str, object] = {"args": {"hookContext": context}}
    answer = run_hook(
        message, str(house.data), house.clock.wall(), lambda cause: lambda: None, bytes
    )
    assert answer == {"output": "ok"}


def rename(house: Inproc, kind: str, number: int, name: str) -> None:
    """A person gives it another name; the hook tells, and the worker works it off."""
    house.clock.advance(LATER_S)
    table = getattr(house.stash.library, f"{kind}s")
    house.stash.library.change_named(table, number, name=name)
    hook(
        house,
        f"{kind.title()}.Update.Post",
        number,
        {"id": str(number), "name": name},
        ("id", "name"),
    )
    house.look(LATER_S)


def destroy(house: Inproc, kind: str, number: int) -> None:
    house.clock.advance(LATER_S)
    getattr(house.stash.library, f"remove_{kind}")(number)
    hook(house, f"{kind.title()}.Destroy.Post", number, [str(number)])
    house.look(LATER_S)


def synced(house: Inproc) -> int:
    """How many jobs of scenes were done so far."""
    return house.log().count("sync.done scene=")


# -- a new name -----------------------------------------------------------------------------------


def test_a_renamed_performer_reaches_exactly_its_scenes(house: Inproc) -> None:
    _, items = library(house, performers=["Mia", "Jon"])
    other = stranger(house, performers=["Jon"])

    with house.touches_only(*items):
        rename(house, "performer", house.stash.library.performer_id("Mia"), "Maria")

    assert [set(house.shown(item).roles) for item in items] == [{"Maria", "Jon"}] * 3
    assert house.shown(other).roles == ["Jon"]


def test_a_renamed_tag_reaches_every_scene_that_shows_it(house: Inproc) -> None:
    _, items = library(house, tags=["train", "night"])
    other = stranger(house, tags=["night"])

    with house.touches_only(*items):
        rename(house, "tag", house.stash.library.tag_id("train"), "railway")

    assert [set(house.shown(item).genres) for item in items] == [{"railway", "night"}] * 3
    assert house.shown(other).genres == ["night"]


def test_a_renamed_studio_changes_its_field_and_collection(house: Inproc) -> None:
    _, items = library(house, studio="Aurora")

    rename(house, "studio", house.stash.library.studio_id("Aurora"), "Borealis")

    assert [(house.shown(item).studio, house.shown(item).collections) for item in items] == [
        ("Borealis", ["Borealis"])
    ] * 3


def test_a_renamed_parent_studio_touches_its_studios_scenes(house: Inproc) -> None:
    house.stash.library.add_studio("House", parent=house.stash.library.add_studio("Network"))
    scenes, _ = library(house, studio="House")
    stranger(house, studio="Elsewhere")
    before = synced(house)

    rename(house, "studio", house.stash.library.studio_id("Network"), "New Network")

    assert synced(house) - before == len(scenes)


def test_a_studio_that_gets_another_parent_touches_its_scenes(house: Inproc) -> None:
    scenes, _ = library(house, studio="House")
    before, studio = synced(house), house.stash.library.studio_id("House")
    house.clock.advance(LATER_S)
    house.stash.library.change_named(
        house.stash.library.studios, studio, parent_id=house.stash.library.add_studio("P")
    )

    hook(house, "Studio.Update.Post", studio, {"id": str(studio)}, ("id", "parent_id"))
    house.look(LATER_S)

    assert synced(house) - before == len(scenes)


def test_a_renamed_group_touches_no_scene(house: Inproc) -> None:
    library(house, groups=["Saga"])
    before = synced(house)

    rename(house, "group", house.stash.library.group_id("Saga"), "Legend")

    assert synced(house) == before
    assert "fan_out.done entity=group:1" in house.log()


def test_a_rename_before_anything_was_synced_is_the_first_edit(house: Inproc) -> None:
    _, item = house.pair("a.mp4", performers=["Mia"])
    _, other = house.pair("b.mp4", performers=["Jon"])

    with house.writes_only(item):
        rename(house, "performer", house.stash.library.performer_id("Mia"), "Maria")

    assert house.shown(item).roles == ["Maria"]
    assert house.shown(other).roles == []


@pytest.mark.parametrize(
    ("kind", "fields", "keys"),
    [
        ("performer", {"birthdate": "1990-01-01"}, ("id", "name", "birthdate")),
        ("performer", {"alias_list": ("M",)}, ("id", "alias_list", "performer_name_of_the_future")),
        ("tag", {"aliases": ("t",)}, ("id", "name", "aliases")),
        ("studio", {"details": "Text"}, ("id", "name", "details", "parent_id")),
    ],
)
def test_an_update_that_changes_nothing_scenes_show_ends_there(
    house: Inproc, kind: str, fields: dict[str, Any], keys: tuple[str, ...]
) -> None:
    library(house, performers=["Mia"], tags=["train"], studio="Aurora")
    before, table = synced(house), getattr(house.stash.library, f"{kind}s")
    house.clock.advance(LATER_S)
    house.stash.library.change_named(table, 1, **fields)

    hook(house, f"{kind.title()}.Update.Post", 1, {"id": "1"}, keys)
    house.look(LATER_S)

    assert f"fan_out.done entity={kind}:1 cause=update what=same queued=0" in house.log()
    assert synced(house) == before


def test_an_edit_after_a_rename_does_not_hide_it_from_others(
    house: Inproc,
) -> None:
    scenes, items = library(house, tags=["train"])
    tag = house.stash.library.tag_id("train")
    house.clock.advance(LATER_S)
    house.stash.library.change_named(house.stash.library.tags, tag, name="railway")

    house.sync(scenes[0])
    hook(house, "Tag.Update.Post", tag, {"id": str(tag), "name": "railway"}, ("id", "name"))
    house.look(LATER_S)

    assert [house.shown(item).genres for item in items] == [["railway"]] * 3


def test_a_name_changed_back_leaves_no_scene_with_the_other(house: Inproc) -> None:
    scenes, items = library(house, tags=["train"])
    house.clock.advance(LATER_S)
    house.stash.library.change_named(house.stash.library.tags, 1, name="railway")
    house.sync(scenes[0])

    house.stash.library.change_named(house.stash.library.tags, 1, name="train")
    hook(house, "Tag.Update.Post", 1, {"id": "1", "name": "train"}, ("id", "name"))
    house.look(LATER_S)

    assert [house.shown(item).genres for item in items] == [["train"]] * 3


def test_a_renamed_tag_on_three_hundred_scenes_is_a_few_requests(house: Inproc) -> None:
    pairs = [house.pair(f"many/{n}.mp4", tags=["train", f"own {n % 7}"]) for n in range(300)]
    house.sync_all()
    house.look(LATER_S)
    seen = len(house.plex.writes())

    rename(house, "tag", house.stash.library.tag_id("train"), "railway")

    assert {frozenset(house.shown(item).genres) for _, item in pairs} == {
        frozenset({"railway", f"own {n}"}) for n in range(7)
    }
    assert len(house.plex.writes()) - seen <= 40


def test_fan_out_runs_after_edits_and_before_backfill(house: Inproc) -> None:
    scenes, _ = library(house, tags=["train"])
    house.stash.faults.plan(
        Fault("graphql", "findScene", times=None, graphql_error="database is locked")
    )

    rename_without_work(house)
    priorities = query(
        house.data, f"SELECT subject, priority FROM {sql.QUEUE} WHERE status < 2 ORDER BY subject"
    )

    assert priorities == [(f"scene:{scene}", PRIORITY_FAN_OUT) for scene in scenes]
    assert 0 < PRIORITY_FAN_OUT < PRIORITY_BACKFILL < PRIORITY_LAST


def rename_without_work(house: Inproc) -> None:
    """The tag gets another name, and the worker takes one turn in which no scene can be read."""
    tag = house.stash.library.tag_id("train")
    house.stash.library.change_named(house.stash.library.tags, tag, name="railway")
    house.clock.advance(LATER_S)
    hook(house, "Tag.Update.Post", tag, {"id": str(tag)}, ("id", "name"))
    house.clock.advance(LATER_S)
    assert house.worker.loop.tick() is None


# -- gone and merged ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("performer", lambda item: (item.roles, ["Jon"])),
        ("tag", lambda item: (item.genres, ["night"])),
        ("studio", lambda item: ((item.studio or "", item.collections), ("", []))),
    ],
)
def test_what_is_deleted_vanishes_from_every_scene(
    house: Inproc, kind: str, shown: Callable[[Any], tuple[object, object]]
) -> None:
    _, items = library(
        house, performers=["Mia", "Jon"], tags=["train", "night"], studio="Aurora", details="Text"
    )

    with house.writes_only(*items):
        destroy(house, kind, 1)

    for item in items:
        is_shown, desired = shown(house.shown(item))
        assert is_shown == desired


def test_a_deleted_group_touches_no_scene(house: Inproc) -> None:
    library(house, groups=["Saga"])
    before = synced(house)

    destroy(house, "group", 1)

    assert synced(house) == before


def test_a_deleted_tag_that_excluded_scenes_brings_them_to_plex(tmp_path: Path) -> None:
    with opened(tmp_path, b_excluded_tags="private") as house:
        _, items = library(house, tags=["private"], details="Text")
        untouched = [house.shown(item).summary for item in items]

        destroy(house, "tag", 1)

        assert untouched == ["", "", ""]
        assert [house.shown(item).summary for item in items] == ["Text"] * 3


def test_merged_tags_reach_the_scenes_of_the_sources_only(
    house: Inproc,
) -> None:
    _, items = library(house, tags=["train"])
    both, both_item = house.pair("both.mp4", tags=["train", "railway"])
    house.sync(both)
    target = stranger(house, tags=["railway"])
    before = synced(house)

    merge(house)

    assert [house.shown(item).genres for item in (*items, both_item, target)] == [["railway"]] * 5
    assert synced(house) - before == 4


def merge(house: Inproc) -> None:
    given = {"source": [str(house.stash.library.tag_id("train"))], "destination": "2"}
    house.clock.advance(LATER_S)
    house.stash.merge_tags([house.stash.library.tag_id("train")], 2)
    hook(house, "Tag.Merge.Post", 2, given)
    house.look(LATER_S)


def test_a_partly_written_scene_still_loses_a_deleted_tag(
    house: Inproc,
) -> None:
    scene, item = house.pair("a.mp4", tags=["train"])
    house.plex.faults.add(
        PlexFault(method="PUT", status=400, times=2)
    )  # all fields together, then the title alone
    house.sync(scene)
    shown_before = house.shown(item).genres

    destroy(house, "tag", 1)

    assert house.dead_letters() == {}
    assert (shown_before, house.shown(item).genres) == (["train"], [])


# -- when things go wrong -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place", ["fan_out.page", "fan_out.queued", "fan_out.recorded", "store.complete"]
)
@pytest.mark.parametrize("trigger", ["Tag.Update.Post", "Tag.Destroy.Post"])
def test_a_worker_that_is_killed_in_the_middle_loses_no_scene(
    house: Inproc, place: str, trigger: str
) -> None:
    _, items = library(house, tags=["train", "night"])
    if trigger == "Tag.Update.Post":
        house.stash.library.change_named(house.stash.library.tags, 1, name="railway")
    else:
        house.stash.library.remove_tag(1)
    house.end_worker()
    house.begin_worker(kill_at(place))
    hook(house, trigger, 1)
    house.clock.advance(LATER_S)

    with pytest.raises(Killed):
        house.look()
    house.restart()
    house.look(LATER_S)

    desired = {"railway", "night"} if trigger == "Tag.Update.Post" else {"night"}
    assert [set(house.shown(item).genres) for item in items] == [desired] * 3
    assert query(house.data, f"SELECT subject FROM {sql.QUEUE} WHERE status <= 2") == []


def kill_at(place: str) -> Callable[[str], object]:
    def checkpoint(name: str) -> None:
        if name == place:
            raise Killed

    return checkpoint


def test_a_stash_that_goes_away_in_the_middle_spends_nothing(house: Inproc) -> None:
    _, items = library(house, tags=["train"])
    house.stash.faults.plan(
        Fault("graphql", "findScenes", times=3, graphql_error="database is locked")
    )

    rename(house, "tag", 1, "railway")
    house.look_for(300.0)

    assert [house.shown(item).genres for item in items] == [["railway"]] * 3
    assert house.dead_letters() == {}


def test_an_unreadable_entity_becomes_a_dead_letter(
    house: Inproc,
) -> None:
    _, items = library(house, tags=["train"], performers=["Mia"])
    house.stash.faults.plan(
        Fault("graphql", "findTag", times=None, graphql_error="Internal system error. Error <x>")
    )
    house.stash.library.change_named(house.stash.library.performers, 1, name="Maria")

    hook(house, "Performer.Update.Post", 1)
    hook(house, "Tag.Update.Post", 1)
    house.look_for(600.0)

    dead_letter = house.dead_letters()["tag:1"]
    assert (dead_letter.title, dead_letter.reason, dead_letter.attempts) == (
        "train",
        "StashQueryError",
        3,
    )
    assert any(text.startswith("Tag 1 (train) is in the dead letters") for text in house.notices())
    assert [house.shown(item).roles for item in items] == [["Maria"]] * 3


def test_an_entity_job_is_no_test_of_a_plex_that_is_coming_back(house: Inproc) -> None:
    _, items = library(house, tags=["train"])
    house.plex.down()
    house.note(house.pair("b.mp4")[0])
    assert house.worker.loop.tick() is None
    house.stash.library.change_named(house.stash.library.tags, 1, name="railway")
    hook(house, "Tag.Update.Post", 1)
    house.plex.up()

    house.look_for(300.0)

    assert [house.shown(item).genres for item in items] == [["railway"]] * 3


# -- with Stash's own hooks -----------------------------------------------------------------------


def test_stash_tells_of_renames_and_merges_by_itself(room: Workroom) -> None:
    scene = room.scene(tags=["train", "night"], performers=["Mia"])
    room.edit(scene, details="Text")
    room.work()
    tags = room.stash.library

    room.stash.update_named("performer", tags.performer_id("Mia"), name="Maria")
    room.stash.merge_tags([tags.tag_id("train")], tags.tag_id("night"))
    room.stash.update_named("tag", tags.tag_id("night"), name="nocturne")
    room.work_until(lambda: room.item().genres == ["nocturne"] and room.item().roles == ["Maria"])

    assert room.jobs() == []
    assert room.dead_letters() == []
