"""What the table of fields promises of each of its rows; the switches are in test_every_setting.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.fields import FIELDS
from tests.flow.inproc import Inproc, opened
from tests.flow.shown_fields import (
    AFTER,
    BEFORE,
    EVERY_FIELD_ON,
    FIELDS_SHOWN,
    known_to_both,
    what_shows,
)


@pytest.fixture(params=[False, True], ids=["tags are added", "tags are replaced"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Inproc]:
    with opened(tmp_path, **EVERY_FIELD_ON) as made:
        made.plex.switches.tags_replace = request.param
        yield made


def only(name: str) -> dict[str, bool]:
    """The settings under which one field alone is written."""
    return {f"c_sync_{field.name}": field.name == name for field in FIELDS}


def test_every_field_of_the_table_is_shown_here() -> None:
    assert list(FIELDS_SHOWN) == [field.name for field in FIELDS]


@pytest.mark.parametrize("name", [field.name for field in FIELDS])
def test_a_field_reaches_plex_alone_and_is_not_rewritten(house: Inproc, name: str) -> None:
    house.configure(**only(name))
    scene, item = known_to_both(house)

    with house.writes_only(item):
        house.sync(scene)
    first = what_shows(house.shown(item))
    with house.writes_only():
        house.sync(scene)
        house.sync_all()

    assert first == {**BEFORE, name: AFTER[name]}
    assert what_shows(house.shown(item)) == first
    assert (house.waiting(), house.dead_letters()) == ({}, {})
