"""The emulated Stash as a fixture: started, empty, without any plugin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators.stash_server import StashEmulator


@pytest.fixture
def stash(tmp_path: Path) -> Iterator[StashEmulator]:
    with StashEmulator(tmp_path / "stash") as emulator:
        yield emulator
        # A worker outlives its starter by design; it must not outlive the test.
        emulator.kill_plugin_processes()
