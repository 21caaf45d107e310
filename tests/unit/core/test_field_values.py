"""Test when two values are the same to a user who looks at Plex."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.field_values import FieldValue, digest, is_empty, normal_form, same_value
from core.fields import Kind

NAMES = st.lists(st.text(max_size=8), max_size=6)


@pytest.mark.parametrize("value", [None, "", (), 0.0])
def test_nothing_is_recognised_whatever_it_is_called(value: FieldValue) -> None:
    assert is_empty(value)
    assert normal_form(Kind.TEXT, value) == ""
    assert digest(Kind.TEXT, value) == ""


@pytest.mark.parametrize(
    ("kind", "left", "right"),
    [
        (Kind.TEXT, " a\r\nb ", "a\nb"),
        (Kind.TEXT, "a\rb", "a\nb"),
        (Kind.TEXT, None, ""),
        (Kind.NAMES, ("Ann", "Bob"), ("bob", " ann ", "ANN")),
        (Kind.NAMES, (" ",), ()),
        (Kind.DATE, "2024-05-06", "2024-05-06 00:00:00"),
        (Kind.RATING, 8, 8.04),
        (Kind.RATING, 0.0, None),
    ],
)
def test_what_looks_the_same_in_plex_is_the_same(
    kind: Kind, left: FieldValue, right: FieldValue
) -> None:
    assert same_value(kind, left, right)
    assert digest(kind, left) == digest(kind, right)


@pytest.mark.parametrize(
    ("kind", "left", "right"),
    [
        (Kind.TEXT, "a b", "ab"),
        (Kind.TEXT, "Title", "title"),
        (Kind.NAMES, ("Ann",), ("Ann", "Bob")),
        (Kind.DATE, "2024-05-06", "2024-05-07"),
        (Kind.RATING, 8.0, 8.5),
    ],
)
def test_what_looks_different_in_plex_is_different(
    kind: Kind, left: FieldValue, right: FieldValue
) -> None:
    assert not same_value(kind, left, right)
    assert digest(kind, left) != digest(kind, right)


def test_a_text_with_a_broken_surrogate_has_a_digest() -> None:
    found = digest(Kind.TEXT, "a\ud800b")

    assert len(found) == 16


@given(NAMES)
def test_the_order_and_the_repetition_of_names_do_not_matter(names: list[str]) -> None:
    assert same_value(Kind.NAMES, tuple(names), tuple(reversed(names)) + tuple(names))


@given(st.text())
def test_a_text_in_normal_form_stays_as_it_is(text: str) -> None:
    once = normal_form(Kind.TEXT, text)

    assert normal_form(Kind.TEXT, once) == once
