"""Test when two values are the same to a user who looks at Plex."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.field_values import FieldValue, digest, digests, is_empty, normal_form, same_value
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
        (Kind.NAMES, ("E\u0301t\u00e9",), ("\u00e9te\u0301",)),
        (Kind.TEXT, "Cafe\u0301", "Caf\u00e9"),
        (Kind.TEXT, "\u212b", "\u00c5"),
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


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        (Kind.TEXT, "Cafe\u0301", "08bb0730d7f3765c"),
        (Kind.TEXT, "Caf\u00e9", "7d64086133973286"),
        (Kind.NAMES, ("E\u0301te\u0301", "Night"), "0293e089f101b530"),
        (Kind.NAMES, ("\u00c9t\u00e9", "Night"), "4de5c3801c3ea9f3"),
    ],
)
def test_digests_of_1_1_are_recognised(kind: Kind, value: FieldValue, stored: str) -> None:
    assert {stored, digest(kind, value)} <= digests(kind, value)


def test_a_composed_value_has_the_digest_of_its_other_form() -> None:
    of_1_1 = digests(Kind.TEXT, "Cafe\u0301") - {digest(Kind.TEXT, "Caf\u00e9")}

    assert of_1_1
    assert of_1_1 <= digests(Kind.TEXT, "Caf\u00e9")


@pytest.mark.parametrize("value", ["", None, (), 0.0])
def test_an_empty_value_has_one_digest(value: FieldValue) -> None:
    assert digests(Kind.NAMES, value) == {""}


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
