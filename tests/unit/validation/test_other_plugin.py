"""What the settings of the plugin Stash2Plex mean here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validation.config import read_config
from validation.other_plugin import (
    COUNTERPARTS,
    WITHOUT_COUNTERPART,
    OtherSettings,
    read_other_settings,
)
from validation.settings import BY_NAME


def taken(found: OtherSettings) -> dict[str, object]:
    return {one.setting.name: one.value for one in found.taken}


def test_every_counterpart_is_a_setting() -> None:
    assert set(COUNTERPARTS.values()) <= set(BY_NAME)
    assert not COUNTERPARTS.keys() & WITHOUT_COUNTERPART.keys()


def test_what_differs_from_the_defaults_is_taken() -> None:
    theirs = {
        "plex_url": "http://plex:32400",
        "plex_token": "secret",
        "plex_library": "Films, Shorts",
        "sync_master": False,
        "sync_tags": False,
        "sync_studio": True,
        "connect_timeout": 7,
        "debug_logging": True,
        "reconcile_interval": "weekly",
        "reconcile_scope": "7days",
    }

    found = read_other_settings(theirs, {}, has_token=False)

    assert taken(found) == {
        "plex_url": "http://plex:32400",
        "plex_token": "secret",
        "plex_libraries": '"Films, Shorts"',
        "sync_metadata": False,
        "sync_tags": False,
        "plex_connect_timeout_s": 7.0,
        "log_debug": True,
        "reconcile_interval": "weekly",
        "reconcile_scope": "7days",
    }
    assert (found.kept, found.unusable, found.without) == ((), (), ())


def test_a_library_with_a_comma_stays_one_library() -> None:
    found = read_other_settings({"plex_library": "Films, Shorts"}, {}, has_token=False)

    stored = {f"a_{name}": value for name, value in taken(found).items()}

    assert read_config(stored).config.plex_libraries == ("Films, Shorts",)


def test_what_the_user_has_set_here_stays() -> None:
    theirs = {"plex_url": "http://other", "plex_token": "other", "max_tags": 5}

    found = read_other_settings(theirs, {"plexUrl": "http://mine"}, has_token=True)

    assert taken(found) == {"max_tags": 5}
    assert found.kept == ("plex_url", "plex_token")


def test_unusable_values_and_missing_counterparts_are_named() -> None:
    theirs = {"reconcile_scope": "sometimes", "max_tags": "many", "max_retries": 5}

    found = read_other_settings(theirs, {}, has_token=False)

    assert found.taken == ()
    assert {key for key, _ in found.unusable} == {"reconcile_scope", "max_tags"}
    assert [key for key, _ in found.without] == ["max_retries"]


@pytest.mark.parametrize(
    ("theirs", "ours", "asks"),
    [
        ({"preserve_plex_edits": True}, {}, True),
        ({"preserve_plex_edits": False}, {}, False),
        ({}, {}, False),
        ({"preserve_plex_edits": True}, {"c_preserve_plex_edits": False}, False),
    ],
)
def test_preserving_is_asked_for_and_never_taken(
    theirs: dict[str, object], ours: dict[str, object], asks: bool
) -> None:
    found = read_other_settings(theirs, ours, has_token=False)

    assert (found.asks_preserve, taken(found)) == (asks, {})


JSON = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text())


@given(st.dictionaries(st.sampled_from(sorted(COUNTERPARTS)) | st.text(), JSON))
def test_any_stored_values_can_be_read(theirs: dict[str, object]) -> None:
    found = read_other_settings(theirs, {}, has_token=False)

    stored = {one.setting.key: one.value for one in found.taken}
    assert read_config(stored).warnings == ()
