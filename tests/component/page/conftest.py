"""Provide the page's calls between both servers."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators.plex_server import PlexEmulator
from tests.emulators.stash_server import StashEmulator
from tests.harness.in_process import InProcessHarness
from tests.harness.page_calls import PageCalls, WorkerPage
from tests.harness.processes import running


@pytest.fixture
def page(tmp_path: Path, plex: PlexEmulator, stash: StashEmulator) -> PageCalls:
    """Return the calls of a page whose settings name Plex, with the token in the settings."""
    stash.configure(a_plex_url=plex.url, a_plex_token=plex.token)
    return PageCalls(tmp_path / "data", stash)


@pytest.fixture
def worker_page(tmp_path: Path) -> Iterator[WorkerPage]:
    """Yield a page beside a worker that the test runs, at the time of the real clock."""
    start = int(time.time()) + 0.5
    with running(InProcessHarness(tmp_path, hooks=False, start=start)) as worker:
        page = WorkerPage(worker)
        yield page
        page.close()
