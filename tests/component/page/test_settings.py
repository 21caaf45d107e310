"""The settings as Stash has them stored, and values before they are saved."""

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
