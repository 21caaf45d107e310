"""The text of each actor's role."""

import pytest

from core.role_texts import role_entry
from validation.config import read_config
from validation.desired_values import desired_values
from validation.metadata import parse_scene
from validation.role_texts import age_at

CAST = [
    {"id": 1, "name": "Mia", "gender": "FEMALE", "birthdate": "1990-03-10"},
    {"id": 2, "name": "Jon", "gender": "TRANSGENDER_MALE", "disambiguation": "of Porto"},
    {"id": 3, "name": "Zoe", "gender": None},
]


def roles(text: str, cast: object = CAST, **settings: object) -> object:
    reading = read_config({"role_format": text, **settings})
    assert reading.warnings == ()
    scene = parse_scene({"id": 1, "date": "2024-03-09", "performers": cast})
    return desired_values(scene, reading.config).get("roles")


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("{age}", {"Mia": "33"}),
        ("{age} years", {"Mia": "33 years"}),
        ("{gender}", {"Jon": "trans male", "Mia": "female"}),
        ("[{age}, ]{gender}", {"Jon": "trans male", "Mia": "33, female"}),
        ("[{disambiguation}]", {"Jon": "of Porto"}),
    ],
)
def test_a_role_follows_its_format(text: str, texts: dict[str, str]) -> None:
    assert roles(text) == tuple(role_entry(name, value) for name, value in texts.items())


def test_without_a_format_no_role_is_written() -> None:
    assert roles("") is None


def test_a_role_belongs_to_the_actor_as_plex_shows_the_name() -> None:
    cast = [
        {"id": 1, "name": "Mia", "gender": "MALE", "disambiguation": "a"},
        {"id": 2, "name": "mia", "gender": "FEMALE", "disambiguation": "b"},
    ]

    assert roles("{gender}", cast) == ("Mia\tmale",)
    assert roles("{gender}", cast, performer_disambiguation="always") == (
        "Mia (a)\tmale",
        "mia (b)\tfemale",
    )
    assert roles("{gender}", cast, performer_genders="female") == ("mia\tfemale",)
    assert roles("{gender}", CAST, max_performers=1) == ("Jon\ttrans male",)


@pytest.mark.parametrize(
    ("birthdate", "day", "age"),
    [
        ("1990-03-09", "2024-03-09", "34"),
        ("1990-03-10", "2024-03-09", "33"),
        ("2000-02-29", "2023-02-28", "22"),
        ("2000-02-29", "2023-03-01", "23"),
        ("1990", "2024-03-09", ""),
        ("1990-03", "2024-03-09", ""),
        ("", "2024-03-09", ""),
        ("1990-03-09", "", ""),
        ("1990-13-09", "2024-03-09", ""),
        ("2030-01-01", "2024-03-09", ""),
        ("1800-01-01", "2024-03-09", ""),
    ],
)
def test_the_age_is_exact_or_not_shown(birthdate: str, day: str, age: str) -> None:
    assert age_at(birthdate, day) == age
