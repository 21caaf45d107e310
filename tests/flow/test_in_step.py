"""After whatever happened on either side, one comparison of everything brings Plex in step; then
there is silence.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.run import request_run
from sync_queue.hook_queue import connect
from sync_queue.meta import MetaStore
from sync_queue.store import JobStore
from tests.flow.oracle import (
    CAST,
    SYNCED,
    TREES,
    WITH_CAST,
    Expect,
    check,
    check_collections,
    expected_values,
    expected_with_cast,
    expected_with_trees,
)
from tests.flow.random_actions import ACTIONS, PRIVATE, RandomActionHarness
from tests.harness.examples import fuzzed
from validation.scope import ALL

Step = tuple[str, int, int, int, bool]
NUMBERS = st.integers(0, 41)
STEPS = st.lists(
    st.tuples(st.sampled_from(sorted(ACTIONS)), NUMBERS, NUMBERS, NUMBERS, st.booleans()),
    max_size=8,
)
MAX_RUNS = 100
CATCH_UP_S = 1_000.0  # only the catch-up finds a group whose hook was lost
Items = Mapping[int, Mapping[str, Any]]


def reconcile(worker: RandomActionHarness) -> dict[str, Any]:
    """Press the button, and let the worker do everything that comes of it; the run."""
    worker.clock.advance(5.0)
    with contextlib.closing(connect(str(worker.data))) as connection:  # a button is another process
        asked_at = request_run(
            MetaStore(JobStore(connection, worker.clock)), ALL, worker.clock.wall()
        ).asked_at
    for _ in range(MAX_RUNS):
        worker.run_until_idle(1.0)
        if newest(worker).get("asked_at") == asked_at:
            break
    run = newest(worker)
    assert (run["asked_at"], run["failed"]) == (asked_at, "")
    drain(worker)
    return run


def newest(worker: RandomActionHarness) -> dict[str, Any]:
    path = worker.data / "reconciliation.json"
    runs: list[dict[str, Any]] = json.loads(path.read_text())["runs"] if path.exists() else []
    return runs[0] if runs else {}


def drain(worker: RandomActionHarness) -> None:
    """Until nothing waits any more; what Plex does not have is dead-lettered in the end."""
    worker.run_for(20.0, every_s=5.0)
    for _ in range(MAX_RUNS):
        if not worker.waiting():
            return
        worker.run_until_idle(1_800.0)
    raise AssertionError(f"these wait for ever: {worker.waiting()}")


def run_through(
    root: Path,
    steps: Sequence[Step],
    on: frozenset[str],
    expect: Expect = expected_values,
    **settings: Any,
) -> None:
    """All of it, and then everything that must hold."""
    worker = RandomActionHarness(root)
    worker.restores = settings.get("b_on_excluded") == "restore"
    try:
        common = {
            "b_excluded_tags": PRIVATE,
            "d_reconcile_interval": "never",
            "c_sync_groups": True,
            "c_sync_labels": "labels" in on,
        }
        worker.open(**{**common, **settings})
        worker.fill(expect)
        for name, a, b, c, hooks_enabled in steps:
            worker.clock.advance(2.0)
            worker.hooks_enabled = hooks_enabled
            ACTIONS[name](worker, a, b, c)
        worker.clock.advance(2.0)
        before = worker.shown_now()

        reconcile(worker)
        after, writes = worker.shown_now(), len(worker.plex.writes())
        again = reconcile(worker)

        scenes = worker.scenes_of_items()
        for item, scene in scenes.items():
            view = worker.stash.library.scene(scene)
            check(item, view, before[item], after[item], worker.ledger, on)
        others = before.keys() - scenes.keys()
        if worker.restores:
            others = check_restored(worker, others, before, after)
        assert {item: after[item] for item in others} == {item: before[item] for item in others}
        assert again["gaps"].keys() <= {"missing"}
        assert again["enqueued"] == {}
        assert len(worker.plex.writes()) == writes
        worker.run_for(CATCH_UP_S)
        check_collections(worker)
        assert {dead_letter.reason for dead_letter in worker.dead_letters()} <= {"PlexNotFound"}
    finally:
        worker.close()


def check_restored(
    worker: RandomActionHarness, items: set[int], before: Items, after: Items
) -> set[int]:
    """Check the items of excluded scenes; return the others, which must not have changed.

    Nothing that was written for an excluded scene is left to restore.
    """
    library = worker.stash.library
    excluded = {one for one in library.scene_ids() if PRIVATE in library.scene(one).tags}
    rows = worker.rows("SELECT records.scene_id FROM records JOIN originals USING (server, item)")
    assert not excluded & {scene for (scene,) in rows}
    changed = {item for item in items if after[item] != before[item]}
    return items - changed


EXCLUDED: list[Step] = [("exclude", which, 1, 0, which == 1) for which in range(3)]


@given(STEPS)
@fuzzed(4)
def test_nothing_of_excluded_scenes_is_left_to_restore(steps: list[Step]) -> None:
    """Scenes are excluded with and without a hook after anything else has happened."""
    with TemporaryDirectory() as root:
        done = [("sync_all", 0, 0, 0, False), *steps, *EXCLUDED]
        run_through(Path(root), done, frozenset(SYNCED), b_on_excluded="restore")


@given(STEPS)
@fuzzed(6)
def test_after_anything_one_comparison_brings_plex_in_step(steps: list[Step]) -> None:
    with TemporaryDirectory() as root:
        run_through(Path(root), steps, frozenset(SYNCED))


@given(STEPS)
@fuzzed(6)
def test_trees_of_tags_and_studios_are_brought_in_step(steps: list[Step]) -> None:
    with TemporaryDirectory() as root:
        run_through(Path(root), steps, frozenset(SYNCED), expected_with_trees, **TREES)


@given(STEPS)
@fuzzed(2)
def test_texts_and_the_cast_are_brought_in_step(steps: list[Step]) -> None:
    with TemporaryDirectory() as root:
        run_through(Path(root), steps, frozenset(WITH_CAST), expected_with_cast, **CAST)


QUIET: dict[str, Step] = {
    "a field of a scene in the database": ("write_database", 0, 1, 1, False),
    "the tags of a scene in the database": ("write_database", 0, 4, 8, False),
    "a bulk edit whose hooks were lost": ("save_many", 0, 3, 2, False),
    "autotag": ("auto_tag", 2, 1, 1, False),
    "scenes that were merged": ("merge", 0, 1, 1, False),
    "scenes that were merged into one that is not identified": ("merge", 0, 2, 0, False),
    "a scene that was deleted": ("destroy", 1, 0, 0, False),
    "tags that were merged": ("merge_named", 1, 0, 1, False),
    "performers that were merged": ("merge_named", 0, 0, 1, False),
    "a performer that was deleted": ("destroy_named", 0, 0, 0, False),
    "a tag that was deleted": ("destroy_named", 1, 0, 0, False),
    "a studio that was deleted": ("destroy_named", 2, 0, 0, False),
    "a studio with another name": ("rename_named", 2, 0, 1, False),
    "a group with another name": ("rename_named", 3, 0, 1, False),
    "a group that was deleted": ("destroy_named", 3, 0, 0, False),
    "a group that was made around another one": ("add_group", 1, 1, 1, False),
    "a group with another synopsis and image": ("edit_group", 0, 1, 1, False),
    "a sub-group that was taken out": ("nest_groups", 1, 0, 0, False),
    "a group of a scene in the database": ("write_database", 0, 7, 8, False),
    "another cover": ("cover", 0, 0, 3, False),
    "a file that Plex follows": ("move_file", 0, 0, 1, False),
    "a file that Plex takes for another one": ("move_file", 0, 0, 0, False),
    "an import that gives every scene another number": ("full_import", 1, 0, 0, False),
    "an import that gives every scene the number of another one": ("full_import", 0, 0, 0, False),
    "an item that was emptied by hand": ("empty_item", 0, 1, 0, False),
    "an agent that overwrites everything": ("refresh", 0, 1, 0, False),
    "items that were scanned again": ("scan_again", 0, 0, 0, False),
}


QUIET_TREES: dict[str, Step] = {
    "a tag that was put below another one": ("place_tag", 2, 3, 1, False),
    "a tag that another one's form put below it": ("place_tag", 0, 3, 0, False),
    "a tag that was taken out of its place": ("place_tag", 1, 0, 1, False),
    "the parent of the parent of a tag": ("place_tag", 0, 2, 1, False),
    "a studio below another one": ("place_studio", 2, 1, 1, False),
    "the parent of the parent of a studio": ("place_studio", 0, 2, 1, False),
    "a studio without its parent": ("place_studio", 1, 2, 0, False),
    "the tags of a performer": ("tag_performer", 0, 0, 4, False),
    "tags that were merged": ("merge_named", 1, 0, 2, False),
    "a tag in the middle that was deleted": ("destroy_named", 1, 0, 0, False),
    "a studio above that was deleted": ("destroy_named", 2, 0, 0, False),
    "a tag above with another name": ("rename_named", 1, 1, 1, False),
    "a studio above with another name": ("rename_named", 2, 0, 1, False),
}


@pytest.mark.parametrize("what", QUIET_TREES)
def test_a_quiet_change_of_a_tree_is_brought_in_step(tmp_path: Path, what: str) -> None:
    steps = [("sync_all", 0, 0, 0, False), QUIET_TREES[what]]
    run_through(tmp_path, steps, frozenset(SYNCED), expected_with_trees, **TREES)


QUIET_CAST: dict[str, Step] = {
    "a day of birth that is another one": ("edit_performer", 0, 0, 3, False),
    "a day of birth that is not known any more": ("edit_performer", 0, 0, 2, False),
    "a performer with the name of another one": ("edit_performer", 0, 2, 0, False),
    "the directors of a scene in the database": ("write_database", 0, 8, 3, False),
    "a tag that made the rating": ("rename_named", 1, 3, 1, False),
}


@pytest.mark.parametrize("what", QUIET_CAST)
def test_a_quiet_change_of_the_cast_is_brought_in_step(tmp_path: Path, what: str) -> None:
    steps = [("sync_all", 0, 0, 0, False), QUIET_CAST[what]]
    run_through(tmp_path, steps, frozenset(WITH_CAST), expected_with_cast, **CAST)


@pytest.mark.parametrize("what", QUIET)
def test_a_change_without_a_hook_is_brought_in_step(tmp_path: Path, what: str) -> None:
    run_through(tmp_path, [("sync_all", 0, 0, 0, False), QUIET[what]], frozenset(SYNCED))


@pytest.mark.parametrize("number", [0, 1])
def test_a_change_before_an_import_that_renumbers_is_not_lost(tmp_path: Path, number: int) -> None:
    steps = [
        ("sync_all", 0, 0, 0, False),
        ("write_database", 0, 0, 2, False),
        ("full_import", number, 0, 0, False),
    ]
    run_through(tmp_path, steps, frozenset(SYNCED))


FEW = frozenset({"title", "summary", "genres"})


@given(STEPS)
@fuzzed(4)
def test_fields_that_are_switched_off_are_left_alone(steps: list[Step]) -> None:
    off: dict[str, Any] = {
        f"c_sync_{name}": False
        for name in ("studio", "date", "performers", "collection", "groups", "poster")
    }
    with TemporaryDirectory() as root:
        run_through(Path(root), steps, FEW, **off)
