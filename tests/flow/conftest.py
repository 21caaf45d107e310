"""The fixtures of the flow tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators.stash_process import Spawn
from tests.harness.in_process import InProcessHarness
from tests.harness.processes import ProcessHarness, running


@pytest.fixture
def installed(tmp_path: Path, spawn: Spawn) -> Iterator[ProcessHarness]:
    installed = ProcessHarness(tmp_path, spawn=spawn)
    with running(installed):
        yield installed


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[InProcessHarness]:
    installed = InProcessHarness(tmp_path)
    with running(installed):
        yield installed
