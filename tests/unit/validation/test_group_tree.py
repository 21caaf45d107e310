"""The groups that a scene shows, in whatever shape Stash nests them."""

from __future__ import annotations

from typing import Any

import pytest

from validation.group_tree import shown_groups


def group(number: int, name: str, *containing: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(number),
        "name": name,
        "containing_groups": [{"group": g} for g in containing],
    }


def test_every_level_is_shown_once_and_by_name() -> None:
    series = group(1, "Series")
    left, right = group(2, "left", series), group(3, "Right", series)

    shown = shown_groups([{"group": group(4, "Part", left, right)}, {"group": left}])

    assert [(one.group_id, one.name, one.parents) for one in shown] == [
        (2, "left", "1"),
        (4, "Part", "2,3"),
        (3, "Right", "1"),
        (1, "Series", ""),
    ]


def test_what_contains_the_last_level_is_not_known() -> None:
    deepest = {"id": "1", "name": "Deepest"}

    (deep, top) = shown_groups([{"group": group(2, "Top", deepest)}])

    assert (deep.parents, top.parents) == (None, "1")


def test_the_level_that_knows_its_parents_counts() -> None:
    deepest = {"id": "1", "name": "Both"}

    shown = shown_groups([{"group": group(2, "Top", deepest)}, {"group": group(1, "Both")}])

    assert [one.parents for one in shown] == ["", "1"]


@pytest.mark.parametrize("links", [None, [], ()])
def test_no_groups(links: object) -> None:
    assert shown_groups(links) == ()


@pytest.mark.parametrize(
    "links",
    [
        5,
        ["x"],
        [{"group": None}],
        [{"group": {"id": None, "name": "x"}}],
        [{"group": {"id": True, "name": "x"}}],
        [{"group": {"id": "x", "name": "x"}}],
        [{"group": {"id": "1", "name": 7}}],
        [{"group": {"id": "1", "name": "x", "containing_groups": 7}}],
    ],
)
def test_another_shape_is_an_error(links: object) -> None:
    with pytest.raises(ValueError):
        shown_groups(links)
