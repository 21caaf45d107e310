"""The fixtures of the crash tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.place import Place, be_quiet
from tests.flow.house import opened


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    home = Place(tmp_path)
    with opened(home):
        home.arm()
        yield home


@pytest.fixture
def quiet_place(place: Place) -> Place:
    be_quiet(place)
    return place
