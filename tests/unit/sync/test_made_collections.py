"""The titles of a scene's groups, as their collections have them."""

from __future__ import annotations

from sync.made_collections import group_titles
from validation.config import read_config
from validation.metadata import parse_scene


def test_the_first_of_two_groups_with_one_name_counts() -> None:
    groups = [(9, "lisbon"), (7, "Lisbon"), (8, "\N{STEAM LOCOMOTIVE}")]
    links = [{"group": {"id": str(key), "name": name}} for key, name in groups]
    scene = parse_scene({"id": 1, "groups": links})
    config = read_config({"c_collection_prefix_group": "G", "c_strip_emoji": True}).config

    # Nothing is left of the name of group 8.
    assert group_titles(scene, config) == {
        "g lisbon": ("G Lisbon", "group:7"),
    }
