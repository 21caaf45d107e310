"""Test that a client for Plex is built from the settings without sending a request."""

from pathlib import Path

from sync.build_context import build_plex
from tests.emulators.plex_server import PlexEmulator
from tests.harness.clocks import FakeClock
from validation.config import read_config


def test_the_client_follows_the_settings_and_sends_nothing(
    tmp_path: Path, plex: PlexEmulator
) -> None:
    config = read_config({"a_plex_url": plex.url, "a_plex_token": plex.token}).config

    client = build_plex(tmp_path, FakeClock(), config)
    before = plex.count()
    client.sections()
    client.close()

    assert before == 0
    assert len(plex.devices) == 1
