"""What Plex should show under which settings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.field_values import is_empty
from core.fields import EDIT_FIELDS, FIELDS, IMAGE_FIELDS, Field
from tests.harness.every_field import EVERY_FIELD_ON, switches_of
from validation.config import PlexSyncConfig, read_config
from validation.desired_values import desired_images, desired_values
from validation.metadata import parse_scene

SCENE = parse_scene(
    {
        "id": 1,
        "title": "A\ntitle 😀",
        "details": "One\r\ntwo",
        "director": "Dora",
        "code": "C-1",
        "date": "2024-05-17",
        "rating100": 70,
        "studio": {"id": 1, "name": "Studio"},
        "performers": [{"id": 1, "name": "Zoe", "gender": "MALE"}, {"id": 2, "name": "anna"}],
        "tags": [{"id": 1, "name": "b"}, {"id": 2, "name": "B"}, {"id": 3, "name": "a"}],
    }
)
EMPTY_SCENE = parse_scene({"id": 2})


def config_with(**settings: object) -> PlexSyncConfig:
    return read_config(settings).config


EVERYTHING = read_config(EVERY_FIELD_ON).config


def test_every_field_that_is_switched_on_has_its_value() -> None:
    values = desired_values(SCENE, EVERYTHING)

    assert values == {
        "title": "A title 😀",
        "sort_title": "Studio 2024-05-17",
        "original_title": "C-1",
        "studio": "Studio",
        "summary": "One\ntwo",
        "tagline": "Dora",
        "date": "2024-05-17",
        "performers": ("anna", "Zoe"),
        "roles": ("Zoe\tmale",),
        "director": ("Dora",),
        "tags": ("b", "a"),
        "collection": ("Studio",),
        "labels": ("b", "a"),
        "content_rating": "XXX",
        "rating": 7.0,
    }


def test_an_empty_scene_wants_every_field_empty() -> None:
    values = desired_values(EMPTY_SCENE, EVERYTHING)

    assert list(values) == [field.name for field in EDIT_FIELDS]
    assert values.pop("content_rating") == "XXX"  # of every scene
    assert all(is_empty(value) for value in values.values())


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_a_field_that_is_switched_off_is_not_wanted(field: Field) -> None:
    config = config_with(**{**EVERY_FIELD_ON, **switches_of(field.name)})

    desired = {*desired_values(SCENE, config), *(image.name for image in desired_images(config))}

    assert desired == {other.name for other in FIELDS} - {field.name}


@pytest.mark.parametrize(
    "field", [field for field in FIELDS if field.sources], ids=lambda field: field.name
)
def test_a_field_without_a_source_is_not_wanted(field: Field) -> None:
    config = config_with()

    assert field.name not in desired_values(SCENE, config)
    assert field not in desired_images(config)


def test_nothing_is_wanted_when_the_master_switch_is_off() -> None:
    config = config_with(sync_metadata=False)

    assert desired_values(SCENE, config) == {}
    assert desired_images(config) == ()


def test_the_background_needs_the_cover_as_its_source() -> None:
    assert [field.name for field in desired_images(config_with())] == ["poster"]
    assert desired_images(EVERYTHING) == IMAGE_FIELDS


def test_the_tagline_comes_from_its_source() -> None:
    assert desired_values(SCENE, config_with(tagline_source="code"))["tagline"] == "C-1"


@pytest.mark.parametrize(("max_tags", "written"), [(1, 1), (150, 150), (1000, 300)])
def test_the_setting_limits_the_tags(max_tags: int, written: int) -> None:
    scene = parse_scene({"id": 1, "tags": [{"id": n, "name": f"tag {n}"} for n in range(300)]})

    assert len(desired_values(scene, config_with(max_tags=max_tags))["tags"] or ()) == written  # type: ignore[arg-type]


def test_emoji_leave_every_text_and_name() -> None:
    scene = parse_scene(
        {
            "id": 1,
            "title": "a 😀",
            "studio": {"id": 1, "name": "S 😀"},
            "tags": [{"id": 1, "name": "😀"}],
        }
    )

    values = desired_values(scene, config_with(strip_emoji=True))

    assert (values["title"], values["studio"], values["collection"], values["tags"]) == (
        "a",
        "S",
        ("S",),
        (),
    )


@given(st.text(min_size=200, max_size=400), st.text(max_size=300))
def test_no_text_exceeds_its_fields_limit(title: str, name: str) -> None:
    scene = parse_scene(
        {
            "id": 1,
            "title": title,
            "details": title * 40,
            "studio": {"id": 1, "name": name},
            "code": title,
        }
    )

    values = desired_values(scene, EVERYTHING)

    texts = [
        (len(value), field.limit)
        for field in EDIT_FIELDS
        if isinstance(value := values[field.name], str)
    ]
    assert all(length <= limit for length, limit in texts)
