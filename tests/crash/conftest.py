"""The fixtures of the crash tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_queue.statements import GET_META, WATERMARK
from tests.crash.place import Place
from tests.flow.house import opened, wait_for


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    home = Place(tmp_path)
    with opened(home):
        home.arm()
        yield home


@pytest.fixture
def quiet_place(place: Place) -> Place:
    """A place where a worker has done its first scene and idles; its watermark is set."""
    first = place.scene("first.mp4")
    place.edit(first, title="First")
    place.ends_well()
    wait_for(lambda: place.rows(GET_META.replace(":key", "?"), WATERMARK), "the watermark is set")
    return place
