"""Whoever comes from another plugin takes its settings along."""

import json

from stash.client import PLUGIN_ID
from tests.harness.page_calls import PageCalls
from validation.other_plugin import PLUGIN_ID as OTHER
from validation.token_file import TokenFile

TOKEN = "token-of-the-other-plugin"


def theirs(page: PageCalls, **values: object) -> None:
    page.stash.graphql(
        "mutation($id: ID!, $v: Map!) { configurePlugin(plugin_id: $id, input: $v) }",
        {"id": OTHER, "v": values},
    )


def test_without_another_plugin_there_is_nothing_to_take(page: PageCalls) -> None:
    answer = page("other_plugin")

    assert (answer["plugin"], answer["taken"], answer["earlier_address"]) == ("", [], "")


def test_what_is_shown_is_taken_and_nothing_else(page: PageCalls) -> None:
    page.stash.configure(a_plex_url="", a_plex_token="", c_strip_emoji=True)
    theirs(
        page,
        plex_url="http://127.0.0.1:9",
        plex_token=TOKEN,
        sync_tags=False,
        max_tags=7,
        max_retries=3,
        preserve_plex_edits=True,
    )

    shown = page("other_plugin")
    page("take_settings", preserve=True)

    assert TOKEN not in json.dumps(shown)
    assert [one["name"] for one in shown["taken"]][:2] == ["Plex URL", "Plex token"]
    assert shown["asks_preserve"] is True
    stored = dict(page.stash.settings(PLUGIN_ID) or {})
    assert stored == {
        **{key: stored[key] for key in stored if key.endswith("plex_token")},
        "a_plex_url": "http://127.0.0.1:9",
        "c_strip_emoji": True,
        "c_sync_tags": False,
        "c_max_tags": 7,
        "c_preserve_plex_edits": True,
    }
    assert TokenFile(page.data_dir, lambda seconds: None).load().token == TOKEN
    after = page("other_plugin")
    assert (after["taken"], after["asks_preserve"]) == ([], False)


def test_an_address_of_an_earlier_plugin_is_shown(page: PageCalls) -> None:
    page.stash.configure(a_plex_url="", plexHost="plex.local", plexPort=32400)

    assert page("other_plugin")["earlier_address"] == "http://plex.local:32400"
