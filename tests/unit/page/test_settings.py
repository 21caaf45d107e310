"""The rows of the settings page: the value that counts, its source, and what is wrong with it."""

from typing import Any

import pytest

from page.models.settings import SettingRow
from page.settings import GROUPS, check_value, describe_settings
from validation.kept_token import NO_KEPT_TOKEN, KeptToken, token_digest
from validation.settings import SETTINGS

TOKEN = "t0ken-of-the-owner"


def row(name: str, raw: dict[str, Any], kept: KeptToken = NO_KEPT_TOKEN) -> SettingRow:
    rows = describe_settings(raw, kept).rows
    return next(row for row in rows if row.name == name)


def test_every_setting_is_shown_once_in_the_order_of_its_groups() -> None:
    shown = describe_settings({}, NO_KEPT_TOKEN)
    order = list(GROUPS)
    places = [order.index(row.group) for row in shown.rows]

    assert sorted(row.name for row in shown.rows) == sorted(setting.name for setting in SETTINGS)
    assert places == sorted(places)
    assert {row.group for row in shown.rows} == {group.id for group in shown.groups}


def test_without_a_stored_value_the_default_counts() -> None:
    shown = describe_settings({}, NO_KEPT_TOKEN)

    for setting_row in shown.rows:
        assert (setting_row.value, setting_row.is_set) == (setting_row.default, False)
        assert (setting_row.is_default, setting_row.problem) == (True, "")
    assert row("enabled", {}).value is True


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("enabled", {"a_enabled": False}, False),
        ("enabled", {"Enabled": "off"}, False),
        ("max_tags", {"c_max_tags": 7}, 7),
        ("max_tags", {"maxTags": "1"}, 1),
        ("plex_url", {"plexUrl": "plex.local:32400/web"}, "http://plex.local:32400"),
        ("plex_url", {"plexHost": "plex", "plexPort": 1234}, "http://plex:1234"),
        ("path_map", {"b_path_map": " /data => /media "}, "/data => /media"),
        ("reconcile_interval", {"d_reconcile_interval": "Weekly"}, "weekly"),
    ],
)
def test_a_stored_value_is_shown_as_it_counts(name: str, raw: dict[str, Any], value: Any) -> None:
    shown = row(name, raw)

    assert (shown.value, shown.is_default, shown.problem) == (value, False, "")
    assert isinstance(shown.value, bool) == isinstance(value, bool)


def test_a_stored_value_equal_to_the_default_is_one() -> None:
    shown = row("max_tags", {"c_max_tags": 100})

    assert (shown.is_set, shown.is_default) == (True, True)


def test_an_unusable_value_is_named_and_the_default_counts() -> None:
    shown = row("max_tags", {"c_max_tags": "many"})

    assert (shown.value, shown.is_set, shown.is_default) == (100, True, True)
    assert shown.problem == (
        "The stored value is not used: not a number. The default is used instead: 100 tags. "
        "From 1 to 1000 tags."
    )


def test_every_spelling_is_named_the_one_that_counts_first() -> None:
    raw = {"maxTags": 1, "c_max_tags": 2, "max_tags": 3, "cMaxTags": 4}

    assert row("max_tags", raw).spellings == ("c_max_tags", "cMaxTags", "max_tags", "maxTags")


@pytest.mark.parametrize(
    ("raw", "kept", "place"),
    [
        ({}, KeptToken(), "none"),
        ({}, KeptToken(TOKEN), "file"),
        ({"plexToken": TOKEN}, KeptToken(), "settings"),
        ({"a_plex_token": "newer"}, KeptToken(TOKEN), "settings"),
        ({"a_plex_token": "old"}, KeptToken(TOKEN, frozenset([token_digest("old")])), "file"),
        ({"a_plex_token": "old"}, KeptToken("", frozenset([token_digest("old")])), "none"),
    ],
)
def test_the_answer_says_where_the_token_is(
    raw: dict[str, Any], kept: KeptToken, place: str
) -> None:
    assert describe_settings(raw, kept).token == place


def test_no_answer_holds_a_token() -> None:
    raw = {"a_plex_token": TOKEN, "plexToken": "two words", "a_plex_url": f"://{TOKEN}"}

    text = describe_settings(raw, KeptToken("kept-t0ken")).model_dump_json()

    assert not [secret for secret in (TOKEN, "two words", "kept-t0ken") if secret in text]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("max_tags", 7.0, ""),
        ("max_tags", 0.0, ""),
        ("max_tags", 7.5, "not a whole number. From 1 to 1000 tags."),
        ("max_tags", 1001.0, "out of range"),
        ("enabled", True, ""),
        ("plex_url", "", ""),
        ("plex_url", "http://user:pass@plex", "it holds a user name or password"),
        ("path_map", "/data", "'/data => /media'"),
        ("match_overrides", "scene x", "scene 42 => item 9137"),
        ("plex_token", "two words", "characters that no token has"),
        ("no_such", "", "no such setting"),
    ],
)
def test_a_value_is_judged_before_it_is_saved(name: str, value: Any, text: str) -> None:
    found = check_value(name, value)

    assert text in found
    assert bool(found) == bool(text)
