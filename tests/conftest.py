"""Fixtures that every test may use."""

from tests.emulators.fixtures_plex import plex, plex_clock, timed_plex
from tests.emulators.fixtures_stash import stash

__all__ = ["plex", "plex_clock", "stash", "timed_plex"]
