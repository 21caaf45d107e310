"""A file that a renamer moves at save is written before Plex has scanned its new place."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.job import SCAN
from reconciliation.run import request_run
from sync_queue.hook_queue import connect
from sync_queue.meta import MetaStore
from sync_queue.store import JobStore
from tests.harness.in_process import InProcessHarness, in_process
from validation.scope import ALL

OLD, NEW = "a/old.mp4", "b/new.mp4"


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[InProcessHarness]:
    with in_process(tmp_path) as made:
        yield made


def synced(worker: InProcessHarness, name: str = OLD, size: int = 1_000) -> tuple[int, int]:
    """Add a scene and its item, sync the scene, and let half a minute pass."""
    scene, item = worker.pair(name, size)
    worker.sync(scene)
    worker.clock.advance(30.0)
    return scene, item


def rename(worker: InProcessHarness, scene: int, old: str = OLD, new: str = NEW) -> None:
    """Save the scene; a renamer moves its file, and Plex has not scanned."""
    worker.stash.library.move_file(f"/data/{old}", f"/data/{new}")
    worker.change(scene, title="Renamed")


def test_a_renamed_file_is_written_before_plex_scans(worker: InProcessHarness) -> None:
    scene, item = synced(worker)
    rename(worker, scene)

    with worker.writes_only(item):
        worker.sync(scene)

    assert worker.shown(item).title == "Renamed"
    assert worker.jobs() == []


def test_the_recorded_path_follows_after_plex_has_scanned(worker: InProcessHarness) -> None:
    scene, item = synced(worker)
    rename(worker, scene)
    worker.sync(scene)
    worker.plex.library.rename_file(f"/media/{OLD}", f"/media/{NEW}")
    worker.clock.advance(30.0)
    worker.change(scene, title="Again")

    worker.sync(scene)

    assert worker.shown(item).title == "Again"
    assert worker.record(scene).path == f"/media/{NEW}"


def test_an_item_of_its_own_at_the_new_path_is_preferred(worker: InProcessHarness) -> None:
    scene, item = synced(worker)
    rename(worker, scene)
    worker.plex.library.switches.auto_empty_trash = False
    new = worker.plex.library.move_out(item, f"/media/{NEW}")

    with worker.writes_only(new):
        worker.sync(scene)


def test_an_item_that_plays_another_file_now_is_left_alone(worker: InProcessHarness) -> None:
    scene, item = synced(worker)
    rename(worker, scene)
    worker.plex.library.rename_file(f"/media/{OLD}", "/media/c/elsewhere.mp4")

    with worker.touches_only():
        worker.sync(scene)

    assert worker.waiting() == {"PlexNotFound": 1}
    assert worker.shown(item).title != "Renamed"


def test_files_that_change_places_reach_no_wrong_item(worker: InProcessHarness) -> None:
    first, first_item = synced(worker, "a/one.mp4", 11)
    second, second_item = synced(worker, "a/two.mp4", 22)
    worker.stash.library.move_file("/data/a/one.mp4", "/data/a/three.mp4")
    worker.stash.library.move_file("/data/a/two.mp4", "/data/a/one.mp4")
    worker.change(first, title="First")
    worker.change(second, title="Second")

    worker.sync(first, second)

    assert worker.shown(first_item).title == "First"
    assert worker.shown(second_item).title != "First"


def test_the_scan_of_the_new_folder_is_still_requested(worker: InProcessHarness) -> None:
    worker.configure(b_trigger_plex_scan=True)
    scene, item = synced(worker)
    worker.clock.advance(1_000.0)
    rename(worker, scene)
    worker.enqueue(scene, cause=SCAN)

    worker.run_until_idle(5.0)

    assert worker.shown(item).title == "Renamed"
    assert [one.target for one in worker.plex.requests if "refresh" in one.path] == [
        "/library/sections/1/refresh?path=%2Fmedia%2Fb"
    ]


def test_a_comparison_does_not_call_a_renamed_file_missing(worker: InProcessHarness) -> None:
    scene, _ = synced(worker)
    rename(worker, scene)
    worker.sync(scene)
    with contextlib.closing(connect(str(worker.data))) as connection:
        request_run(MetaStore(JobStore(connection, worker.clock)), ALL, worker.clock.wall())

    worker.run_for(60.0)

    (end,) = worker.events("reconcile.end")
    assert " gaps= " in end
