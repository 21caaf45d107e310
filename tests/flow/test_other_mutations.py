"""Changes other than a saved form reach Plex too: creates, removals, merges, moves, imports, SQL."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hooks.entry import ENTITY_TRIGGERS, SCENE_TRIGGERS, run_hook
from tests.emulators.stash_actions import StashActions
from tests.emulators.stash_hooks import HookEvent
from tests.flow.test_reconcile import reconcile
from tests.harness.in_process import InProcessHarness, in_process

LATER_S = 5.0
A_CATCH_UP_S = 960.0
SETTINGS: dict[str, Any] = {
    "c_include_parent_tags": True,
    "c_include_performer_tags": True,
    "c_sync_groups": True,
}


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[InProcessHarness]:
    with in_process(tmp_path, **SETTINGS) as made:
        made.stash.core.hook_listeners.append(lambda event: hook(made, event))
        yield made


def hook(worker: InProcessHarness, event: HookEvent) -> None:
    """Run the hooks that the manifest names, without a process."""
    if event.trigger not in (*SCENE_TRIGGERS, *ENTITY_TRIGGERS):
        return
    context = {"id": event.object_id, "type": event.trigger, "input": event.input}
    context["inputFields"] = list(event.fields)
    message: dict[str, object] = {"args": {"hookContext": context}}
    now = worker.clock.wall()
    answer = run_hook(message, str(worker.data), now, lambda cause: lambda: None, bytes)
    assert answer == {"output": "ok"}


def library(worker: InProcessHarness, count: int = 3, **fields: Any) -> list[int]:
    """Scenes that share all these, known to the index; their items."""
    first = len(worker.stash.library.scenes)
    pairs = [worker.pair(f"shared/{first + number}.mp4", **fields) for number in range(count)]
    worker.sync(*(scene for scene, _ in pairs))
    worker.run_for(A_CATCH_UP_S)
    return [item for _, item in pairs]


def done(worker: InProcessHarness) -> int:
    return worker.worker_log().count("sync.done")


@pytest.mark.parametrize("way", ["destroy_one", "destroy_named"])
@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("Performer", lambda item: item.roles == ["Jon"]),
        ("Studio", lambda item: not item.studio),
        ("Tag", lambda item: item.genres == ["night"]),
        ("Group", lambda item: "Set" not in item.collections),
    ],
)
def test_what_is_deleted_vanishes_from_its_scenes(
    worker: InProcessHarness, kind: str, way: str, shown: Callable[[Any], bool]
) -> None:
    """Single deletions send an object to the hook, plural ones a list."""
    items = library(
        worker,
        performers=["Mia", "Jon"],
        tags=["train", "night"],
        studio="Aurora",
        groups=["Set"],
        details="Text",
    )
    assert not any(shown(worker.shown(item)) for item in items)

    getattr(worker.stash, way)(kind, 1)
    worker.run_until_idle(LATER_S)

    assert all(shown(worker.shown(item)) for item in items)


def test_a_merge_of_performers_is_found(worker: InProcessHarness) -> None:
    """No hook runs, and no scene's time moves: the catch-up finds it, with the tags that move."""
    add = worker.stash.library.add_performer
    mia = add("Mia", tag_ids=(worker.stash.library.tag_id("blonde"),))
    jon = add("Jon")
    items = library(worker, performers=["Mia"])
    others = library(worker, performers=["Jon"])

    worker.stash.merge_performers([mia], jon, name="John")
    worker.run_for(A_CATCH_UP_S)

    shown = [worker.shown(item) for item in (*items, *others)]
    assert [(one.roles, one.genres) for one in shown] == [(["John"], ["blonde"])] * 6


def test_a_new_tag_above_others_reaches_their_scenes(worker: InProcessHarness) -> None:
    """Only the new tag has a hook, and that one says nothing of the tags below it."""
    items = library(worker, tags=["Lisbon"])

    worker.stash.create_named("Tag", "City", child_ids=["1"])
    worker.run_for(A_CATCH_UP_S)

    assert [worker.genres(item) for item in items] == [{"Lisbon", "City"}] * 3


def test_a_new_group_around_others_reaches_their_scenes(worker: InProcessHarness) -> None:
    items = library(worker, groups=["Part"])

    worker.stash.change_groups("groupCreate", name="Whole", sub_groups=[{"group_id": "1"}])
    worker.run_for(A_CATCH_UP_S)

    assert [set(worker.shown(item).collections) for item in items] == [{"Part", "Whole"}] * 3


@pytest.mark.parametrize(
    "change",
    [
        lambda stash: stash.create_named("Performer", "New"),
        lambda stash: stash.create_named("Studio", "New"),
        lambda stash: stash.create_named("Tag", "New"),
        lambda stash: stash.graphql("mutation { sceneAddO(id: 1) { count } }"),
        lambda stash: stash.graphql("mutation { sceneIncrementO(id: 1) }"),
        lambda stash: stash.graphql("mutation { sceneAddPlay(id: 1) { count } }"),
        lambda stash: stash.graphql("mutation { sceneSaveActivity(id: 1, resume_time: 3) }"),
        lambda stash: stash.update_named("performer", 1, custom_fields={"partial": {"a": 1}}),
    ],
)
def test_what_plex_does_not_show_costs_no_write(
    worker: InProcessHarness, change: Callable[[StashActions], object]
) -> None:
    library(worker, performers=["Mia"], tags=["train"], studio="Aurora")
    writes, synced = len(worker.plex.writes()), done(worker)

    change(worker.stash)
    worker.run_for(A_CATCH_UP_S)

    assert (len(worker.plex.writes()), done(worker)) == (writes, synced)


def archive(**scene: Any) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        made.writestr("scenes/1.json", json.dumps(scene))
    return content.getvalue()


def import_scene(worker: InProcessHarness) -> None:
    given = archive(
        title="By hand", files=["/data/shared/0.mp4"], updated_at="2020-01-01T00:00:00Z"
    )
    worker.stash.wait_job(worker.stash.import_objects(given))


@pytest.mark.parametrize(
    "change",
    [
        import_scene,
        lambda worker: worker.stash.exec_sql("UPDATE scenes SET title = 'By hand' WHERE id = 1"),
    ],
)
def test_what_leaves_the_time_alone_is_found_by_comparing(
    worker: InProcessHarness, change: Callable[[InProcessHarness], object]
) -> None:
    """An import and a statement of SQL run no hook and do not move the scene's time."""
    items = library(worker, title="Old")

    change(worker)
    reconcile(worker)

    assert [worker.shown(item).title for item in items] == ["By hand", "Old", "Old"]


def test_a_moved_file_is_followed_at_the_next_save(worker: InProcessHarness) -> None:
    """`moveFiles` runs no hook; Plex finds the file under its new name."""
    (item,) = library(worker, 1, title="Old")

    worker.stash.move_files(1, folder="/data/new", basename="b.mp4")
    worker.plex.library.rename_file("/media/shared/0.mp4", "/media/new/b.mp4")
    worker.run_for(A_CATCH_UP_S)
    worker.stash.update_scene(1, title="New")
    worker.run_until_idle(LATER_S)

    assert worker.shown(item).title == "New"
    assert worker.dead_letters() == []


def test_a_performers_own_fields_enqueue_nothing(worker: InProcessHarness) -> None:
    library(worker, 1, performers=["Mia"])

    worker.stash.update_named("performer", 1, custom_fields={"partial": {"a": 1}})

    assert worker.rows("SELECT subject FROM scene_ack_queue_default WHERE status < 2") == []
