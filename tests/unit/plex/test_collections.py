"""What a library's list of collections says, and the targets of edits of one."""

from __future__ import annotations

import pytest

from plex.collections import PlexCollection, summary_target, unlock_image_target

COMPOSITE = "/library/collections/9/composite/17"


@pytest.mark.parametrize(
    ("summary", "thumb", "is_bare"),
    [
        ("", "", True),
        ("", COMPOSITE, True),
        ("Mine.", COMPOSITE, False),
        ("", "/library/metadata/9/thumb/17", False),
    ],
)
def test_a_collection_is_bare_until_it_has_something_of_its_own(
    summary: str, thumb: str, is_bare: bool
) -> None:
    assert PlexCollection(9, "x", summary, 1, thumb).is_bare is is_bare


def test_an_edit_names_one_collection() -> None:
    assert summary_target(2, 9, "", locked=False) == (
        "/library/sections/2/all?type=18&id=9&summary.locked=0&summary.value="
    )
    assert unlock_image_target(2, 9) == "/library/sections/2/all?type=18&id=9&thumb.locked=0"
