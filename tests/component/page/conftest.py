"""Provide the page's calls between both servers."""

from pathlib import Path

import pytest

from tests.emulators.plex_server import PlexEmulator
from tests.emulators.stash_server import StashEmulator
from tests.harness.page_calls import PageCalls


@pytest.fixture
def page(tmp_path: Path, plex: PlexEmulator, stash: StashEmulator) -> PageCalls:
    """Return the calls of a page whose settings name Plex, with the token in the settings."""
    stash.configure(a_plex_url=plex.url, a_plex_token=plex.token)
    return PageCalls(tmp_path / "data", stash)
