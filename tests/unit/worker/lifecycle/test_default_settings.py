"""Test that defaults missing from Stash's settings page are stored and no value is changed."""

import pytest

from validation.settings import SETTINGS
from worker.lifecycle.default_settings import (
    dropped_keys,
    missing_defaults,
)

REQUIRED = {"a_plex_url": "http://127.0.0.1:32400", "a_plex_token": "token-of-a-user"}


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"a_plex_url": "http://127.0.0.1:32400"},
        {"a_plex_token": "t0ken-t0ken"},
        {"plexHost": "h"},
    ],
)
def test_nothing_is_added_before_the_required_settings_are_there(raw: dict[str, object]) -> None:
    assert missing_defaults(raw) == {}


def test_every_default_that_stash_would_show_wrongly_is_added() -> None:
    added = missing_defaults(REQUIRED)

    assert added == {setting.key: setting.default for setting in SETTINGS if setting.default}
    assert added["a_enabled"] is True


@pytest.mark.parametrize("key", ["a_enabled", "enabled", "Enabled"])
@pytest.mark.parametrize("value", [False, True, "", None, 0])
def test_whatever_the_user_has_stored_stays(key: str, value: object) -> None:
    assert "a_enabled" not in missing_defaults({**REQUIRED, key: value})


def test_what_was_written_and_is_gone_again_is_lost() -> None:
    assert dropped_keys({"a": 1, "b": 2}, {"b": 3, "c": 4}) == {"a": 1}


# -- the worker
# ---------------------------------------------------------------------------------------
