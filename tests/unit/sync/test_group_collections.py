"""Which collection of a listing is PlexSync's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.own_collection import Due, OwnCollection
from plex.collections import PlexCollection
from sync.group_collections import find_collection, seen_as

ROW = OwnCollection("plex", 1, "Night Trains", "group:7", 9, "sum", "img", "tag", "new", Due.NO)
NEW_ROW = OwnCollection("plex", 1, "Night Trains", "group:7")
SAME = PlexCollection(9, "NIGHT TRAINS", "Mine.", 2)
BARE, FULL = PlexCollection(10, "Night Trains"), PlexCollection(11, "Night Trains", "Theirs.")
SMART = PlexCollection(12, "Night Trains", is_smart=True)
OTHER = PlexCollection(9, "Renamed by hand")


@pytest.mark.parametrize(
    ("row", "listing", "found"),
    [
        (ROW, [], None),
        (ROW, [FULL, SAME], SAME),
        (ROW, [BARE], BARE),
        (ROW, [FULL], None),
        (ROW, [OTHER], None),
        (ROW, [SMART], None),
        (NEW_ROW, [SMART, BARE], BARE),
        (NEW_ROW, [FULL], None),
    ],
)
def test_a_row_finds_its_own_collection_and_no_other(
    row: OwnCollection, listing: list[PlexCollection], found: PlexCollection | None
) -> None:
    assert find_collection(row, listing) == found


def test_nothing_was_sent_to_a_collection_with_another_key() -> None:
    assert seen_as(ROW, SAME) == ROW
    assert seen_as(ROW, BARE) == OwnCollection("plex", 1, "Night Trains", "group:7", 10, due=Due.NO)


def test_the_stronger_reason_to_look_stays() -> None:
    changed = replace(ROW, due=Due.GROUP)

    assert ROW.with_due(Due.MEMBERS).due is Due.MEMBERS
    assert changed.with_due(Due.MEMBERS).due is Due.GROUP
