"""What the page stores and deletes: the token, in the data folder, never in Stash's settings."""

from typing import Any

import pytest

from stash.client import PLUGIN_ID
from tests.emulators.plex_server import PlexEmulator
from tests.emulators.stash_faults import Fault
from tests.harness.clocks import FakeClock
from tests.harness.page_calls import PageCalls
from validation.token_file import FILE_NAME, TokenFile


def stored(page: PageCalls) -> dict[str, Any]:
    return dict(page.stash.settings(PLUGIN_ID) or {})


def kept(page: PageCalls) -> str:
    return TokenFile(page.data_dir, FakeClock().sleep).load().token


def token_place(page: PageCalls) -> str:
    return str(page("settings")["token"])


def test_a_saved_token_is_kept_and_the_setting_emptied(page: PageCalls, plex: PlexEmulator) -> None:
    page.stash.configure(plexToken="another", c_max_tags=7)
    before = stored(page)

    page("save_token", token=f"  {plex.token}\n")

    assert kept(page) == plex.token
    assert stored(page) == {**before, "a_plex_token": "", "plexToken": ""}
    assert token_place(page) == "file"
    assert page("test_connection")["is_ok"] is True


def test_an_old_map_written_back_does_not_count(page: PageCalls, plex: PlexEmulator) -> None:
    page.stash.configure(a_plex_token="older-token")
    page("save_token", token=plex.token)

    page.stash.configure(a_plex_token="older-token")

    assert token_place(page) == "file"
    assert page("test_connection")["is_ok"] is True


@pytest.mark.parametrize("token", ["two words", "umläut", " "])
def test_what_cannot_be_a_token_is_refused(page: PageCalls, token: str) -> None:
    text = page.error("save_token", token=token)

    assert "token" in text
    assert kept(page) == ""


def test_disconnect_deletes_the_token_everywhere(page: PageCalls, plex: PlexEmulator) -> None:
    page("save_token", token=plex.token)
    page.stash.configure(a_plex_token="typed-since", plexToken="two words")

    answer = page("disconnect")

    assert "plex.tv" in answer["text"]
    assert (kept(page), token_place(page)) == ("", "none")
    assert {stored(page)[key] for key in ("a_plex_token", "plexToken")} == {""}
    page.stash.configure(a_plex_token="typed-since")
    assert token_place(page) == "none"


def test_without_a_writable_folder_the_setting_stays(page: PageCalls, plex: PlexEmulator) -> None:
    (page.data_dir / FILE_NAME).mkdir()

    text = page.error("save_token", token="another-token")

    assert "cannot be stored" in text
    assert "another-token" not in text
    assert stored(page)["a_plex_token"] == plex.token
    assert token_place(page) == "settings"


def test_a_stash_that_does_not_save_keeps_its_token(page: PageCalls, plex: PlexEmulator) -> None:
    page.stash.faults.plan(Fault(name="configurePlugin", graphql_error="no", times=1))

    page.error("disconnect")

    assert stored(page)["a_plex_token"] == plex.token
