"""The emulated Plex: sort titles that it derives, and the texts of roles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from plexapi.server import PlexServer

from tests.emulators.plex_server import PlexEmulator


@pytest.fixture
def plex() -> Iterator[PlexEmulator]:
    with PlexEmulator() as made:
        made.library.add_section("Scenes", ["/media"])
        made.library.add_item(1, [("/media/a.mp4", 1_000)], title="The Night")
        yield made


def edit(plex: PlexEmulator, **values: object) -> Any:
    """The first item as plexapi reads it after an edit."""
    server = PlexServer(plex.url, plex.token)  # type: ignore[no-untyped-call]
    (item,) = server.library.sectionByID(1).all()
    item.edit(**values)
    item.reload()
    return item


def test_an_unlocked_sort_title_follows_the_title(plex: PlexEmulator) -> None:
    assert edit(plex, **{"title.value": "A Day"}).titleSort == "Day"

    locked = {"titleSort.value": "x", "titleSort.locked": 1}
    assert edit(plex, **locked).titleSort == "x"
    assert edit(plex, **{"title.value": "The Sea"}).titleSort == "x"


@pytest.mark.parametrize(("does", "shown"), [("derived", "Night"), ("ignored", "x")])
def test_a_cleared_sort_title_is_derived(plex: PlexEmulator, does: Any, shown: str) -> None:
    plex.switches.empty_sort_title = does
    edit(plex, **{"titleSort.value": "x"})

    assert edit(plex, **{"titleSort.value": "", "titleSort.locked": 0}).titleSort == shown


def test_a_sort_title_like_the_title_can_be_left_out(plex: PlexEmulator) -> None:
    plex.switches.equal_sort_title = False
    item = edit(plex, **{"titleSort.value": "The Night"})

    assert (item._data.get("titleSort"), item.titleSort) == (None, "The Night")


@pytest.mark.parametrize(("texts", "role"), [("kept", "Host"), ("ignored", None)])
def test_a_text_of_a_role_is_kept_or_ignored(plex: PlexEmulator, texts: Any, role: Any) -> None:
    plex.switches.role_texts = texts

    item = edit(plex, **{"actor[0].tag.tag": "Mia", "actor[0].tagging.text": "Host"})

    assert [(actor.tag, actor.role) for actor in item.roles] == [("Mia", role)]


def test_original_title_and_content_rating_are_texts(plex: PlexEmulator) -> None:
    item = edit(plex, **{"originalTitle.value": "AF-017", "contentRating.value": "XXX"})

    assert (item.originalTitle, item.contentRating) == ("AF-017", "XXX")
    assert edit(plex, **{"contentRating.value": ""}).contentRating is None
