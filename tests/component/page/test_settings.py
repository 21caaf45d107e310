"""The settings as Stash has them stored, and values before they are saved."""

import json

from tests.emulators.plex_server import PlexEmulator
from tests.harness.page_calls import PageCalls
from validation.token_file import TokenFile


def test_the_settings_are_read_afresh(page: PageCalls, plex: PlexEmulator) -> None:
    before = {row["name"]: row for row in page("settings")["rows"]}
    page.stash.configure(cMaxTags=7, c_strip_emoji=True, nonsense=1)

    answer = page("settings")

    after = {row["name"]: row for row in answer["rows"]}
    assert (before["max_tags"]["value"], before["max_tags"]["is_default"]) == (100, True)
    assert (after["max_tags"]["value"], after["max_tags"]["spellings"]) == (7, ["cMaxTags"])
    assert (after["strip_emoji"]["value"], after["strip_emoji"]["is_set"]) == (True, True)
    assert after["enabled"]["value"] is True
    assert answer["unknown"] == ["nonsense"]
    assert plex.token not in str(answer)


def test_values_are_checked_before_they_are_saved(page: PageCalls) -> None:
    changes = {"max_tags": 7, "plex_url": "ftp://x", "enabled": False, "path_map": "/data"}

    errors = page("check_settings", changes=changes)["errors"]

    assert errors.keys() == {"plex_url", "path_map"}
    assert page.stash.count("graphql", "configurePlugin") == 1  # that of the fixture


def test_an_unusable_token_is_named_without_it(page: PageCalls) -> None:
    page.stash.configure(a_plex_token="two words")
    TokenFile(page.data_dir, lambda seconds: None).save("kept-token")

    answer = page("settings")

    row = next(row for row in answer["rows"] if row["name"] == "plex_token")
    assert (answer["token"], row["is_set"], row["value"]) == ("file", True, "")
    assert row["problem"] == (
        "What Stash has stored here is not used: characters that no token has."
    )


def test_library_rules_are_shown_as_rows(page: PageCalls) -> None:
    rules = {"Scenes": {"c_max_tags": "5", "sync_title": "maybe"}, "Other": {"nothing": [1]}}
    page.stash.configure(b_library_rules=json.dumps(rules))

    answer = page("settings")

    rows = [(row["library"], row["setting"], row["value"]) for row in answer["rules"]]
    assert rows == [
        ("Scenes", "max_tags", "5"),
        ("Scenes", "sync_title", "maybe"),
        ("Other", "nothing", ""),
    ]
    assert [row["error"] for row in answer["rules"]] == [
        "",
        "This rule cannot be used: neither on nor off.",
        "This rule cannot be used: PlexSync has no such setting.",
    ]
    names = {row["name"] for row in answer["rows"] if row["per_library"]}
    assert {"sync_title", "max_tags", "tagline_source"} <= names
    assert not {"plex_url", "library_rules", "sync_metadata"} & names


def test_library_rules_are_checked_row_by_row(page: PageCalls) -> None:
    def rule(library: str, setting: str, value: object) -> dict[str, object]:
        return {"library": library, "setting": setting, "value": value}

    bad = page("check_rules", rules=[rule("A", "max_tags", "5"), rule("A", "max_tags", 6)])
    good = page("check_rules", rules=[rule("A ", "max_tags", "5"), rule("a", "sync_title", False)])
    long = page("check_rules", rules=[rule("A" * 900 + str(n), "max_tags", 5) for n in range(30)])

    assert bad["errors"] == {"1": "This rule cannot be used: it stands twice for this library."}
    assert json.loads(good["text"]) == {"A": {"max_tags": 5, "sync_title": False}}
    assert (good["errors"], good["problem"]) == ({}, "")
    assert "Remove some of them" in long["problem"]
    assert page("check_rules", rules=[])["text"] == ""


def test_a_typed_text_of_rules_is_checked_whole(page: PageCalls) -> None:
    changes = {"library_rules": '{"A": {"plex_url": "x"}}'}

    errors = page("check_settings", changes=changes)["errors"]

    assert errors["library_rules"].startswith("This value cannot be used: library 'A', setting")
