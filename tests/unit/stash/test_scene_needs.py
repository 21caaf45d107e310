"""A scene query asks for more only where settings need it."""

import pytest

from stash import queries
from stash.scene_needs import scene_selection, widest_selection
from stash.selection import SceneSelection, entity_details, parse_selection
from validation.config import read_config


def details(**settings: object) -> list[str]:
    """What is asked of a performer beside id and name."""
    tree = parse_selection(scene_selection(read_config(settings).config))
    return [name for name in tree["performers"] if name not in ("id", "name")]


def test_the_default_settings_ask_for_what_1_1_asked_for() -> None:
    assert scene_selection(read_config(None).config) == queries.SCENE
    assert entity_details(SceneSelection()) == {}
    assert queries.entities_by_subject(["performer:3"], {}) == (
        "query PlexSyncEntities { e0: findPerformer(id: 3) { id name updated_at } }"
    )


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({"performer_genders": "female"}, ["gender"]),
        ({"performer_order": "female_first"}, ["gender"]),
        ({"performer_order": "name"}, []),
        ({"performer_disambiguation": "when_needed"}, ["disambiguation"]),
        ({"role_format": "{age}"}, ["birthdate"]),
        ({"role_format": "[{gender}] {disambiguation}"}, ["gender", "disambiguation"]),
    ],
)
def test_a_setting_asks_for_the_details_it_shows(
    settings: dict[str, object], asked: list[str]
) -> None:
    assert details(**settings) == asked


def test_an_entity_is_asked_for_what_scenes_show_of_it() -> None:
    shown = entity_details(SceneSelection(widest_selection()))

    tags = "tags { id name parents { id } }"
    assert shown["performer"] == f"gender disambiguation birthdate {tags}"
