"""Several sources make the collections of an item."""

from __future__ import annotations

from typing import Any

import pytest

from core.fields import BY_NAME
from core.tree import Node, Tree, Trees
from validation.collection_sources import SOURCES
from validation.config import PlexSyncConfig, read_config
from validation.desired_values import desired_values
from validation.metadata import LEFT_OUT, TREES, SyncMetadata, parse_scene
from validation.settings import BY_NAME as SETTINGS

SERIES = {"id": "7", "name": "Night Trains", "containing_groups": []}
PART = {"id": "9", "name": "Lisbon", "containing_groups": [{"group": SERIES}]}


def config(**stored: Any) -> PlexSyncConfig:
    return read_config(stored).config


def scene(**raw: Any) -> SyncMetadata:
    full = {"id": 1, "studio": {"id": "3", "name": "Aurora"}, "groups": [{"group": PART}]}
    return parse_scene({**full, **raw})


def collections(settings: PlexSyncConfig, **raw: Any) -> object:
    return desired_values(scene(**raw), settings).get("collection")


@pytest.mark.parametrize(
    ("stored", "titles"),
    [
        ({}, ("Aurora",)),
        ({"c_sync_groups": True}, ("Aurora", "Lisbon", "Night Trains")),
        ({"c_sync_groups": True, "c_sync_collection": False}, ("Lisbon", "Night Trains")),
        ({"c_sync_collection": False}, None),
        ({"c_sync_groups": True, "c_sync_metadata": False}, None),
    ],
)
def test_each_source_is_switched_alone(stored: dict[str, Any], titles: object) -> None:
    assert collections(config(**stored)) == titles


def test_a_prefix_is_put_before_the_names_of_its_source() -> None:
    settings = config(c_sync_groups=True, c_collection_prefix_group=" Group: ")

    assert collections(settings) == ("Aurora", "Group: Lisbon", "Group: Night Trains")


def test_a_name_of_two_sources_is_one_collection() -> None:
    settings = config(c_sync_groups=True)

    assert collections(settings, studio={"id": "3", "name": "LISBON"}) == ("LISBON", "Night Trains")


@pytest.mark.parametrize(
    ("left_out", "stored", "is_known"),
    [
        (["groups"], {"c_sync_groups": True}, False),
        (["groups"], {}, True),
        (["studio"], {"c_sync_groups": True}, False),
        (["studio"], {"c_sync_groups": True, "c_sync_collection": False}, True),
    ],
)
def test_an_unknown_source_leaves_all_collections(
    left_out: list[str], stored: dict[str, Any], is_known: bool
) -> None:
    found = collections(config(**stored), **{LEFT_OUT: left_out})

    assert (found is not None) is is_known


def test_the_field_is_switched_on_by_the_setting_of_each_source() -> None:
    field = BY_NAME["collection"]

    assert [source.setting for source in SOURCES] == ["sync_collection", *field.switches]
    assert all(source.setting in SETTINGS for source in SOURCES)


STUDIO = {"id": "3", "name": "Aurora", "parent_studio": {"id": "2", "name": "Network"}}


@pytest.mark.parametrize(
    ("stored", "titles"),
    [
        ({"c_parent_studio_collections": "off"}, ("Aurora",)),
        ({"c_parent_studio_collections": "parent"}, ("Aurora", "Network")),
        ({"c_parent_studio_collections": "all"}, ("Aurora", "Network", "World")),
        (
            {"c_parent_studio_collections": "all", "c_sync_collection": False},
            ("Network", "World"),
        ),
        (
            {"c_parent_studio_collections": "parent", "c_collection_prefix_studio": "Studio:"},
            ("Studio: Aurora", "Studio: Network"),
        ),
        (
            {"c_collection_tags": "b*", "c_collection_prefix_tag": "Tag:"},
            ("Aurora", "Tag: blue"),
        ),
    ],
)
def test_studios_above_and_tags_are_sources(
    stored: dict[str, Any], titles: tuple[str, ...]
) -> None:
    nodes = [Node(1, "World", ()), Node(2, "Network", (1,)), Node(3, "Aurora", (2,))]
    trees = Trees(studio=Tree({node.id: node for node in nodes}))
    tags = [{"id": "1", "name": "blue"}, {"id": "2", "name": "red"}]

    assert collections(config(**stored), studio=STUDIO, tags=tags, **{TREES: trees}) == titles


@pytest.mark.parametrize(("takes_performers", "is_known"), [(True, False), (False, True)])
def test_collections_of_tags_may_need_performers(takes_performers: bool, is_known: bool) -> None:
    settings = config(c_collection_tags="b", c_include_performer_tags=takes_performers)

    found = collections(settings, **{LEFT_OUT: ["performers"]})

    assert (found is not None) is is_known


def test_a_prefix_is_short() -> None:
    reading = read_config({"c_collection_prefix_group": "x" * 51})

    assert (reading.config.collection_prefix_group, len(reading.warnings)) == ("", 1)
