"""The libraries that the settings name are chosen as the user meant them."""

import unicodedata

import pytest

from plex.client import Section
from plex.libraries import choose_libraries, is_library


def section(title: str, kind: str = "movie") -> Section:
    return Section(1, f"uuid-{title}", title, kind, "1", ())


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Films", "films"),
        (" Films ", "Films"),
        ("Films", " Films "),
        ("Home  Films", "home films"),
        ("Films, Shorts", "Films, Shorts"),
        (unicodedata.normalize("NFD", "Été"), "été"),
        ('"Best"', "Best"),
        ('"Best"', '"Best"'),
    ],
)
def test_a_name_means_a_library_in_any_spelling(title: str, name: str) -> None:
    assert is_library(title, name)


@pytest.mark.parametrize(
    ("title", "name"), [("Films", "Film"), ("Films", ""), ("Best", '"Best"'), ("Ete", "Été")]
)
def test_another_name_means_another_library(title: str, name: str) -> None:
    assert not is_library(title, name)


def test_without_names_every_movie_library_is_chosen() -> None:
    choice = choose_libraries([section("A"), section("Shows", "show"), section("B")], ())

    assert [chosen.title for chosen in choice.sections] == ["A", "B"]
    assert choice.missing == ()


def test_a_missing_library_is_named_beside_those_that_exist() -> None:
    choice = choose_libraries([section("Films "), section("Shows", "show")], ("films", "Shows"))

    assert [chosen.title for chosen in choice.sections] == ["Films "]
    assert choice.missing == ("Shows",)
    assert choice.problem == "Plex has no movie library named Shows (it has: Films)"
