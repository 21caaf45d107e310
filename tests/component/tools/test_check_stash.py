"""The comparison with a running Stash reads its schema and its version over HTTP."""

import pytest

from tests.emulators.stash_server import StashEmulator
from tools.check_stash import main


def test_a_running_stash_is_compared(
    stash: StashEmulator, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([stash.url]) == 0
    assert "Stash v0.30.1 accepts all" in capsys.readouterr().out


def test_a_running_stash_that_lacks_a_field_is_named(
    stash: StashEmulator, capsys: pytest.CaptureFixture[str]
) -> None:
    stash.schema.without_field("Scene", "rating100")
    stash.core.version = "v0.27.0"

    assert main([f"{stash.url}/"]) == 1
    printed = capsys.readouterr().out
    assert "Scene.rating100 is missing" in printed
    assert "older than v0.28" in printed


def test_a_login_asks_for_a_key(
    stash: StashEmulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = stash.core.options
    options.username, options.password, options.api_key = "user", "password", "key"
    monkeypatch.delenv("STASH_API_KEY", raising=False)

    assert main([stash.url]) == 2
    assert "STASH_API_KEY" in capsys.readouterr().err
    monkeypatch.setenv("STASH_API_KEY", "key")
    assert main([stash.url]) == 0


def test_a_stash_that_is_away_is_reported(
    stash: StashEmulator, capsys: pytest.CaptureFixture[str]
) -> None:
    stash.stop()

    assert main([stash.url]) == 2
    assert "gives no answer" in capsys.readouterr().err
