"""The fixtures of the crash tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators.stash_process import Spawn
from tests.harness.crash import CrashHarness, wait_idle
from tests.harness.processes import running


@pytest.fixture
def crash(tmp_path: Path, spawn: Spawn) -> Iterator[CrashHarness]:
    home = CrashHarness(tmp_path, spawn=spawn)
    with running(home):
        home.arm()
        yield home


@pytest.fixture
def idle_crash(crash: CrashHarness) -> CrashHarness:
    wait_idle(crash)
    return crash
