"""Groups as collections: members, image and synopsis follow the groups; what was there stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.restore_scene import restore_scene
from tests.emulators.plex_model import Collection
from tests.emulators.plex_server import Fault
from tests.emulators.stash_images import png
from tests.flow.test_fan_out import destroy, hook, rename
from tests.flow.test_restore import TaskRunner
from tests.harness.in_process import InProcessHarness, in_process

LATER_S = 5.0
CATCH_UP_S = 1_000.0
FRONT, OTHER_FRONT = png(10), png(20)
OLD, NEW = "Night Trains", "Day Trains"
# Two listings, the synopsis, the image; the group, its image, and twice what the catch-up compares.
OF_ONE_GROUP_IN_PLEX, OF_ONE_GROUP_IN_STASH = 4, 4


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[InProcessHarness]:
    with in_process(tmp_path, c_sync_groups=True, c_sync_collection=False) as made:
        yield made


def group(worker: InProcessHarness, name: str = OLD, **fields: Any) -> int:
    shown = {"synopsis": "All of them.", "image": FRONT, **fields}
    return worker.stash.library.add_group(name, **shown)


def library(worker: InProcessHarness, *groups: int, count: int = 2, at: str = "a") -> list[int]:
    """Scenes of these groups, in Plex already; their items."""
    pairs = [worker.pair(f"{at}/{at}{number}.mp4", groups=groups) for number in range(count)]
    worker.sync(*(scene for scene, _ in pairs))
    worker.run_until_idle(LATER_S)
    return [item for _, item in pairs]


def members(worker: InProcessHarness) -> dict[str, list[int]]:
    """The members of each collection, by title."""
    return {one.title: sorted(one.tag.members) for one in collections(worker)}


def collections(worker: InProcessHarness) -> list[Collection]:
    sections = worker.plex.library.sections.values()
    return [one for section in sections for one in section.collections.values()]


def collection(worker: InProcessHarness, title: str = OLD) -> Collection:
    (found,) = (one for one in collections(worker) if one.title == title)
    return found


def edit_group(worker: InProcessHarness, number: int, **fields: Any) -> None:
    """Edit a group in Stash, run its hook and let the worker do all that follows."""
    worker.clock.advance(LATER_S)
    worker.stash.library.change_named(worker.stash.library.groups, number, **fields)
    keys = ("id", *("front_image" if key == "image" else key for key in fields))
    hook(worker, "Group.Update.Post", number, {"id": str(number)}, keys)
    worker.run_until_idle(LATER_S)


def test_groups_and_what_contains_them_become_collections(worker: InProcessHarness) -> None:
    series = group(worker, "Series")
    part, other = group(worker, "Part", containing_ids=(series,)), group(worker, "Other")

    first = library(worker, part, count=2, at="a")
    second = library(worker, other, series, count=1, at="b")

    assert members(worker) == {"Part": first, "Series": [*first, *second], "Other": second}


def test_a_new_collection_shows_image_and_synopsis(worker: InProcessHarness) -> None:
    number = group(worker)

    library(worker, number)

    found = collection(worker)
    assert (found.summary, found.poster_bytes) == ("All of them.", FRONT)
    assert "summary" in found.locked


def test_a_group_is_read_and_sent_once_for_all_its_scenes(worker: InProcessHarness) -> None:
    number = group(worker)

    sent = worker.requests_of(lambda: library(worker, number, count=30))

    assert len([line for line in sent if line.startswith("POST")]) == 1
    targets = [request.target for request in worker.plex.requests]
    assert len([target for target in targets if "type=18" in target]) == 1
    assert len([line for line in sent if "/collections" in line]) == 2


def test_a_collection_that_was_there_keeps_its_own(worker: InProcessHarness) -> None:
    _, mine = worker.pair("mine.mp4")
    worker.plex.library.change(mine, collections=[OLD])
    number = group(worker)

    items = library(worker, number)
    edit_group(worker, number, synopsis="Others.", image=OTHER_FRONT)

    found = collection(worker)
    assert (found.summary, found.poster_bytes) == ("", None)
    assert sorted(found.tag.members) == sorted([mine, *items])


def test_an_edited_group_reaches_its_collection_once(worker: InProcessHarness) -> None:
    number = group(worker)
    library(worker, number, count=5)

    def change() -> None:
        edit_group(worker, number, synopsis="Others.", image=OTHER_FRONT)

    first = worker.requests_of(change)
    second = worker.requests_of(change)

    found = collection(worker)
    assert (found.summary, found.poster_bytes) == ("Others.", OTHER_FRONT)
    assert [line.partition(" ")[0] for line in first] == ["GET", "PUT", "POST"]
    assert [line.partition(" ")[0] for line in second] == ["GET"]


def test_what_a_group_lacks_is_taken_off_again(worker: InProcessHarness) -> None:
    number = group(worker)
    library(worker, number)

    edit_group(worker, number, synopsis="", image=None)

    found = collection(worker)
    assert (found.summary, found.poster_bytes, "thumb" in found.locked) == ("", None, False)


@pytest.mark.parametrize("emptied", ["vanish", "stay_with_own", "stay"])
def test_a_renamed_group_moves_its_members(worker: InProcessHarness, emptied: Any) -> None:
    worker.plex.switches.emptied_collections = emptied
    number = group(worker)
    items = library(worker, number, count=3)

    rename(worker, "group", number, NEW)

    assert members(worker) == {NEW: items}
    found = collection(worker, NEW)
    assert (found.summary, found.poster_bytes) == ("All of them.", FRONT)


@pytest.mark.parametrize("emptied", ["vanish", "stay_with_own", "stay"])
def test_a_deleted_group_leaves_no_collection(worker: InProcessHarness, emptied: Any) -> None:
    worker.plex.switches.emptied_collections = emptied
    number = group(worker)
    library(worker, number)

    destroy(worker, "group", number)

    assert members(worker) == {}


def test_members_and_collections_of_others_stay(worker: InProcessHarness) -> None:
    worker.plex.switches.emptied_collections = "stay"
    number = group(worker)
    items = library(worker, number)
    _, mine = worker.pair("mine.mp4")
    worker.plex.library.change(mine, collections=[OLD, "Mine"])
    worker.plex.library.change(mine, collections=[OLD])

    destroy(worker, "group", number)

    assert members(worker) == {OLD: [mine], "Mine": []}
    assert not set(items) & set(members(worker)[OLD])


def test_sub_groups_reach_scenes_without_hook_or_time(worker: InProcessHarness) -> None:
    part, series = group(worker, "Part"), group(worker, "Series")
    items = library(worker, part)
    outer = group(worker, "Outer")

    worker.stash.library.contain(part, [series])
    worker.work_for(CATCH_UP_S)
    after_adding = members(worker)
    worker.stash.library.contain(series, [outer])
    worker.work_for(CATCH_UP_S)
    after_nesting = members(worker)
    worker.stash.library.contain(part, [])
    worker.work_for(CATCH_UP_S)

    assert after_adding == {"Part": items, "Series": items}
    assert after_nesting == {"Part": items, "Series": items, "Outer": items}
    assert members(worker) == {"Part": items}


def test_a_deleted_container_leaves_its_scenes(worker: InProcessHarness) -> None:
    series = group(worker, "Series")
    part = group(worker, "Part", containing_ids=(series,))
    items = library(worker, part)

    destroy(worker, "group", series)

    assert members(worker) == {"Part": items}


def test_a_scene_that_leaves_a_group_leaves_the_collection(worker: InProcessHarness) -> None:
    worker.plex.switches.emptied_collections = "stay"
    number = group(worker)
    scene, _ = worker.pair("a.mp4", groups=[number])
    worker.sync(scene)
    worker.run_until_idle(LATER_S)

    worker.change(scene, groups=[])
    worker.sync(scene)
    worker.run_until_idle(LATER_S)

    assert members(worker) == {}


def test_a_collection_deleted_by_hand_comes_back_whole(worker: InProcessHarness) -> None:
    number = group(worker)
    scene, item = worker.pair("a.mp4", groups=[number])
    worker.sync(scene)
    worker.run_until_idle(LATER_S)
    worker.plex.library.tags.drop_collection(collection(worker))

    worker.change(scene, title="Again")
    worker.sync(scene)
    worker.run_until_idle(LATER_S)

    found = collection(worker)
    assert (found.summary, found.poster_bytes) == ("All of them.", FRONT)
    assert list(found.tag.members) == [item]


def test_two_groups_of_one_name_share_a_collection(worker: InProcessHarness) -> None:
    first, second = group(worker), group(worker, synopsis="The second.", image=None)
    items = [*library(worker, first, at="a"), *library(worker, second, at="b")]

    shown = collection(worker).summary
    rename(worker, "group", first, NEW)

    assert shown == "All of them."
    assert members(worker) == {NEW: items[:2], OLD: items[2:]}
    assert (collection(worker).summary, collection(worker).poster_bytes) == ("The second.", None)
    assert collection(worker, NEW).summary == "All of them."


def test_what_was_edited_by_hand_is_preserved(tmp_path: Path) -> None:
    with in_process(tmp_path, c_sync_groups=True, c_preserve_plex_edits=True) as worker:
        number = group(worker)
        library(worker, number)
        found = collection(worker)
        found.summary = "Mine."

        edit_group(worker, number, synopsis="Others.", image=OTHER_FRONT)

        assert (found.summary, found.poster_bytes) == ("Mine.", OTHER_FRONT)


def test_a_prefix_stands_before_the_names(tmp_path: Path) -> None:
    with in_process(tmp_path, c_sync_groups=True, c_collection_prefix_group="Group:") as worker:
        items = library(worker, group(worker))

        assert members(worker) == {f"Group: {OLD}": items}
        assert collection(worker, f"Group: {OLD}").summary == "All of them."


def test_off_groups_change_nothing(tmp_path: Path) -> None:
    with in_process(tmp_path) as worker:
        number = group(worker)
        library(worker, number)

        edit_group(worker, number, synopsis="Others.")

        assert members(worker) == {}
        assert worker.rows("SELECT count(*) FROM collections") == [(0,)]


def test_switched_off_later_own_members_are_taken_off(worker: InProcessHarness) -> None:
    worker.plex.switches.emptied_collections = "stay"
    number = group(worker)
    scene, _ = worker.pair("a.mp4", groups=[number], studio="Aurora")
    worker.sync(scene)
    worker.run_until_idle(LATER_S)

    worker.configure(c_sync_groups=False, c_sync_collection=True)
    worker.sync(scene)
    worker.run_until_idle(LATER_S)

    assert list(members(worker)) == ["Aurora"]


# -- Restore Plex Values --------------------------------------------------------------------------


@pytest.mark.parametrize("emptied", ["vanish", "stay"])
def test_restoring_takes_members_off_and_deletes_what_is_empty(
    worker: InProcessHarness, emptied: Any
) -> None:
    worker.plex.switches.emptied_collections = emptied
    alone, shared = group(worker, "Alone"), group(worker, "Shared")
    library(worker, alone, shared)
    _, mine = worker.pair("mine.mp4")
    worker.plex.library.change(mine, collections=["Shared"])
    worker.configure(a_enabled=False)
    worker.run_until_idle(60.0)

    TaskRunner(worker).press_twice()

    assert members(worker) == {"Shared": [mine]}


def test_a_restored_scene_leaves_no_empty_collection(worker: InProcessHarness) -> None:
    worker.plex.switches.emptied_collections = "stay"
    scene, _ = worker.pair("a.mp4", groups=[group(worker)])
    worker.sync(scene)
    worker.run_until_idle(LATER_S)

    restore_scene(TaskRunner(worker).context(), scene, ("", ""), 1)
    worker.run_until_idle(LATER_S)

    assert members(worker) == {}


# -- bounds ---------------------------------------------------------------------------------------


def test_groups_cost_a_cold_sync_no_request_per_scene(tmp_path: Path) -> None:
    counts = []
    for is_on in (False, True):
        with in_process(tmp_path / str(is_on), c_sync_groups=is_on) as worker:
            number = group(worker)
            for name in range(50):
                worker.pair(f"many/{name}.mp4", title=f"Title {name}", groups=[number])
            plex, stash = len(worker.plex.requests), len(worker.stash.requests)
            worker.sync_all()
            worker.run_until_idle(LATER_S)
            counts.append((len(worker.plex.requests) - plex, len(worker.stash.requests) - stash))

    (plex_off, stash_off), (plex_on, stash_on) = counts
    assert plex_on - plex_off == OF_ONE_GROUP_IN_PLEX
    assert stash_on - stash_off <= OF_ONE_GROUP_IN_STASH


# -- failures -------------------------------------------------------------------------------------


def test_a_refused_front_image_is_reported_and_not_repeated(worker: InProcessHarness) -> None:
    library(worker, group(worker, image=b"no picture"))

    found = collection(worker)
    sent = worker.requests_of(lambda: worker.work_for(300.0, 30.0))

    assert (found.summary, found.poster_bytes) == ("All of them.", None)
    assert not any(line.startswith(("PUT", "POST")) for line in sent)
    assert any("front image is not a JPEG" in text for text in worker.notices().values())


def test_a_synopsis_that_plex_drops_is_not_repeated(worker: InProcessHarness) -> None:
    worker.plex.switches.ignored_fields = frozenset({"summary"})
    library(worker, group(worker))

    assert (collection(worker).summary, collection(worker).poster_bytes) == ("", FRONT)
    with worker.writes_only():
        worker.run_until_idle(CATCH_UP_S)


def test_a_collection_that_always_fails_holds_up_nothing(worker: InProcessHarness) -> None:
    number = group(worker)
    route = "/library/metadata/{rk}/posters"
    worker.plex.faults.add(Fault(method="POST", route=route, times=None, status=500))

    library(worker, number)
    worker.work_for(600.0, 30.0)
    scene, item = worker.pair("late.mp4", title="Late")
    worker.sync(scene)

    assert worker.shown(item).title == "Late"
    assert worker.rows("SELECT due FROM collections") == [(0,)]
    worker.plex.faults.clear()
    edit_group(worker, number, synopsis="Others.")
    assert (collection(worker).summary, collection(worker).poster_bytes) == ("Others.", FRONT)
