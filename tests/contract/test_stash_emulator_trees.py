"""The emulated Stash places tags and studios as the real one does: who gets a hook, who a time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.emulators.stash_client import GraphqlFailure
from tests.emulators.stash_hooks import HookEvent
from tests.emulators.stash_server import StashEmulator

FILTERS = {
    "tag": "tags: {value: [%s], modifier: INCLUDES, depth: %s}",
    "performer": "performer_tags: {value: [%s], modifier: INCLUDES, depth: %s}",
    "studio": "studios: {value: [%s], modifier: INCLUDES, depth: %s}",
}


@pytest.fixture
def events(stash: StashEmulator) -> Iterator[list[tuple[str, int]]]:
    seen: list[tuple[str, int]] = []

    def listen(event: HookEvent) -> None:
        seen.append((event.trigger, event.object_id))

    stash.core.hook_listeners.append(listen)
    yield seen


def line(stash: StashEmulator) -> tuple[int, int, int]:
    """Three tags, each below the one before."""
    place = stash.library.add_tag("Place")
    city = stash.library.add_tag("City", parents=[place])
    return place, city, stash.library.add_tag("Lisbon", parents=[city])


def parents(stash: StashEmulator, tag: int) -> list[str]:
    data = stash.graphql(f"{{ findTag(id: {tag}) {{ parents {{ name }} }} }}")
    return [one["name"] for one in data["findTag"]["parents"]]


def scenes(stash: StashEmulator, kind: str, which: int, depth: int) -> list[int]:
    query = f"{{ findScenes(scene_filter: {{ {FILTERS[kind] % (which, depth)} }}) {{ scenes {{ id }} }} }}"
    return [int(one["id"]) for one in stash.graphql(query)["findScenes"]["scenes"]]


def test_only_the_tag_whose_form_is_saved_has_a_hook(
    stash: StashEmulator, events: list[tuple[str, int]]
) -> None:
    place, city, lisbon = line(stash)
    before = stash.library.tags[lisbon].updated_at

    stash.update_named("tag", place, child_ids=[str(lisbon)])

    assert (parents(stash, city), parents(stash, lisbon)) == ([], ["City", "Place"])
    assert events == [("Tag.Update.Post", place)]
    assert stash.library.tags[lisbon].updated_at == before


def test_a_tag_below_itself_is_refused(stash: StashEmulator, events: list[tuple[str, int]]) -> None:
    place, _, lisbon = line(stash)

    with pytest.raises(GraphqlFailure):
        stash.update_named("tag", place, parent_ids=[str(lisbon)])

    assert parents(stash, place) == []
    assert events == []


def test_a_merge_joins_places_and_performers(
    stash: StashEmulator, events: list[tuple[str, int]]
) -> None:
    _, city, lisbon = line(stash)
    town = stash.library.add_tag("Town", parents=["Country"])
    performer = stash.library.add_performer("Mia", tag_ids=(city,))

    stash.merge_tags([city], town)

    assert sorted(parents(stash, town)) == ["Country", "Place"]
    assert parents(stash, lisbon) == ["Town"]
    assert stash.library.performers[performer].tag_ids == (town,)
    assert events == [("Tag.Merge.Post", town)]


@pytest.mark.parametrize(
    ("depth", "found"), [(0, [False, False]), (1, [False, True]), (-1, [True, True])]
)
def test_filters_look_as_deep_as_asked(stash: StashEmulator, depth: int, found: list[bool]) -> None:
    place, city, lisbon = line(stash)
    for name, tag in (("Mia", lisbon), ("Jon", city)):
        stash.library.add_performer(name, tag_ids=(tag,))
    network = stash.library.add_studio("Network")
    stash.library.add_studio("Aurora", parent=network)
    stash.library.add_studio("Blue", parent="Aurora")
    deep, near = (
        stash.library.add_scene(tags=[tag], performers=[name], studio=studio)
        for tag, name, studio in ((lisbon, "Mia", "Blue"), (city, "Jon", "Aurora"))
    )

    for kind, which in (("tag", place), ("performer", place), ("studio", network)):
        shown = scenes(stash, kind, which, depth)
        assert [one in shown for one in (deep, near)] == found, kind


def test_a_deleted_tag_is_nowhere_any_more(stash: StashEmulator) -> None:
    _, city, lisbon = line(stash)
    performer = stash.library.add_performer("Mia", tag_ids=(city,))

    stash.destroy_named("Tag", city)

    assert parents(stash, lisbon) == []
    assert stash.library.performers[performer].tag_ids == ()


def test_an_import_keeps_every_place(stash: StashEmulator) -> None:
    _, _, lisbon = line(stash)
    stash.library.add_performer("Mia", tag_ids=(lisbon,))
    scene = stash.library.add_scene(tags=[lisbon], performers=["Mia"])

    new = stash.library.full_import()[scene]

    lines = (("Lisbon", "City", "Place"), ("City", "Place"), ("Place",))
    assert stash.library.scene(new).tag_lines == lines
