"""Collections stay open for Plex's own; a lock that version 1.1 set goes with the next edit."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.harness.in_process import InProcessHarness


def locked_by_1_1(worker: InProcessHarness, name: str = "a") -> int:
    """Return a scene that version 1.1 wrote: its collection is locked, the record says nothing."""
    scene = worker.titled_scene(name, studio="Aurora")
    worker.clock.advance(10)
    worker.drain_scenes(scene)
    worker.plex.library.change(worker.titled_item(name).rating_key, locked={"title", "collection"})
    record = worker.record(scene)
    collection = replace(record.fields["collection"], locked=None)
    worker.context().records.save(record.with_fields({"collection": collection}))
    return scene


def sync_title(worker: InProcessHarness, scene: int, title: str) -> None:
    worker.clock.advance(10)
    worker.change(scene, title=title)
    worker.drain_scenes(scene)


def test_a_lock_of_1_1_goes_with_the_next_edit(worker: InProcessHarness) -> None:
    scene = locked_by_1_1(worker)

    sync_title(worker, scene, "New")

    item = worker.titled_item()
    assert (item.title, item.locked, item.collections) == ("New", {"title"}, ["Aurora"])
    sent = parse_qs(urlsplit(worker.plex.writes()[-1].target).query)
    assert sent["collection.locked"] == ["0"]


def test_nothing_is_sent_for_a_lock_alone(worker: InProcessHarness) -> None:
    scene = locked_by_1_1(worker)
    seen = len(worker.plex.writes())

    worker.clock.advance(10)
    worker.drain_scenes(scene)

    assert worker.plex.writes()[seen:] == []
    assert "collection" in worker.titled_item().locked


def test_a_lock_that_the_user_sets_later_stays(worker: InProcessHarness) -> None:
    scene = locked_by_1_1(worker)
    sync_title(worker, scene, "New")
    worker.plex.library.change(worker.titled_item().rating_key, locked={"collection"})

    sync_title(worker, scene, "Newer")

    assert "collection" in worker.titled_item().locked


def test_a_lock_from_before_the_first_write_stays(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", studio="Aurora")
    worker.plex.library.change(worker.titled_item().rating_key, locked={"collection"})
    worker.drain_scenes(scene)

    sync_title(worker, scene, "New")

    assert worker.titled_item().collections == ["Aurora"]
    assert "collection" in worker.titled_item().locked


def test_a_shared_edit_takes_the_locks_off_as_well(worker: InProcessHarness) -> None:
    scenes = [locked_by_1_1(worker, name) for name in ("a", "b", "c")]
    seen = len(worker.plex.writes())
    worker.clock.advance(10)
    for scene in scenes:
        worker.change(scene, studio="Blue")

    worker.drain_scenes(*scenes)

    assert len(worker.plex.writes()[seen:]) == 1
    for name in ("a", "b", "c"):
        item = worker.titled_item(name)
        assert (item.collections, "collection" in item.locked) == (["Blue"], False)


@pytest.mark.parametrize(
    ("does", "shown"), [("append", ["Aurora", "Agent"]), ("replace", ["Aurora"])]
)
def test_our_collection_is_there_after_an_agent_and_a_sync(
    worker: InProcessHarness, does: str, shown: list[str]
) -> None:
    worker.plex.switches.agent_collections = does
    scene = worker.titled_scene("a", studio="Aurora")
    worker.drain_scenes(scene)
    item = worker.titled_item()

    worker.plex.library.agent_refresh(item.rating_key, collections=["Agent"])
    worker.clock.advance(10)
    worker.drain_scenes(scene)

    assert set(item.collections) >= set(shown)
    assert "collection" not in item.locked
