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
from tests.harness.database import query
from tests.harness.in_process import InProcessHarness, in_process
from tests.harness.processes import running

LATER_S = 5.0


class Killed(BaseException):
    """Stands for SIGKILL at a checkpoint."""


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[InProcessHarness]:
    with in_process(tmp_path) as made:
        yield made


def library(worker: InProcessHarness, count: int = 3, **fields: Any) -> tuple[list[int], list[int]]:
    """Scenes that share all these, in Plex already; scenes and items."""
    pairs = [worker.pair(f"shared/{number}.mp4", **fields) for number in range(count)]
    worker.sync(*(scene for scene, _ in pairs))
    return [scene for scene, _ in pairs], [item for _, item in pairs]


def stranger(worker: InProcessHarness, **fields: Any) -> int:
    """A scene that shows something else, in Plex already; its item."""
    scene, item = worker.pair("other/one.mp4", **fields)
    worker.sync(scene)
    return item


def hook(
    worker: InProcessHarness,
    trigger: str,
    number: int,
    given: Any = None,
    keys: tuple[str, ...] = (),
) -> None:
    """Run the hook of an event, without a process."""
    context = {"id": number, "type": trigger, "input": given, "inputFields": list(keys)}
    message: dict[str, object] = {"args": {"hookContext": context}}
    answer = run_hook(
        message, str(worker.data), worker.clock.wall(), lambda cause: lambda: None, bytes
    )
    assert answer == {"output": "ok"}


def rename(worker: InProcessHarness, kind: str, number: int, name: str) -> None:
    """Rename an entity in Stash, run its hook and let the worker do all that follows."""
    worker.clock.advance(LATER_S)
    table = getattr(worker.stash.library, f"{kind}s")
    worker.stash.library.change_named(table, number, name=name)
    hook(
        worker,
        f"{kind.title()}.Update.Post",
        number,
        {"id": str(number), "name": name},
        ("id", "name"),
    )
    worker.run_until_idle(LATER_S)


def destroy(worker: InProcessHarness, kind: str, number: int) -> None:
    worker.clock.advance(LATER_S)
    getattr(worker.stash.library, f"remove_{kind}")(number)
    hook(worker, f"{kind.title()}.Destroy.Post", number, [str(number)])
    worker.run_until_idle(LATER_S)


def synced(worker: InProcessHarness) -> int:
    """How many jobs of scenes were done so far."""
    return worker.worker_log().count("sync.done scene=")


# -- a new name -----------------------------------------------------------------------------------


def test_a_renamed_performer_reaches_exactly_its_scenes(worker: InProcessHarness) -> None:
    _, items = library(worker, performers=["Mia", "Jon"])
    other = stranger(worker, performers=["Jon"])

    with worker.touches_only(*items):
        rename(worker, "performer", worker.stash.library.performer_id("Mia"), "Maria")

    assert [set(worker.shown(item).roles) for item in items] == [{"Maria", "Jon"}] * 3
    assert worker.shown(other).roles == ["Jon"]


def test_a_renamed_tag_reaches_every_scene_that_shows_it(worker: InProcessHarness) -> None:
    _, items = library(worker, tags=["train", "night"])
    other = stranger(worker, tags=["night"])

    with worker.touches_only(*items):
        rename(worker, "tag", worker.stash.library.tag_id("train"), "railway")

    assert [set(worker.shown(item).genres) for item in items] == [{"railway", "night"}] * 3
    assert worker.shown(other).genres == ["night"]


def test_a_renamed_studio_changes_its_field_and_collection(worker: InProcessHarness) -> None:
    _, items = library(worker, studio="Aurora")

    rename(worker, "studio", worker.stash.library.studio_id("Aurora"), "Borealis")

    assert [(worker.shown(item).studio, worker.shown(item).collections) for item in items] == [
        ("Borealis", ["Borealis"])
    ] * 3


def test_a_renamed_parent_studio_touches_its_studios_scenes(worker: InProcessHarness) -> None:
    worker.stash.library.add_studio("Studio", parent=worker.stash.library.add_studio("Network"))
    scenes, _ = library(worker, studio="Studio")
    stranger(worker, studio="Elsewhere")
    before = synced(worker)

    rename(worker, "studio", worker.stash.library.studio_id("Network"), "New Network")

    assert synced(worker) - before == len(scenes)


def test_a_studio_that_gets_another_parent_touches_its_scenes(worker: InProcessHarness) -> None:
    scenes, _ = library(worker, studio="Studio")
    before, studio = synced(worker), worker.stash.library.studio_id("Studio")
    worker.clock.advance(LATER_S)
    worker.stash.library.change_named(
        worker.stash.library.studios, studio, parent_id=worker.stash.library.add_studio("P")
    )

    hook(worker, "Studio.Update.Post", studio, {"id": str(studio)}, ("id", "parent_id"))
    worker.run_until_idle(LATER_S)

    assert synced(worker) - before == len(scenes)


def test_a_renamed_group_touches_no_scene(worker: InProcessHarness) -> None:
    library(worker, groups=["Saga"])
    before = synced(worker)

    rename(worker, "group", worker.stash.library.group_id("Saga"), "Legend")

    assert synced(worker) == before
    assert "fan_out.done entity=group:1" in worker.worker_log()


def test_a_rename_before_anything_was_synced_is_the_first_edit(worker: InProcessHarness) -> None:
    _, item = worker.pair("a.mp4", performers=["Mia"])
    _, other = worker.pair("b.mp4", performers=["Jon"])

    with worker.writes_only(item):
        rename(worker, "performer", worker.stash.library.performer_id("Mia"), "Maria")

    assert worker.shown(item).roles == ["Maria"]
    assert worker.shown(other).roles == []


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
    worker: InProcessHarness, kind: str, fields: dict[str, Any], keys: tuple[str, ...]
) -> None:
    library(worker, performers=["Mia"], tags=["train"], studio="Aurora")
    before, table = synced(worker), getattr(worker.stash.library, f"{kind}s")
    worker.clock.advance(LATER_S)
    worker.stash.library.change_named(table, 1, **fields)

    hook(worker, f"{kind.title()}.Update.Post", 1, {"id": "1"}, keys)
    worker.run_until_idle(LATER_S)

    assert f"fan_out.done entity={kind}:1 cause=update what=same queued=0" in worker.worker_log()
    assert synced(worker) == before


def test_an_edit_after_a_rename_does_not_hide_it_from_others(
    worker: InProcessHarness,
) -> None:
    scenes, items = library(worker, tags=["train"])
    tag = worker.stash.library.tag_id("train")
    worker.clock.advance(LATER_S)
    worker.stash.library.change_named(worker.stash.library.tags, tag, name="railway")

    worker.sync(scenes[0])
    hook(worker, "Tag.Update.Post", tag, {"id": str(tag), "name": "railway"}, ("id", "name"))
    worker.run_until_idle(LATER_S)

    assert [worker.shown(item).genres for item in items] == [["railway"]] * 3


def test_a_name_changed_back_leaves_no_scene_with_the_other(worker: InProcessHarness) -> None:
    scenes, items = library(worker, tags=["train"])
    worker.clock.advance(LATER_S)
    worker.stash.library.change_named(worker.stash.library.tags, 1, name="railway")
    worker.sync(scenes[0])

    worker.stash.library.change_named(worker.stash.library.tags, 1, name="train")
    hook(worker, "Tag.Update.Post", 1, {"id": "1", "name": "train"}, ("id", "name"))
    worker.run_until_idle(LATER_S)

    assert [worker.shown(item).genres for item in items] == [["train"]] * 3


def test_a_renamed_tag_on_three_hundred_scenes_is_a_few_requests(worker: InProcessHarness) -> None:
    pairs = [worker.pair(f"many/{n}.mp4", tags=["train", f"own {n % 7}"]) for n in range(300)]
    worker.sync_all()
    worker.run_until_idle(LATER_S)
    seen = len(worker.plex.writes())

    rename(worker, "tag", worker.stash.library.tag_id("train"), "railway")

    assert {frozenset(worker.shown(item).genres) for _, item in pairs} == {
        frozenset({"railway", f"own {n}"}) for n in range(7)
    }
    assert len(worker.plex.writes()) - seen <= 40


def test_fan_out_runs_after_edits_and_before_backfill(worker: InProcessHarness) -> None:
    scenes, _ = library(worker, tags=["train"])
    worker.stash.faults.plan(
        Fault("graphql", "findScene", times=None, graphql_error="database is locked")
    )

    rename_without_work(worker)
    priorities = query(
        worker.data, f"SELECT subject, priority FROM {sql.QUEUE} WHERE status < 2 ORDER BY subject"
    )

    assert priorities == [(f"scene:{scene}", PRIORITY_FAN_OUT) for scene in scenes]
    assert 0 < PRIORITY_FAN_OUT < PRIORITY_BACKFILL < PRIORITY_LAST


def rename_without_work(worker: InProcessHarness) -> None:
    """The tag gets another name, and the worker takes one turn in which no scene can be read."""
    tag = worker.stash.library.tag_id("train")
    worker.stash.library.change_named(worker.stash.library.tags, tag, name="railway")
    worker.clock.advance(LATER_S)
    hook(worker, "Tag.Update.Post", tag, {"id": str(tag)}, ("id", "name"))
    worker.clock.advance(LATER_S)
    worker.tick()


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
    worker: InProcessHarness, kind: str, shown: Callable[[Any], tuple[object, object]]
) -> None:
    _, items = library(
        worker, performers=["Mia", "Jon"], tags=["train", "night"], studio="Aurora", details="Text"
    )

    with worker.writes_only(*items):
        destroy(worker, kind, 1)

    for item in items:
        is_shown, desired = shown(worker.shown(item))
        assert is_shown == desired


def test_a_deleted_group_touches_no_scene(worker: InProcessHarness) -> None:
    library(worker, groups=["Saga"])
    before = synced(worker)

    destroy(worker, "group", 1)

    assert synced(worker) == before


def test_a_deleted_tag_that_excluded_scenes_brings_them_to_plex(tmp_path: Path) -> None:
    with in_process(tmp_path, b_excluded_tags="private") as worker:
        _, items = library(worker, tags=["private"], details="Text")
        untouched = [worker.shown(item).summary for item in items]

        destroy(worker, "tag", 1)

        assert untouched == ["", "", ""]
        assert [worker.shown(item).summary for item in items] == ["Text"] * 3


def test_merged_tags_reach_the_scenes_of_the_sources_only(
    worker: InProcessHarness,
) -> None:
    _, items = library(worker, tags=["train"])
    both, both_item = worker.pair("both.mp4", tags=["train", "railway"])
    worker.sync(both)
    target = stranger(worker, tags=["railway"])
    before = synced(worker)

    merge(worker)

    assert [worker.shown(item).genres for item in (*items, both_item, target)] == [["railway"]] * 5
    assert synced(worker) - before == 4


def merge(worker: InProcessHarness) -> None:
    given = {"source": [str(worker.stash.library.tag_id("train"))], "destination": "2"}
    worker.clock.advance(LATER_S)
    worker.stash.merge_tags([worker.stash.library.tag_id("train")], 2)
    hook(worker, "Tag.Merge.Post", 2, given)
    worker.run_until_idle(LATER_S)


def test_a_partly_written_scene_still_loses_a_deleted_tag(
    worker: InProcessHarness,
) -> None:
    scene, item = worker.pair("a.mp4", tags=["train"])
    worker.plex.faults.add(
        PlexFault(method="PUT", status=400, times=2)
    )  # all fields together, then the title alone
    worker.sync(scene)
    shown_before = worker.shown(item).genres

    destroy(worker, "tag", 1)

    assert worker.dead_letters() == []
    assert (shown_before, worker.shown(item).genres) == (["train"], [])


# -- when things go wrong -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place", ["fan_out.page", "fan_out.queued", "fan_out.recorded", "store.complete"]
)
@pytest.mark.parametrize("trigger", ["Tag.Update.Post", "Tag.Destroy.Post"])
def test_a_worker_that_is_killed_in_the_middle_loses_no_scene(
    worker: InProcessHarness, place: str, trigger: str
) -> None:
    _, items = library(worker, tags=["train", "night"])
    if trigger == "Tag.Update.Post":
        worker.stash.library.change_named(worker.stash.library.tags, 1, name="railway")
    else:
        worker.stash.library.remove_tag(1)
    worker.end_worker()
    worker.begin_worker(kill_at(place))
    hook(worker, trigger, 1)
    worker.clock.advance(LATER_S)

    with pytest.raises(Killed):
        worker.run_until_idle()
    worker.restart()
    worker.run_until_idle(LATER_S)

    desired = {"railway", "night"} if trigger == "Tag.Update.Post" else {"night"}
    assert [set(worker.shown(item).genres) for item in items] == [desired] * 3
    assert query(worker.data, f"SELECT subject FROM {sql.QUEUE} WHERE status <= 2") == []


def kill_at(place: str) -> Callable[[str], object]:
    def checkpoint(name: str) -> None:
        if name == place:
            raise Killed

    return checkpoint


def test_a_stash_that_goes_away_in_the_middle_spends_nothing(worker: InProcessHarness) -> None:
    _, items = library(worker, tags=["train"])
    worker.stash.faults.plan(
        Fault("graphql", "findScenes", times=3, graphql_error="database is locked")
    )

    rename(worker, "tag", 1, "railway")
    worker.run_for(300.0)

    assert [worker.shown(item).genres for item in items] == [["railway"]] * 3
    assert worker.dead_letters() == []


def test_an_unreadable_entity_becomes_a_dead_letter(
    worker: InProcessHarness,
) -> None:
    _, items = library(worker, tags=["train"], performers=["Mia"])
    worker.stash.faults.plan(
        Fault("graphql", "findTag", times=None, graphql_error="Internal system error. Error <x>")
    )
    worker.stash.library.change_named(worker.stash.library.performers, 1, name="Maria")

    hook(worker, "Performer.Update.Post", 1)
    hook(worker, "Tag.Update.Post", 1)
    worker.run_for(600.0)

    dead_letter = next(row for row in worker.dead_letters() if row.subject == "tag:1")
    assert (dead_letter.title, dead_letter.reason, dead_letter.attempts) == (
        "train",
        "StashQueryError",
        3,
    )
    assert any(
        text.startswith("Tag 1 (train) is in the dead letters")
        for text in worker.notices().values()
    )
    assert [worker.shown(item).roles for item in items] == [["Maria"]] * 3


def test_an_entity_job_is_no_test_of_a_plex_that_is_coming_back(worker: InProcessHarness) -> None:
    _, items = library(worker, tags=["train"])
    worker.plex.down()
    worker.enqueue(worker.pair("b.mp4")[0])
    worker.tick()
    worker.stash.library.change_named(worker.stash.library.tags, 1, name="railway")
    hook(worker, "Tag.Update.Post", 1)
    worker.plex.up()

    worker.run_for(300.0)

    assert [worker.shown(item).genres for item in items] == [["railway"]] * 3


@pytest.fixture
def hooked(tmp_path: Path) -> Iterator[InProcessHarness]:
    """A worker whose Stash runs the installed plugin's hooks."""
    with running(InProcessHarness(tmp_path)) as harness:
        yield harness


# -- with Stash's own hooks -----------------------------------------------------------------------


def test_stash_runs_the_hooks_of_renames_and_merges(hooked: InProcessHarness) -> None:
    scene = hooked.scene(tags=["train", "night"], performers=["Mia"])
    hooked.edit(scene, details="Text")
    hooked.work()
    tags = hooked.stash.library

    hooked.stash.update_named("performer", tags.performer_id("Mia"), name="Maria")
    hooked.stash.merge_tags([tags.tag_id("train")], tags.tag_id("night"))
    hooked.stash.update_named("tag", tags.tag_id("night"), name="nocturne")
    hooked.work_until(
        lambda: hooked.item().genres == ["nocturne"] and hooked.item().roles == ["Maria"]
    )

    assert hooked.jobs() == []
    assert hooked.dead_letters() == []
