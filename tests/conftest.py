"""Provide the fixtures and hooks that every test may use."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from startup import collect_rarely
from tests.emulators.fixtures_plex import plex, plex_clock, timed_plex
from tests.emulators.fixtures_stash import stash

__all__ = ["plex", "plex_clock", "stash", "timed_plex"]

pytest_plugins = [
    "tests.harness.measured",
    "tests.harness.repeat",
    "tests.harness.spread",
    "tests.harness.processes",
]

# Nothing is timed: a busy machine is no failure. The suite looks at the same few examples in every
# run, so that a failure means a change; `make fuzz` looks at many new ones.
FUZZED = int(os.environ.get("FUZZ_EXAMPLES", "0"))
settings.register_profile("suite", deadline=None, derandomize=not FUZZED, max_examples=FUZZED or 20)
settings.load_profile("suite")

# Files of tests are in memory where there is much of it: half a million are made and forgotten.
MEMORY = Path("/dev/shm")  # noqa: S108 pytest makes a folder there that only its user can open
MEMORY_BYTES = 8 * 1024**3
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let a worker that is done take over tests of the others: some tests take a thousand times as
    long as most.
    """
    from xdist import scheduler  # type: ignore[import-untyped]  # noqa: PLC0415 may be missing

    return scheduler.WorkStealingScheduling(config, log)


def pytest_collection_finish() -> None:
    """Look for cycles rarely, and not among thousands of collected tests again and again."""
    collect_rarely()
