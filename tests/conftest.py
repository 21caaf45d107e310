"""Fixtures that every test may use."""

from hypothesis import settings

from tests.emulators.fixtures_plex import plex, plex_clock, timed_plex
from tests.emulators.fixtures_stash import stash

__all__ = ["plex", "plex_clock", "stash", "timed_plex"]

settings.register_profile("untimed", deadline=None)  # nothing is timed: a busy machine is no failure
settings.load_profile("untimed")
