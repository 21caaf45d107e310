"""What stands above tags and studios changes without the scenes: every scene is right in Plex."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.tree import NO_TREES
from hooks.entry import run_hook
from sync_queue import statements as sql
from tests.emulators.stash_hooks import HookEvent
from tests.harness.database import query
from tests.harness.in_process import InProcessHarness, in_process

LATER_S = 5.0
A_CATCH_UP_S = 960.0
TREES: dict[str, Any] = {
    "c_include_parent_tags": True,
    "c_include_performer_tags": True,
    "c_parent_studio_collections": "all",
    "c_studio_format": "{parent} / {studio}",
    "c_genre_excluded_tags": "Hidden > *",
    "c_collection_tags": "Series > *",
    "c_sync_labels": True,
    "c_label_tags": "Rating > *",
}


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[InProcessHarness]:
    with in_process(tmp_path, **TREES) as made:
        made.stash.core.hook_listeners.append(lambda event: hook(made, event))
        yield made


def hook(worker: InProcessHarness, event: HookEvent) -> None:
    """Run the hook of an event, without a process."""
    context = {"id": event.object_id, "type": event.trigger, "input": event.input}
    context["inputFields"] = list(event.fields)
    message: dict[str, object] = {"args": {"hookContext": context}}
    now = worker.clock.wall()
    answer = run_hook(message, str(worker.data), now, lambda cause: lambda: None, bytes)
    assert answer == {"output": "ok"}


def update(worker: InProcessHarness, kind: str, entity: str, /, **fields: Any) -> None:
    """Save the form of an entity, and let the worker do all that follows."""
    worker.clock.advance(LATER_S)
    library = worker.stash.library
    worker.stash.update_named(kind, getattr(library, f"{kind}_id")(entity), **fields)
    worker.run_until_idle(LATER_S)


def ids(worker: InProcessHarness, *tags: str) -> list[str]:
    return [str(worker.stash.library.tag_id(tag)) for tag in tags]


def library(worker: InProcessHarness, count: int = 3, **fields: Any) -> list[int]:
    """Scenes that share all these, in Plex already; their items."""
    first = len(worker.stash.library.scenes)
    pairs = [worker.pair(f"shared/{first + number}.mp4", **fields) for number in range(count)]
    worker.sync(*(scene for scene, _ in pairs))
    return [item for _, item in pairs]


def studios(worker: InProcessHarness, *line: str) -> None:
    """Add studios, each below the one before."""
    for place, name in enumerate(line):
        worker.stash.library.add_studio(name, parent=line[place - 1] if place else None)


def tags(worker: InProcessHarness, *line: str) -> None:
    """Add tags, each below the one before."""
    for place, name in enumerate(line):
        worker.stash.library.add_tag(name, parents=line[max(place - 1, 0) : place])


def genres(worker: InProcessHarness, items: list[int]) -> list[set[str]]:
    return [worker.genres(item) for item in items]


def collections(worker: InProcessHarness, items: list[int]) -> list[set[str]]:
    return [set(worker.shown(item).collections) for item in items]


# -- studios --------------------------------------------------------------------------------------


def test_a_moved_grandparent_reaches_the_scenes_below(worker: InProcessHarness) -> None:
    studios(worker, "World", "Network", "Aurora")
    items = library(worker, studio="Aurora")
    other = library(worker, 1, studio="Elsewhere")[0]
    before = collections(worker, items)
    moon = worker.stash.library.add_studio("Moon")

    with worker.touches_only(*items):
        update(worker, "studio", "Network", parent_id=str(moon))

    assert before == [{"World", "Network", "Aurora"}] * 3
    assert collections(worker, items) == [{"Moon", "Network", "Aurora"}] * 3
    assert worker.shown(other).collections == ["Elsewhere"]


def test_a_renamed_grandparent_reaches_the_scenes_below(worker: InProcessHarness) -> None:
    studios(worker, "World", "Network", "Aurora")
    items = library(worker, studio="Aurora")

    update(worker, "studio", "World", name="Globe")

    assert collections(worker, items) == [{"Globe", "Network", "Aurora"}] * 3


def test_a_deleted_grandparent_vanishes_from_the_scenes(worker: InProcessHarness) -> None:
    studios(worker, "World", "Network", "Aurora")
    items = library(worker, studio="Aurora")
    worker.clock.advance(LATER_S)

    worker.stash.destroy_named("Studio", worker.stash.library.studio_id("World"))
    worker.run_until_idle(LATER_S)

    assert collections(worker, items) == [{"Network", "Aurora"}] * 3


def test_a_studio_that_gets_a_parent_shows_it(worker: InProcessHarness) -> None:
    items = library(worker, studio="Aurora")
    network = worker.stash.library.add_studio("Network")

    update(worker, "studio", "Aurora", parent_id=str(network))

    assert [worker.shown(item).studio for item in items] == ["Network / Aurora"] * 3


# -- tags -----------------------------------------------------------------------------------------


def test_what_is_above_a_tag_counts_as_well(worker: InProcessHarness) -> None:
    tags(worker, "Place", "City", "Lisbon")
    worker.stash.library.add_tag("Both", parents=["Lisbon", "Series"])
    worker.stash.library.place_tag(
        worker.stash.library.tag_id("night"), (worker.stash.library.tag_id("Rating"),)
    )

    (item,) = library(worker, 1, tags=["Both", "night"])

    shown = worker.shown(item)
    assert set(shown.genres) == {*("Both", "Lisbon", "City", "Place", "Series", "night", "Rating")}
    assert set(shown.collections) == {"Both", "Series"}
    assert set(shown.labels) == {"night", "Rating"}


def test_a_tag_moved_in_its_own_form_reaches_its_scenes(worker: InProcessHarness) -> None:
    tags(worker, "Place", "City", "Lisbon")
    items = library(worker, tags=["Lisbon"])

    update(worker, "tag", "City", parent_ids=ids(worker, "World"))

    assert genres(worker, items) == [{"Lisbon", "City", "World"}] * 3


@pytest.mark.parametrize("hooks", [True, False], ids=["hook", "catch-up"])
def test_a_tag_moved_in_its_parents_form_reaches_its_scenes(
    worker: InProcessHarness, hooks: bool
) -> None:
    """Stash's hook names the parent, of which nothing has changed, and touches no child."""
    tags(worker, "Place", "City", "Lisbon")
    items = library(worker, tags=["Lisbon"])
    other = worker.stash.library.add_tag("World")
    worker.run_until_idle(1.0)
    if not hooks:
        worker.stash.core.hook_listeners.clear()

    update(worker, "tag", "World", child_ids=ids(worker, "City"))
    worker.run_for(0.0 if hooks else A_CATCH_UP_S)

    assert worker.stash.library.tags[other].parent_ids == ()
    assert genres(worker, items) == [{"Lisbon", "City", "Place", "World"}] * 3


def test_a_tag_taken_out_of_its_parents_form_leaves_it(worker: InProcessHarness) -> None:
    tags(worker, "Place", "City", "Lisbon")
    items = library(worker, tags=["Lisbon"])

    update(worker, "tag", "Place", child_ids=[])

    assert genres(worker, items) == [{"Lisbon", "City"}] * 3


def test_a_renamed_ancestor_reaches_the_scenes_below(worker: InProcessHarness) -> None:
    tags(worker, "Place", "City", "Lisbon")
    items = library(worker, tags=["Lisbon"])

    update(worker, "tag", "Place", name="Location")

    assert genres(worker, items) == [{"Lisbon", "City", "Location"}] * 3


def test_a_deleted_tag_takes_what_was_above_it_along(worker: InProcessHarness) -> None:
    tags(worker, "Place", "City", "Lisbon")
    items = library(worker, tags=["Lisbon"])
    worker.clock.advance(LATER_S)

    worker.stash.destroy_named("Tag", worker.stash.library.tag_id("City"))
    worker.run_until_idle(LATER_S)

    assert genres(worker, items) == [{"Lisbon"}] * 3


def test_a_merge_of_ancestors_reaches_the_scenes_below(worker: InProcessHarness) -> None:
    tags(worker, "Place", "City", "Lisbon")
    items = library(worker, tags=["Lisbon"])
    worker.stash.library.add_tag("Town", parents=["Country"])
    worker.clock.advance(LATER_S)

    worker.stash.merge_tags(
        [worker.stash.library.tag_id("City")], worker.stash.library.tag_id("Town")
    )
    worker.run_until_idle(LATER_S)

    assert genres(worker, items) == [{"Lisbon", "Town", "Country", "Place"}] * 3


def test_a_tag_that_comes_below_a_chosen_one_is_chosen(worker: InProcessHarness) -> None:
    items = library(worker, tags=["night", "train"])

    update(worker, "tag", "night", parent_ids=ids(worker, "Hidden"))
    first = genres(worker, items)
    update(worker, "tag", "night", parent_ids=[*ids(worker, "Series"), *ids(worker, "Rating")])

    assert first == [{"train"}] * 3
    assert collections(worker, items) == [{"night", "Series"}] * 3
    assert [set(worker.shown(item).labels) for item in items] == [{"night", "Rating"}] * 3


# -- performers' tags -----------------------------------------------------------------------------


def test_a_performers_tags_reach_his_scenes(worker: InProcessHarness) -> None:
    tags(worker, "Hair", "blonde")
    items = library(worker, performers=["Mia", "Jon"], tags=["train"])
    other = library(worker, 1, performers=["Jon"])[0]

    with worker.touches_only(*items):
        update(worker, "performer", "Mia", tag_ids=ids(worker, "blonde"))

    assert genres(worker, items) == [{"train", "blonde", "Hair"}] * 3
    assert worker.shown(other).genres == []


@pytest.mark.parametrize("name", ["blonde", "Hair"])
def test_a_renamed_tag_of_a_performer_reaches_his_scenes(
    worker: InProcessHarness, name: str
) -> None:
    tags(worker, "Hair", "blonde")
    worker.stash.library.add_performer("Mia", tag_ids=(worker.stash.library.tag_id("blonde"),))
    items = library(worker, performers=["Mia"])

    update(worker, "tag", name, name="other")

    assert genres(worker, items) == [{"Hair", "blonde"} - {name} | {"other"}] * 3


def test_a_deleted_tag_of_a_performer_leaves_his_scenes(worker: InProcessHarness) -> None:
    tags(worker, "Hair", "blonde")
    worker.stash.library.add_performer("Mia", tag_ids=(worker.stash.library.tag_id("blonde"),))
    items = library(worker, performers=["Mia"], tags=["train"])
    worker.clock.advance(LATER_S)

    worker.stash.destroy_named("Tag", worker.stash.library.tag_id("blonde"))
    worker.run_until_idle(LATER_S)

    assert genres(worker, items) == [{"train"}] * 3


# -- what it costs --------------------------------------------------------------------------------


def trees_read(worker: InProcessHarness) -> int:
    """How often a whole tree was read so far."""
    return sum(
        record.names in (("findTags",), ("findStudios",)) for record in worker.stash.requests
    )


def test_a_tree_is_not_read_for_each_batch(worker: InProcessHarness) -> None:
    tags(worker, "Place", "City", "Lisbon")
    library(worker, 3, tags=["Lisbon"], studio="Aurora")
    before = trees_read(worker)

    for number in range(3):
        worker.sync(worker.pair(f"later/{number}.mp4", tags=["Lisbon"], studio="Aurora")[0])
    worker.sync_all()

    # Each for the first scene, and once for the deletions since the last worker.
    assert before <= 4
    assert trees_read(worker) == before


def test_a_new_tag_of_a_scene_is_one_more_reading(worker: InProcessHarness) -> None:
    library(worker, 3, tags=["night"])
    before = trees_read(worker)
    worker.stash.library.add_tag("Lisbon", parents=["City"])
    assert before

    (item,) = library(worker, 1, tags=["Lisbon"])

    assert worker.genres(item) == {"Lisbon", "City"}
    assert trees_read(worker) - before == 1


def test_settings_that_need_no_tree_read_none(tmp_path: Path) -> None:
    settings = {"c_parent_studio_collections": "parent", "c_genre_excluded_tags": "n*"}
    with in_process(tmp_path, **settings) as worker:
        studios(worker, "World", "Network", "Aurora")
        items = library(worker, studio="Aurora", tags=["night", "train"])
        worker.run_for(A_CATCH_UP_S)

        assert genres(worker, items) == [{"train"}] * 3
        assert collections(worker, items) == [{"Aurora", "Network"}] * 3
        assert worker.context().stash.trees.trees == NO_TREES


def test_a_setting_that_needs_a_tree_enqueues_nothing(tmp_path: Path) -> None:
    with in_process(tmp_path) as worker:
        tags(worker, "Place", "City", "Lisbon")
        studios(worker, "World", "Network", "Aurora")
        library(worker, tags=["Lisbon"], studio="Aurora", performers=["Mia"])
        seen = len(worker.plex.writes())

        worker.configure(**TREES)
        worker.run_for(A_CATCH_UP_S)

        assert worker.waiting() == {}
        assert len(worker.plex.writes()) == seen
        assert query(worker.data, f"SELECT subject FROM {sql.QUEUE} WHERE status < 2") == []


def test_what_changed_before_a_restart_is_found(worker: InProcessHarness) -> None:
    tags(worker, "Place", "City", "Lisbon")
    items = library(worker, tags=["Lisbon"])
    worker.end_worker()
    worker.stash.core.hook_listeners.clear()
    worker.stash.library.place_tag(worker.stash.library.tag_id("City"), ())

    worker.begin_worker()
    worker.run_for(LATER_S * 4, every_s=LATER_S)

    assert genres(worker, items) == [{"Lisbon", "City"}] * 3


def requests_of(worker: InProcessHarness, act: Callable[[], object]) -> tuple[int, int]:
    """Return how many requests Stash and Plex get while `act` runs."""
    stash, plex = len(worker.stash.requests), len(worker.plex.requests)
    act()
    return len(worker.stash.requests) - stash, len(worker.plex.requests) - plex


def test_a_moved_grandparent_of_many_scenes_is_a_few_requests(worker: InProcessHarness) -> None:
    studios(worker, "World", "Network")
    for number in range(7):
        worker.stash.library.add_studio(f"Studio {number}", parent="Network")
    pairs = [worker.pair(f"many/{n}.mp4", studio=f"Studio {n % 7}") for n in range(300)]
    worker.sync_all()
    worker.run_until_idle(LATER_S)
    moon = worker.stash.library.add_studio("Moon")
    seen = len(worker.plex.writes())

    stash, plex = requests_of(
        worker, lambda: update(worker, "studio", "Network", parent_id=str(moon))
    )

    assert collections(worker, [item for _, item in pairs]) == [
        {f"Studio {n % 7}", "Network", "Moon"} for n in range(300)
    ]
    assert (len(worker.plex.writes()) - seen, stash, plex) <= (10, 20, 30)
