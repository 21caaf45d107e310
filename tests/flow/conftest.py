"""The fixtures of the flow tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flow.house import House, Workroom, opened


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    home = House(tmp_path)
    with opened(home):
        yield home


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Workroom]:
    home = Workroom(tmp_path)
    with opened(home):
        yield home
