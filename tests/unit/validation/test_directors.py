"""Directors as users write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.examples import fuzzed
from validation.directors import split_directors


@pytest.mark.parametrize(
    ("text", "directors"),
    [
        ("", ()),
        (" ", ()),
        ("Ada Lee", ("Ada Lee",)),
        ("Ada Lee, Bo Ray", ("Ada Lee", "Bo Ray")),
        ("Ada Lee,Bo Ray,", ("Ada Lee", "Bo Ray")),
        ("Ada Lee; Bo Ray", ("Ada Lee", "Bo Ray")),
        ("Ada Lee & Bo Ray", ("Ada Lee", "Bo Ray")),
        ("Ada Lee and Bo Ray", ("Ada Lee", "Bo Ray")),
        ("Ada Lee AND Bo Ray", ("Ada Lee", "Bo Ray")),
        ("Ada Lee / Bo Ray", ("Ada Lee", "Bo Ray")),
        ("Ada Lee/Bo Ray", ("Ada Lee", "Bo Ray")),
        ("Ada Lee\nBo Ray", ("Ada Lee", "Bo Ray")),
        ("Ada, Bo, and Cy", ("Ada", "Bo", "Cy")),
        ("Ada, Bo & Cy", ("Ada", "Bo", "Cy")),
        ("Ada, & Bo", ("Ada", "Bo")),
        # No separators: part of a name.
        ("R&D Films", ("R&D Films",)),
        ("Sandy Anders", ("Sandy Anders",)),
        ("Andy Land", ("Andy Land",)),
        ("Ada Lee-Ray", ("Ada Lee-Ray",)),
        ("Ada Lee, Jr.", ("Ada Lee, Jr.",)),
        ("Ada Lee, Jr., Bo Ray", ("Ada Lee, Jr.", "Bo Ray")),
        ("Ada Lee, III and Bo Ray", ("Ada Lee, III", "Bo Ray")),
        ("Ada Lee, PhD / Bo", ("Ada Lee, PhD", "Bo")),
        ("Ada Lee, Jrue Ray", ("Ada Lee", "Jrue Ray")),
        # "Last, First" looks like two names, and Stash has names in their usual order.
        ("Lee, Ada", ("Lee", "Ada")),
    ],
)
def test_a_director_is_split_as_users_write_several(text: str, directors: tuple[str, ...]) -> None:
    assert split_directors(text) == directors


@given(st.lists(st.from_regex(r"[A-Z][a-z]{3,8} [A-Z][a-z]{3,8}", fullmatch=True), max_size=5))
@fuzzed(100)
def test_names_come_back_from_every_separator(names: list[str]) -> None:
    for separator in (", ", "; ", " & ", " and ", "/", " / ", ", and "):
        assert split_directors(separator.join(names)) == tuple(names)


@given(st.text("Aa ,;/&\nand", max_size=40))
@fuzzed(200)
def test_no_director_is_blank_or_split_again(text: str) -> None:
    names = split_directors(text)

    assert all(name == name.strip() != "" for name in names)
    assert [part for name in names for part in split_directors(name)] == list(names)
