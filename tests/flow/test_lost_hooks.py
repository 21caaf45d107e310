"""Test a week without hooks, and merges without a hook: the next catch-up repairs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.emulators.stash_library import StashLibrary
from tests.harness.in_process import InProcessHarness, in_process

WEEK_S = 7 * 86_400.0


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[InProcessHarness]:
    with in_process(tmp_path) as made:
        yield made


def library(worker: InProcessHarness, count: int = 3, **fields: Any) -> list[int]:
    """Scenes in Plex already, known for a while; their items."""
    pairs = [worker.pair(f"shared/{number}.mp4", **fields) for number in range(count)]
    worker.sync(*(scene for scene, _ in pairs))
    worker.run_for(1800.0)
    return [item for _, item in pairs]


def week_without_hooks(
    worker: InProcessHarness, *changes: Callable[[StashLibrary], object]
) -> None:
    """The plugin is switched off in Stash, things change, and a week later a worker starts."""
    worker.end_worker()
    worker.clock.advance(WEEK_S / 2)
    for change in changes:
        change(worker.stash.library)
    worker.clock.advance(WEEK_S / 2)
    worker.begin_worker()
    worker.run_for(180.0)


def renamed(table: str, name: str) -> Callable[[StashLibrary], object]:
    return lambda library: library.change_named(getattr(library, table), 1, name=name)


@pytest.mark.parametrize("zone", ["+00:00", "+13:45", "-08:00"])
def test_a_rename_without_a_hook_is_found(tmp_path: Path, zone: str) -> None:
    with in_process(tmp_path) as worker:
        worker.stash.zone = zone
        items = library(worker, tags=["train"], performers=["Mia"], studio="Aurora")

        week_without_hooks(
            worker,
            renamed("performers", "Maria"),
            renamed("studios", "Borealis"),
            renamed("tags", "railway"),
        )

        shown = [worker.shown(item) for item in items]
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
def test_a_deletion_without_a_hook_is_found(
    worker: InProcessHarness, remove: Callable[[StashLibrary], None], shown: Callable[[Any], bool]
) -> None:
    items = library(
        worker, tags=["train", "night"], performers=["Mia", "Jon"], studio="Aurora", details="Text"
    )

    week_without_hooks(worker, remove)

    assert all(shown(worker.shown(item)) for item in items)


def test_an_edit_and_a_new_scene_without_a_hook_are_found(worker: InProcessHarness) -> None:
    items = library(worker)
    new = worker.add_item("/media/new.mp4")

    def change(stash: StashLibrary) -> None:
        stash.change_scene(1, touch=True, title="Edited")
        stash.add_scene("/data/new.mp4", 1_000, title="New")

    week_without_hooks(worker, change)

    assert (worker.shown(items[0]).title, worker.shown(new).title) == ("Edited", "New")


def test_a_merge_of_performers_without_a_hook_is_found(worker: InProcessHarness) -> None:
    items = library(worker, performers=["Mia", "Jon"])
    _, other = worker.pair("other.mp4", performers=["Jon"])
    worker.sync(4)
    worker.clock.advance(600.0)

    worker.stash.library.performer_merge(["Mia"], "Jon")
    worker.run_for(1200.0)

    assert [worker.shown(item).roles for item in (*items, other)] == [["Jon"]] * 4


def test_unchanged_items_are_not_touched_after_a_week(worker: InProcessHarness) -> None:
    library(worker, tags=["train"], performers=["Mia"], studio="Aurora")
    done = worker.worker_log().count("sync.done")

    week_without_hooks(
        worker, lambda library: library.change_named(library.performers, 1, birthdate="1990-01-01")
    )

    assert worker.worker_log().count("sync.done") == done


def test_unsynced_scenes_stay_untouched_by_a_found_rename(
    worker: InProcessHarness,
) -> None:
    _, item = worker.pair("never.mp4", performers=["Mia"])
    worker.clock.advance(10.0)
    worker.set_first_trace()
    library(worker, tags=["train"])

    week_without_hooks(worker, renamed("performers", "Maria"))

    assert worker.shown(item).roles == []


@pytest.mark.parametrize("ahead", ["2099-01-01T00:00:00Z", "2099-01-01T00:00:00+13:45"])
def test_a_future_timestamp_hides_no_change(worker: InProcessHarness, ahead: str) -> None:
    items = library(worker, tags=["train"], performers=["Mia"])

    def change(stash: StashLibrary) -> None:
        stash.change_named(stash.tags, 1, name="railway")
        stash.tags[1] = type(stash.tags[1])(**{**vars(stash.tags[1]), "updated_at": ahead})
        stash.change_named(stash.performers, 1, name="Maria")

    week_without_hooks(worker, change)
    fanned_out = worker.worker_log().count("fan_out.done entity=tag:1")
    worker.run_for(3600.0)

    assert [(worker.shown(item).genres, worker.shown(item).roles) for item in items] == [
        (["railway"], ["Maria"])
    ] * 3
    assert (
        worker.worker_log().count("fan_out.done entity=tag:1") == fanned_out
    )  # once, and not for ever


# -- scenes that are gone -------------------------------------------------------------------------


def test_the_survivor_of_a_merge_is_synced(
    worker: InProcessHarness,
) -> None:
    items = library(worker)
    waiting = worker.add_scene("/data/not in plex.mp4")
    worker.sync(waiting)
    worker.clock.advance(600.0)

    worker.stash.merge_scenes([2, waiting], 1, title="Survivor")
    worker.run_for(1200.0)

    assert worker.shown(items[0]).title == "Survivor"
    assert worker.shown(items[1]).title == "Survivor"  # it plays a file of the survivor now
    assert worker.records(2) == {}
    assert worker.dead_letters() == []
    assert worker.waiting() == {}
    assert {item.rating_key for item in worker.plex.library.items()} == set(items)


def test_the_dead_letter_of_a_merged_scene_is_removed(worker: InProcessHarness) -> None:
    library(worker)
    lost = worker.add_scene("/data/not in plex.mp4")
    worker.enqueue(lost)
    worker.run_for(6 * 3600.0, every_s=600.0)
    dead_letters = {dead_letter.subject for dead_letter in worker.dead_letters()}

    week_without_hooks(worker, lambda stash: stash.drop_scene(lost))

    assert dead_letters == {f"scene:{lost}"}
    assert worker.dead_letters() == []


def test_scenes_deleted_without_a_hook_are_forgotten(
    worker: InProcessHarness,
) -> None:
    items = library(worker)
    before = worker.snapshot()

    week_without_hooks(worker, lambda stash: stash.drop_scene(2))

    assert [bool(worker.records(scene)) for scene in (1, 2, 3)] == [True, False, True]
    assert worker.snapshot() == before
    assert items
