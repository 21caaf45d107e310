"""The `plex` fixture: a started server with one empty section "Scenes" at /media/scenes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from plexapi.server import PlexServer

from tests.emulators.plex_server import PlexEmulator


def connect(plex: PlexEmulator, token: str | None = None) -> Any:
    """A `plexapi` server object. It is `Any` because plexapi has no annotations."""
    return connect_to(plex.url, plex.token if token is None else token)


def connect_to(url: str, token: str, session: requests.Session | None = None) -> Any:
    """The same for an address."""
    return PlexServer(url, token, session=session)  # type: ignore[no-untyped-call]


class SettableClock:
    """A server clock that moves only on request."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@pytest.fixture
def plex_clock() -> SettableClock:
    """The clock of `timed_plex`."""
    return SettableClock()


@pytest.fixture
def timed_plex(plex_clock: SettableClock) -> Iterator[PlexEmulator]:
    """The same as `plex`, on a clock that the test moves."""
    with PlexEmulator(clock=plex_clock) as emulator:
        emulator.library.add_section("Scenes", ["/media/scenes"])
        yield emulator
    assert emulator.violations == []


@pytest.fixture
def plex() -> Iterator[PlexEmulator]:
    """A running Plex emulator. It fails the test that edits a whole section or breaks the emulator."""
    with PlexEmulator() as emulator:
        emulator.library.add_section("Scenes", ["/media/scenes"])
        yield emulator
    assert emulator.violations == []
