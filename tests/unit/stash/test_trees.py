"""A tree is read when scenes need it, and not for each batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.errors import StashQueryError, StashSchemaError, StashUnavailable
from core.tree import NO_TREES, STUDIO, TAG, Trees
from stash.scene_needs import tree_needs
from stash.scene_reads import complete
from stash.trees import TreeCache, TreeNeeds
from validation.config import read_config

BOTH = TreeNeeds(frozenset({TAG, STUDIO}))
Row = dict[str, Any]


def tag(number: int, *parents: int) -> Row:
    above = [{"id": str(parent)} for parent in parents]
    return {"id": str(number), "name": f" tag {number} ", "parents": above}


def studio(number: int, parent: int | None = None) -> Row:
    above = None if parent is None else {"id": str(parent)}
    return {"id": str(number), "name": f"studio {number}", "parent_studio": above}


class Source:
    """Stands for Stash: answers with the rows that it has, and counts the queries."""

    def __init__(self, tags: list[Row], studios: list[Row]) -> None:
        self.tags, self.studios, self.asked = tags, studios, 0
        self.error: Exception | None = None

    def send(self, query: str) -> Row:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return {"listed": {"rows": self.tags if "findTags" in query else self.studios}}


@pytest.fixture
def source() -> Source:
    return Source([tag(1), tag(2, 1)], [studio(1), studio(2, 1)])


@pytest.fixture
def cache(source: Source) -> TreeCache:
    made = TreeCache(source.send)
    made.want(BOTH)
    return made


def scene(*tags: Row, studio: Row | None = None, performers: Any = ()) -> Row:
    return {"id": "1", "tags": list(tags), "studio": studio, "performers": list(performers)}


def test_nothing_is_read_that_no_setting_needs(source: Source) -> None:
    cache = TreeCache(source.send)

    assert cache.of_scenes([scene(tag(1))]) == cache.reload() == NO_TREES
    assert source.asked == 0


def test_each_tree_is_read_once_for_many_scenes(source: Source, cache: TreeCache) -> None:
    for _ in range(3):
        trees = cache.of_scenes([scene(tag(2, 1), studio=studio(2, 1)), None, scene()])

    assert source.asked == 2
    assert trees.tag is not None and [node.id for node in trees.tag.ancestors(2)] == [1]
    assert trees.studio is not None and 2 in trees.studio


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (lambda source: source.tags.append(tag(3)), scene(tag(3))),
        (lambda source: source.tags.append(tag(2)), scene(tag(2))),
        (
            lambda source: source.tags.append(tag(3)),
            scene(performers=[{"id": "1", "tags": [tag(3)]}]),
        ),
        (lambda source: source.studios.append(studio(3, 2)), scene(studio=studio(3, 2))),
        (lambda source: source.studios.append(studio(2)), scene(studio=studio(2))),
    ],
    ids=["new tag", "moved tag", "new tag of a performer", "new studio", "moved studio"],
)
def test_a_scene_that_shows_other_places_is_a_reason_to_read(
    source: Source, cache: TreeCache, change: Callable[[Source], None], shown: Row
) -> None:
    cache.of_scenes([scene(tag(2, 1), studio=studio(2, 1))])
    change(source)

    cache.of_scenes([shown])
    cache.of_scenes([shown])

    assert source.asked == 3


def test_what_the_tree_never_has_is_looked_for_once(source: Source, cache: TreeCache) -> None:
    for _ in range(3):
        cache.of_scenes([scene(tag(99))])

    assert source.asked == 1


def test_a_reload_forgets_what_was_looked_for(source: Source, cache: TreeCache) -> None:
    cache.of_scenes([scene(tag(99))])
    cache.reload([TAG])
    cache.of_scenes([scene(tag(99))])

    assert source.asked == 3


def test_only_wanted_kinds_are_kept(source: Source, cache: TreeCache) -> None:
    cache.reload()

    cache.want(TreeNeeds(frozenset({TAG})))

    assert cache.trees.of_kind(TAG) is not None
    assert (cache.trees.of_kind(STUDIO), cache.trees.of_kind("performer")) == (None, None)


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (StashQueryError("a bug"), StashUnavailable),
        (StashSchemaError("no parents"), StashSchemaError),
        (StashUnavailable("away"), StashUnavailable),
    ],
)
def test_no_scene_is_at_fault_for_a_tree(
    source: Source, cache: TreeCache, error: Exception, raised: type[Exception]
) -> None:
    source.error = error

    with pytest.raises(raised):
        cache.of_scenes([scene(tag(1))])


@pytest.mark.parametrize("rows", [[{}], [{"id": "x", "name": "a", "parents": []}], None])
def test_a_tree_of_another_shape_is_no_answer(source: Source, cache: TreeCache, rows: Any) -> None:
    source.tags = rows

    with pytest.raises(StashUnavailable):
        cache.reload()


@pytest.mark.parametrize(
    "shown", [{}, {"tags": 7}, {"tags": [{}]}, {"studio": "x"}, {"performers": [None]}]
)
def test_a_scene_of_another_shape_reads_nothing(
    source: Source, cache: TreeCache, shown: Row
) -> None:
    cache.of_scenes([shown])

    assert source.asked == 0


def test_scenes_bring_the_trees_and_what_was_left_out() -> None:
    trees = Trees()

    assert complete({"id": "1"}, (), trees) == {"id": "1"}
    assert complete({"id": "1"}, ("code",), trees) == {"id": "1", "left_out": ("code",)}
    assert complete(None, ("code",), trees) is None


@pytest.mark.parametrize(
    ("stored", "kinds"),
    [
        ({}, set()),
        ({"c_include_parent_tags": True}, {TAG}),
        ({"c_genre_excluded_tags": "a, b*"}, set()),
        ({"c_genre_excluded_tags": "a > *"}, {TAG}),
        ({"c_collection_tags": "a > *"}, {TAG}),
        ({"c_label_tags": "a > *"}, {TAG}),
        ({"c_parent_studio_collections": "parent"}, set()),
        ({"c_parent_studio_collections": "all"}, {STUDIO}),
        ({"c_studio_format": "{parent}"}, set()),
    ],
)
def test_settings_need_trees(stored: dict[str, Any], kinds: set[str]) -> None:
    assert tree_needs(read_config(stored).config).kinds == kinds


@pytest.mark.parametrize("takes", [True, False])
def test_scenes_of_a_tag_may_be_those_of_its_performers(takes: bool) -> None:
    cache = TreeCache(lambda query: {})
    cache.want(TreeNeeds(by_performers=takes))

    assert ("performer_tags" in cache.query_showing(TAG)) is takes
    assert "performer_tags" not in cache.query_showing(STUDIO)
    assert ("depth: -1" in cache.query_showing(TAG)) is False
