"""The rig, for every test of the worker that needs both servers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.worker.rig import Rig, rigged


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with rigged(tmp_path) as made:
        yield made
