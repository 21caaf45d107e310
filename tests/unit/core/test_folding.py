"""What only looks different has one broad form."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.folding import broad_form


@pytest.mark.parametrize(
    "spelling",
    [
        "CAFÉ NOIR",
        unicodedata.normalize("NFD", "Café Noir"),
        "  Café   Noir ",
        "Café\u00a0Noir",
        "\u202aCafé Noir\u200b",
        "Ｃａｆé Noir",
    ],
)
def test_spellings_of_one_name_have_one_broad_form(spelling: str) -> None:
    assert broad_form(spelling) == broad_form("Café Noir")


def test_other_names_have_other_forms() -> None:
    assert len(set(map(broad_form, ("Cafe Noir", "Café Noir", "CaféNoir", "Café")))) == 4


@given(st.text() | st.text("aéİ \u0345\u0308\u200b"))
def test_the_broad_form_of_a_broad_form_is_itself(text: str) -> None:
    assert broad_form(broad_form(text)) == broad_form(text)
