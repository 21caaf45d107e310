"""Which performers become actors, in which order and under which names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.unicode_form import caseless
from tests.harness.examples import fuzzed
from validation.config import read_config
from validation.desired_values import desired_values
from validation.genders import LABELS, read_genders
from validation.metadata import parse_scene

CAST = [
    {"id": 4, "name": "Zoe", "gender": None},
    {"id": 3, "name": "Mia", "gender": "FEMALE", "disambiguation": "the younger"},
    {"id": 2, "name": "mia", "gender": "TRANSGENDER_FEMALE", "disambiguation": "the elder"},
    {"id": 1, "name": "Jon", "gender": "MALE", "disambiguation": "of Porto"},
]
NAMES = st.sampled_from(["Mia", "mia", "Mia (x)", "Mia (2)", "Zoe", "Mia \U0001f600"])
DETAILS = st.sampled_from(["", "x", "X", "y", None])


def actors(cast: object = CAST, **settings: object) -> object:
    reading = read_config(settings)
    assert reading.warnings == ()
    return desired_values(parse_scene({"id": 1, "performers": cast}), reading.config)["performers"]


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, ("Jon", "mia", "Zoe")),
        ({"performer_order": "name"}, ("Jon", "mia", "Zoe")),
        ({"performer_order": "female_first"}, ("mia", "Jon", "Zoe")),
        ({"performer_genders": "male"}, ("Jon",)),
        ({"performer_genders": "Unknown; MALE"}, ("Jon", "Zoe")),
        ({"max_performers": 2}, ("Jon", "mia")),
        (
            {"performer_disambiguation": "when_needed"},
            ("Jon", "mia (the elder)", "Mia (the younger)", "Zoe"),
        ),
        (
            {"performer_disambiguation": "always"},
            ("Jon (of Porto)", "mia (the elder)", "Mia (the younger)", "Zoe"),
        ),
        (
            {"performer_disambiguation": "when_needed", "performer_genders": "female"},
            ("Mia",),
        ),
        (
            {"performer_disambiguation": "when_needed", "max_performers": 3},
            ("Jon", "mia (the elder)", "Mia (the younger)"),
        ),
    ],
)
def test_actors_follow_the_settings(settings: dict[str, object], names: tuple[str, ...]) -> None:
    assert actors(**settings) == names
    assert actors(CAST[::-1], **settings) == names


def test_equal_disambiguations_are_numbered_by_id() -> None:
    cast = [{"id": number, "name": "Mia"} for number in (3, 1, 2)]

    assert actors(cast, performer_disambiguation="when_needed") == ("Mia", "Mia (2)", "Mia (3)")


def test_a_long_name_keeps_its_disambiguation() -> None:
    cast = [{"id": n, "name": "M" * 300, "disambiguation": f"no {n}"} for n in (1, 2)]
    names = actors(cast, performer_disambiguation="when_needed")

    assert isinstance(names, tuple)
    assert [len(name) for name in names] == [255, 255]
    assert [name[-7:] for name in names] == [" (no 1)", " (no 2)"]


@given(
    st.lists(st.tuples(NAMES, DETAILS), max_size=6),
    st.sampled_from(["when_needed", "always"]),
    st.booleans(),
)
@fuzzed(300)
def test_no_two_performers_become_one_actor(
    cast: list[tuple[str, str | None]], choice: str, strips: bool
) -> None:
    raw = [
        {"id": number, "name": name, "disambiguation": detail}
        for number, (name, detail) in enumerate(cast, 1)
    ]

    names = actors(raw, performer_disambiguation=choice, strip_emoji=strips)

    assert isinstance(names, tuple)
    assert len({caseless(name) for name in names}) == len(cast) == len(names)


@pytest.mark.parametrize(
    ("text", "genders"),
    [
        ("all", set()),
        ("ALL", set()),
        ("female", {"FEMALE"}),
        ("Trans Female, TRANSGENDER_MALE", {"TRANSGENDER_FEMALE", "TRANSGENDER_MALE"}),
        ("non-binary; NONBINARY, non binary", {"NON_BINARY"}),
        ("intersex, none", {"INTERSEX", ""}),
        (", ".join(LABELS.values()), set(LABELS)),
    ],
)
def test_genders_are_read_in_friendly_words(text: str, genders: set[str]) -> None:
    assert read_genders(text) == genders


@pytest.mark.parametrize("text", ["woman", "female, all", "female, x"])
def test_an_unknown_gender_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"entry [12] is none of: female, male"):
        read_genders(text)
