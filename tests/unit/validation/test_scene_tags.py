"""Which tags a scene counts as having, and what becomes of them."""

from __future__ import annotations

from typing import Any

import pytest

from core.tree import Node, Tree, Trees
from validation.config import PlexSyncConfig, read_config
from validation.desired_values import desired_values
from validation.metadata import LEFT_OUT, TREES, SyncMetadata, parse_scene
from validation.scene_tags import counted_tags

NODES = (
    *(Node(1, "Place", ()), Node(2, "City", (1,)), Node(3, "Lisbon", (2, 5))),
    *(Node(4, "Hair", ()), Node(5, "Old", ()), Node(6, "blonde", (4,)), Node(7, "night", ())),
)
PERFORMERS = [
    {"id": "1", "name": "Mia", "tags": [{"id": "6", "name": "blonde", "parents": [{"id": "4"}]}]},
    {"id": "2", "name": "Jon", "tags": [{"id": "7", "name": "night", "parents": []}]},
]


def config(**stored: Any) -> PlexSyncConfig:
    return read_config({f"c_{name}": value for name, value in stored.items()}).config


def scene(**raw: Any) -> SyncMetadata:
    tags = [
        {"id": "7", "name": "night", "parents": []},
        {"id": "3", "name": "Lisbon", "parents": [{"id": "2"}, {"id": "5"}]},
    ]
    trees = Trees(tag=Tree({node.id: node for node in NODES}))
    full = {"id": 1, "tags": tags, "performers": PERFORMERS, TREES: trees}
    return parse_scene({**full, **raw})


@pytest.mark.parametrize(
    ("parents", "performers", "names"),
    [
        (False, False, ["night", "Lisbon"]),
        (True, False, ["night", "Lisbon", "City", "Old", "Place"]),
        (False, True, ["night", "Lisbon", "blonde"]),
        (True, True, ["night", "Lisbon", "blonde", "City", "Old", "Place", "Hair"]),
    ],
)
def test_a_scene_counts_as_having_more_than_its_own_tags(
    parents: bool, performers: bool, names: list[str]
) -> None:
    settings = config(include_parent_tags=parents, include_performer_tags=performers)

    assert [tag.name for tag in counted_tags(scene(), settings)] == names


@pytest.mark.parametrize(
    ("excluded", "genres"),
    [
        ("NIGHT", ("Lisbon", "City", "Old", "Place")),
        ("Place", ("night", "Lisbon", "City", "Old")),
        ("place > *", ("night", "Old")),
        ("Old > *", ("night", "City", "Place")),
        ("City > *, o*", ("night", "Place")),
        ("*", ()),
    ],
)
def test_excluded_tags_are_no_genres(excluded: str, genres: tuple[str, ...]) -> None:
    """One that is only above an excluded tag, or beside it, stays."""
    settings = config(include_parent_tags=True, genre_excluded_tags=excluded)

    assert desired_values(scene(), settings)["tags"] == genres


def test_the_limit_counts_what_is_left() -> None:
    settings = config(genre_excluded_tags="night", max_tags=1)

    assert desired_values(scene(), settings)["tags"] == ("Lisbon",)


def test_a_chosen_tag_stays_a_genre() -> None:
    settings = config(collection_tags="lisbon", sync_labels=True, label_tags="Place > *")

    values = desired_values(scene(), settings)

    assert values["tags"] == ("night", "Lisbon")
    assert values["collection"] == ("Lisbon",)
    assert values["labels"] == ("Lisbon",)


def test_all_tags_are_labels_unless_some_are_chosen() -> None:
    assert desired_values(scene(), config(sync_labels=True))["labels"] == ("night", "Lisbon")
    assert "labels" not in desired_values(scene(), config())


@pytest.mark.parametrize("field", ["tags", "labels"])
def test_unknown_performers_leave_the_tags_alone(field: str) -> None:
    settings = config(include_performer_tags=True, sync_labels=True)
    without = config(sync_labels=True)

    assert field not in desired_values(scene(**{LEFT_OUT: ["performers"]}), settings)
    assert field in desired_values(scene(**{LEFT_OUT: ["performers"]}), without)


@pytest.mark.parametrize(
    ("form", "parent", "shown"),
    [
        ("{studio}", True, "Aurora"),
        ("{parent}", True, "Network"),
        ("{parent} / {studio}", True, "Network / Aurora"),
        ("{studio}", False, "Aurora"),
        ("{parent}", False, "Aurora"),
        ("{parent} / {studio}", False, "Aurora"),
    ],
)
def test_the_studio_has_a_format(form: str, parent: bool, shown: str) -> None:
    above = {"id": "2", "name": "Network"} if parent else None
    studio = {"id": "3", "name": "Aurora", "parent_studio": above}

    values = desired_values(scene(studio=studio), config(studio_format=form))

    assert values["studio"] == shown


def test_a_scene_without_a_studio_has_none_in_any_format() -> None:
    assert desired_values(scene(), config(studio_format="{parent} / {studio}"))["studio"] == ""
