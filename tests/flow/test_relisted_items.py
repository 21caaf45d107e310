"""What Plex lists again under other keys is refilled within one library poll."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.job import RELISTED
from tests.harness.images import picture
from tests.harness.in_process import POLL_S, InProcessHarness, in_process
from worker.discovery.relisted_items import CHANGED_FILE_WATCH_S, MAX_VANISHED_JOBS
from worker.resilience.retry_policy import LIBRARY_POLL_LATER_S

IN_2003 = 1_050_000_000
DAY_S = 86_400.0
SECTIONS = "GET /library/sections"
LISTING = "GET /library/sections/1/all"


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[InProcessHarness]:
    with in_process(tmp_path) as made:
        yield made


def synced(worker: InProcessHarness, count: int) -> list[int]:
    """Add scenes with items, sync them, and let half an hour pass."""
    scenes = [
        worker.add_scene(f"/data/a/{number}.mp4", number + 1, title=f"Title {number}")
        for number in range(count)
    ]
    for number in range(count):
        worker.add_item(f"/media/a/{number}.mp4", number + 1)
    worker.sync(*scenes)
    worker.run_for(1_800.0)
    return scenes


def lose_disk(worker: InProcessHarness, count: int) -> None:
    """Have Plex scan while the disk is away, and empty its trash."""
    for number in range(count):
        worker.plex.library.remove_item(worker.item(f"a/{number}.mp4").rating_key)


def return_disk(worker: InProcessHarness, count: int) -> None:
    """Have Plex list the same files under new keys, with the dates of the files."""
    for number in range(count):
        worker.add_item(f"/media/a/{number}.mp4", number + 1, added_at=IN_2003)


def look_up_absent_file(worker: InProcessHarness) -> None:
    """Save a scene whose file Plex lacks, so that the changed library is listed."""
    worker.sync(worker.add_scene("/data/never.mp4"))


def replace_file(worker: InProcessHarness, scene: int) -> None:
    """Have Stash find a better file in the place of the scene's."""
    library = worker.stash.library
    library.change_file(library.scenes[scene].file_ids[0], size=77, oshash="00000000000000ff")
    worker.change(scene, title="Title 0")


def titles(worker: InProcessHarness, count: int) -> list[str]:
    return [worker.item(f"a/{number}.mp4").title for number in range(count)]


@pytest.mark.parametrize("count", [5, MAX_VANISHED_JOBS + 5])
def test_a_disk_that_was_away_is_refilled_within_a_poll(
    worker: InProcessHarness, count: int
) -> None:
    synced(worker, count)
    lose_disk(worker, count)
    look_up_absent_file(worker)
    worker.run_for(600.0)
    return_disk(worker, count)

    worker.run_for(LIBRARY_POLL_LATER_S + 2 * POLL_S)

    assert titles(worker, count) == [f"Title {number}" for number in range(count)]


def test_a_disk_that_was_away_between_two_looks_is_refilled(worker: InProcessHarness) -> None:
    synced(worker, 5)
    lose_disk(worker, 5)
    return_disk(worker, 5)

    look_up_absent_file(worker)
    worker.run_for(POLL_S)

    assert titles(worker, 5) == [f"Title {number}" for number in range(5)]


def test_a_vanished_disk_is_watched_by_the_next_worker(worker: InProcessHarness) -> None:
    count = MAX_VANISHED_JOBS + 5
    synced(worker, count)
    lose_disk(worker, count)
    look_up_absent_file(worker)
    worker.components.queue.dead_letters.drop("scene:106")
    worker.store.clear_waiting()
    worker.restart()
    return_disk(worker, count)

    worker.run_for(LIBRARY_POLL_LATER_S + 2 * POLL_S)

    assert titles(worker, count) == [f"Title {number}" for number in range(count)]


def test_a_file_replaced_by_a_better_one_is_refilled(worker: InProcessHarness) -> None:
    (scene,) = synced(worker, 1)
    replace_file(worker, scene)
    worker.sync(scene)  # Plex has not scanned: the old item is written
    old = worker.item("a/0.mp4").rating_key
    worker.run_for(600.0)
    worker.plex.library.remove_item(old)
    new = worker.add_item("/media/a/0.mp4", 77, added_at=IN_2003)

    worker.run_for(LIBRARY_POLL_LATER_S + POLL_S)

    assert worker.shown(new).title == "Title 0"
    assert list(worker.records(scene)) == [new]


def test_a_file_that_changed_is_watched_for_a_day_only(worker: InProcessHarness) -> None:
    (scene,) = synced(worker, 1)
    replace_file(worker, scene)
    worker.sync(scene)

    first = worker.requests_of(lambda: worker.run_for(600.0))
    worker.run_for(CHANGED_FILE_WATCH_S, every_s=300.0)
    later = worker.requests_of(lambda: worker.run_for(1_800.0))

    assert first == [SECTIONS] * len(first)
    assert 15 <= len(first) <= 20
    assert later == []


def test_both_scenes_of_a_split_item_are_shown(worker: InProcessHarness) -> None:
    item = worker.add_item("/media/a/one.mp4", 11)
    worker.plex.library.add_version(item, [("/media/a/two.mp4", 22)])
    first = worker.add_scene("/data/a/one.mp4", 11, title="One")
    second = worker.add_scene("/data/a/two.mp4", 22, title="Two")
    worker.sync(first, second)
    worker.run_for(1_800.0)
    assert worker.shown(item).title == "One"
    (split,) = worker.plex.library.split(item)

    look_up_absent_file(worker)
    worker.run_for(POLL_S)

    assert worker.shown(split).title == "Two"
    assert worker.shown(item).title == "One"


def test_a_split_item_of_one_scene_is_filled(worker: InProcessHarness) -> None:
    item = worker.add_item("/media/a/one.mp4", 11)
    worker.plex.library.add_version(item, [("/media/a/two.mp4", 22)])
    scene = worker.add_scene(
        "/data/a/one.mp4", 11, title="One", files=[{"path": "/data/a/two.mp4", "size": 22}]
    )
    worker.sync(scene)
    worker.run_for(1_800.0)
    (split,) = worker.plex.library.split(item)
    worker.plex.library.change(split, added_at=IN_2003)

    look_up_absent_file(worker)
    worker.run_for(POLL_S)

    assert worker.shown(split).title == "One"


def test_a_lost_disk_is_noticed_by_the_daily_comparison(worker: InProcessHarness) -> None:
    synced(worker, 5)
    worker.run_for(DAY_S / 2, every_s=900.0)
    lose_disk(worker, 5)
    return_disk(worker, 5)

    worker.run_for(DAY_S, every_s=900.0)

    assert titles(worker, 5) == [f"Title {number}" for number in range(5)]


def test_a_refilled_item_gets_its_poster(worker: InProcessHarness) -> None:
    scene = worker.add_scene("/data/a/0.mp4", 1, title="Title 0", cover=picture(1))
    worker.add_item("/media/a/0.mp4", 1)
    worker.sync(scene)
    lose_disk(worker, 1)
    return_disk(worker, 1)

    look_up_absent_file(worker)
    worker.run_for(POLL_S)

    assert worker.item("a/0.mp4").poster_bytes == picture(1)


def test_new_files_of_no_scene_enqueue_nothing(worker: InProcessHarness) -> None:
    synced(worker, 2)
    for number in range(20):
        worker.add_item(f"/media/b/{number}.mp4", number + 1)

    look_up_absent_file(worker)
    worker.run_for(120.0)

    assert RELISTED not in worker.worker_log()
    assert worker.events("library.relisted") == []
