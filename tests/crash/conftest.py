"""The fixtures of the crash tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.place import Place
from tests.flow.house import opened


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
    return place
