"""Library rules: what counts of them, and what is wrong with the others."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.folding import plain_form
from validation.config import PlexSyncConfig, read_config
from validation.library_rules import check_rules
from validation.rule_entries import (
    MAX_RULES_CHARS,
    RuleEntry,
    read_rule_entries,
    write_rule_entries,
)
from validation.setting import Setting
from validation.settings import BY_NAME, SETTINGS

PER_LIBRARY = [setting for setting in SETTINGS if setting.per_library]


def config_of(rules: object, **settings: object) -> PlexSyncConfig:
    text = rules if isinstance(rules, str) else json.dumps(rules)
    return read_config({"library_rules": text, **settings}).config


def problems_of(rules: object) -> list[tuple[str, str]]:
    entries = read_rule_entries(json.dumps(rules))
    return [(problem.library, problem.setting) for problem in check_rules(entries).problems]


def test_each_library_has_its_own_fields_and_limits() -> None:
    config = config_of(
        {"Scenes": {"sync_studio": False, "max_tags": 5}, "Clips": {"tagline_source": "code"}},
        max_tags=50,
    )

    scenes, clips, other = (config.for_library(title) for title in ("Scenes", "Clips", "Other"))

    assert [one.field_enabled("studio") for one in (scenes, clips, other)] == [False, True, True]
    assert [one.max_tags for one in (scenes, clips, other)] == [5, 50, 50]
    assert [one.field_enabled("tagline") for one in (scenes, clips, other)] == [False, True, False]
    assert other is config
    assert config.variants == (config, scenes, clips)


@pytest.mark.parametrize("title", ["scenes", " SCENES ", "Scenes"])
def test_a_library_is_found_in_any_spelling(title: str) -> None:
    config = config_of({"Scenes": {"sync_studio": False}})

    assert not config.for_library(title).field_enabled("studio")


def test_the_same_settings_are_equal_and_another_rule_is_not() -> None:
    rules = {"Scenes": {"sync_studio": False}}

    assert config_of(rules) == config_of(rules)
    assert config_of(rules) != config_of({"Scenes": {"sync_studio": True}})
    assert config_of(rules) != config_of({})


def test_a_master_switch_that_is_off_holds_in_every_library() -> None:
    config = config_of({"Scenes": {"sync_studio": True}}, sync_metadata=False)

    assert not config.for_library("Scenes").field_enabled("studio")


def test_an_unset_value_of_a_rule_is_the_default() -> None:
    config = config_of({"A": {"max_tags": 0}, "B": {"tagline_source": ""}}, max_tags=7)

    assert config.for_library("A").max_tags == BY_NAME["max_tags"].default
    assert config.for_library("B").sources["tagline"] == "none"


@pytest.mark.parametrize(
    ("rules", "problems"),
    [
        ({"A": {"nothing": 1}}, [("A", "nothing")]),
        ({"A": {"plex_url": "x"}}, [("A", "plex_url")]),
        ({"A": {"sync_metadata": False}}, [("A", "sync_metadata")]),
        ({"A": {"excluded_tags": "x"}}, [("A", "excluded_tags")]),
        ({"A": {"max_tags": 1001}}, [("A", "max_tags")]),
        ({"A": {"tagline_source": "anyone"}}, [("A", "tagline_source")]),
        ({"A": {"sync_title": {"deep": []}}}, [("A", "sync_title")]),
        ({" ": {"sync_title": False}}, [(" ", "sync_title")]),
        ({"A": {"sync_title": False}, "a ": {"c_sync_title": True}}, [("a ", "c_sync_title")]),
        ({"A": {"sync_title": False}, "a ": {"sync_date": True}}, []),
    ],
)
def test_a_bad_rule_is_named_and_the_others_hold(
    rules: dict[str, object], problems: list[tuple[str, str]]
) -> None:
    assert problems_of(rules) == problems
    result = read_config({"library_rules": json.dumps({**rules, "Good": {"max_tags": 3}})})
    assert result.config.for_library("Good").max_tags == 3
    assert len(result.warnings) == len(problems)
    for warning, (library, setting) in zip(result.warnings, problems, strict=True):
        assert warning.startswith("Library rules: ")
        assert repr(library) in warning
        assert repr(setting) in warning


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "[]",
        "1",
        '{"A": 1}',
        '{"A": {"sync_title": false}',
        "[" * 5_000,
        "{}" + " " * MAX_RULES_CHARS + "x",
    ],
)
def test_a_text_of_another_form_is_refused_as_a_whole(text: str) -> None:
    result = read_config({"library_rules": text})

    assert result.config == read_config({}).config
    assert "library_rules" in result.problems
    assert len(result.warnings) == 1


@pytest.mark.parametrize("setting", PER_LIBRARY, ids=lambda setting: setting.name)
def test_every_field_setting_may_stand_in_a_rule(setting: Setting) -> None:
    rules = check_rules([RuleEntry("A", setting.name, setting.default)])

    assert rules.problems == ()


def test_only_settings_of_fields_may_stand_in_a_rule() -> None:
    assert {setting.group for setting in PER_LIBRARY} == {"c"}
    assert "sync_metadata" not in {setting.name for setting in PER_LIBRARY}
    assert {"sync_title", "tagline_source", "max_tags", "lock_fields"} <= {
        setting.name for setting in PER_LIBRARY
    }


def test_a_secret_in_a_rule_is_not_shown() -> None:
    token = "pLeX-t0ken-of-the-tests"  # noqa: S105
    rules = json.dumps({token: {f"token={token}": token}})

    result = read_config({"a_plex_token": token, "b_library_rules": rules})

    assert token not in " ".join(result.warnings)


NAMES = st.text(min_size=1, max_size=12)
VALUES = st.one_of(st.booleans(), st.integers(-5, 2_000), st.text(max_size=8), st.none())
ENTRIES = st.lists(
    st.builds(RuleEntry, NAMES, st.sampled_from([one.name for one in SETTINGS]), VALUES), max_size=8
)


@given(ENTRIES)
def test_entries_that_are_written_read_the_same(entries: list[RuleEntry]) -> None:
    text = write_rule_entries(entries)

    again = read_rule_entries(text)

    assert write_rule_entries(again) == text
    last = {(plain_form(one.library), one.setting): one.value for one in entries}
    assert {(plain_form(one.library), one.setting): one.value for one in again} == last


@given(st.one_of(st.text(), st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES)).map(json.dumps)))
def test_no_text_keeps_plexsync_from_starting(text: str) -> None:
    result = read_config({"library_rules": text})

    for title, config in result.config.library_rules.items():
        assert result.config.for_library(title) == config
        assert config.library_rules == {}
