"""The emulated server hands out its page as Stash does; no browser is needed to see that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators import stash_client
from tests.emulators.stash_server import StashEmulator
from tests.harness.plugin_copy import copy_plugin
from tools.layout import PAGE_SCRIPT, PAGE_STYLE


@pytest.fixture
def paged(tmp_path: Path) -> Iterator[StashEmulator]:
    copy_plugin(tmp_path / "plugins" / "PlexSync")
    with StashEmulator(tmp_path, has_page=True) as stash:
        stash.reload_plugins()
        yield stash


def header(answer: stash_client.HttpAnswer, name: str) -> str:
    return str(answer.headers.get(name, ""))


def test_every_address_of_the_page_is_the_page(paged: StashEmulator) -> None:
    for address in ("/", "/plexsync?tab=queue", "/scenes/42", "/settings?tab=plugins"):
        answer = stash_client.fetch(paged.url, address)

        assert answer.status == 200
        assert b'<div id="root">' in answer.body


def test_the_page_may_not_ask_other_servers(paged: StashEmulator) -> None:
    policy = header(stash_client.fetch(paged.url, "/plexsync"), "Content-Security-Policy")

    assert "connect-src data: 'self' ws: wss:;" in policy
    assert "script-src 'self' http://www.gstatic.com" in policy


def test_the_plugin_prefix_is_the_servers(paged: StashEmulator) -> None:
    for address in ("/plugin/PlexSync", "/plugin/plexsync/page", "/plugin/PlexSync/page"):
        assert stash_client.fetch(paged.url, address).status == 404


@pytest.mark.parametrize(("kind", "file"), [("javascript", PAGE_SCRIPT), ("css", PAGE_STYLE)])
def test_script_and_style_are_never_cached(paged: StashEmulator, kind: str, file: str) -> None:
    answer = stash_client.fetch(paged.url, f"/plugin/PlexSync/{kind}")

    assert answer.body == (paged.plugins_path / "PlexSync" / file).read_bytes() + b"\n"
    assert header(answer, "Cache-Control") == "no-cache"


def test_a_disabled_plugin_has_no_script(paged: StashEmulator) -> None:
    paged.core.plugins.disabled.add("PlexSync")

    assert stash_client.fetch(paged.url, "/plugin/PlexSync/javascript").status == 400
