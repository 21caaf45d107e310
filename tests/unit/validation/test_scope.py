"""Test how the user writes which scenes are compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validation.scope import ALL, MAX_DAYS, RECENT, WEEK, Scope, read_scope

DAYS = st.integers(0, MAX_DAYS).map(lambda days: Scope(days=days))
LIBRARIES = st.text(st.characters(whitelist_categories=("Ll", "Nd")), min_size=1).map(
    lambda name: Scope(library=name)
)


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("all", ALL),
        (" ALL ", ALL),
        ("24h", RECENT),
        ("24 H", RECENT),
        ("7days", WEEK),
        ("7 days", WEEK),
        ("1", RECENT),
        ("30", Scope(days=30)),
        ("30 days", Scope(days=30)),
        ("2d", Scope(days=2)),
        ("library Films", Scope(library="Films")),
        ("library: My Films", Scope(library="My Films")),
    ],
)
def test_a_scope_is_read_in_many_spellings(text: str, scope: Scope) -> None:
    assert read_scope(text) == scope


@pytest.mark.parametrize(
    "text", ["", "0", "-3", "yesterday", "48h", "99999", "library", "library: ", "3.5"]
)
def test_what_is_no_scope_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither all"):
        read_scope(text)


@given(DAYS | LIBRARIES)
def test_what_is_written_down_is_read_back(scope: Scope) -> None:
    assert read_scope(scope.text) == scope


@given(DAYS | LIBRARIES, DAYS | LIBRARIES, DAYS | LIBRARIES)
def test_covering_is_an_order_and_everything_covers_all(
    one: Scope, two: Scope, three: Scope
) -> None:
    assert one.covers(one)
    assert ALL.covers(one)
    assert not (one.covers(two) and two.covers(three)) or one.covers(three)
    assert not (one.covers(two) and two.covers(one)) or one == two
