"""Plex's database, restored under another identifier: PlexSync knows what it wrote there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.planner import SyncPlanner
from tests.harness.images import picture
from tests.harness.in_process import InProcessHarness, in_process
from tests.harness.page_calls import PageCalls

RECORDS = "SELECT count(*) FROM records WHERE server = ?"
ORIGINALS = "SELECT count(*) FROM originals WHERE server = ?"


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[InProcessHarness]:
    with in_process(tmp_path) as made:
        yield made


def synced(worker: InProcessHarness, count: int = 3) -> list[int]:
    """Add scenes with items that show something, and sync them."""
    scenes = []
    for number in range(count):
        item = worker.add_item(f"/media/{number}.mp4", number + 1, genres=["by hand"])
        worker.plex.library.change(item, summary="Original")
        scenes.append(
            worker.add_scene(
                f"/data/{number}.mp4",
                number + 1,
                title=f"Title {number}",
                studio="Aurora",
                details="Words.",
                cover=picture(number),
            )
        )
    worker.sync(*scenes)
    worker.set_first_trace()
    return scenes


def restore_database(worker: InProcessHarness) -> tuple[str, str]:
    """Give Plex another identifier; return the old one and the new one."""
    old = worker.plex.machine_identifier
    worker.plex.change_identity()
    worker.restart()
    return old, worker.plex.machine_identifier


def count(worker: InProcessHarness, query: str, server: str) -> int:
    return int(worker.rows(query, server)[0][0])


def test_records_and_originals_are_copied_once_with_a_notice(worker: InProcessHarness) -> None:
    scenes = synced(worker)
    old, new = restore_database(worker)
    worker.change(scenes[0], title="Again")

    worker.sync(scenes[0])

    assert [count(worker, RECORDS, server) for server in (old, new)] == [3, 3]
    assert [count(worker, ORIGINALS, server) for server in (old, new)] == [3, 3]
    assert len(worker.events("server.recognized")) == 1
    worker.run_for(120.0)
    assert any("restored or cloned" in text for text in worker.notices().values())
    worker.restart()
    worker.sync(scenes[1])
    assert len(worker.events("server.recognized")) == 1


def test_the_originals_stay_those_before_the_first_write(worker: InProcessHarness) -> None:
    (scene,) = synced(worker, 1)
    _, new = restore_database(worker)
    worker.change(scene, details="Newer words.")

    worker.sync(scene)

    ((_, _, fields),) = worker.context().records.originals.page(new, 0, 10)
    assert fields["summary"].value == "Original"


def test_collections_and_genres_are_not_doubled(worker: InProcessHarness) -> None:
    (scene,) = synced(worker, 1)
    restore_database(worker)
    worker.change(scene, studio="Borealis")

    worker.sync(scene)

    assert worker.item("0.mp4").collections == ["Borealis"]


def test_posters_that_plex_still_shows_are_not_uploaded_again(worker: InProcessHarness) -> None:
    scenes = synced(worker)
    restore_database(worker)
    for scene in scenes:
        item = worker.item(f"{scenes.index(scene)}.mp4")
        item.thumb = f"/library/metadata/{item.rating_key}/thumb/1"  # restored: another time
        worker.change(scene, title=f"Again {scene}")
    seen = len(worker.plex.requests)

    worker.sync(*scenes)

    methods = [one.method for one in worker.plex.requests[seen:]]
    assert methods.count("POST") == 0
    assert worker.item("0.mp4").poster_bytes == picture(0)


def test_a_copied_record_does_not_prove_a_scene_current(worker: InProcessHarness) -> None:
    scenes = synced(worker)
    restore_database(worker)
    worker.plex.library.change(worker.item("2.mp4").rating_key, title="Of the backup")
    worker.sync(scenes[0])

    record = worker.record(scenes[2])

    assert (record.updated_at, record.read_at) == ("", 0.0)


@pytest.mark.parametrize(("moved", "is_copied"), [(1, True), (2, False)])
def test_95_percent_must_play_the_recorded_file(
    worker: InProcessHarness, moved: int, is_copied: bool
) -> None:
    scenes = synced(worker, 20)
    for number in range(moved):
        worker.plex.library.rename_file(f"/media/{number}.mp4", f"/media/moved/{number}.mp4")
    old, new = restore_database(worker)

    worker.sync(scenes[19])

    assert count(worker, RECORDS, new) == (20 if is_copied else 1)
    assert count(worker, RECORDS, old) == 20


def test_another_server_with_other_libraries_gets_nothing(worker: InProcessHarness) -> None:
    scenes = synced(worker)
    worker.plex.library.section(worker.section).uuid = "another-uuid"
    _, new = restore_database(worker)

    worker.sync(scenes[0])
    worker.restart()
    asked = worker.requests_of(lambda: worker.sync(scenes[1]))

    assert count(worker, RECORDS, new) == 2
    assert worker.events("server.recognized") == []
    assert asked.count("GET /library/sections") == 1


def test_originals_orphaned_by_an_older_version_are_merged(worker: InProcessHarness) -> None:
    (scene,) = synced(worker, 1)
    old, new = restore_database(worker)
    worker.change(scene, details="Newer words.")
    worker.sync(scene)
    # As version 1.1.0 left it: its own value is the original under the new identifier.
    with worker.store.transaction() as connection:
        connection.execute("DELETE FROM meta WHERE key = ?", (f"copied:{new}",))
        connection.execute("DELETE FROM originals WHERE server = ?", (new,))
    worker.restart()
    worker.change(scene, details="Newest words.")
    worker.context().records.mark_checked(new)
    worker.sync(scene)
    worker.restart()

    worker.sync(scene)

    ((_, _, fields),) = worker.context().records.originals.page(new, 0, 10)
    assert fields["summary"].value == "Original"
    assert count(worker, ORIGINALS, old) == 1


def test_a_comparison_recognizes_the_server_before_it_compares(worker: InProcessHarness) -> None:
    scenes = synced(worker)
    old, new = restore_database(worker)
    ctx = worker.context()
    SyncPlanner(ctx).prepare()

    assert count(worker, RECORDS, new) == len(scenes)


def test_items_chosen_by_hand_stay_chosen(worker: InProcessHarness) -> None:
    scenes = synced(worker)
    target = worker.add_item("/media/elsewhere.mp4")
    page = PageCalls(worker.data, worker.stash)
    page("set_override", scenes=[scenes[0]], item=target)
    worker.run_until_idle(1.0)
    restore_database(worker)

    worker.change(scenes[0], title="Still there")
    worker.sync(scenes[0])

    assert worker.shown(target).title == "Still there"
