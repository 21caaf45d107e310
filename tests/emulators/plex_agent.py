"""A metadata agent that overwrites whatever is not locked, so that tests can prove a lock."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from tests.emulators.plex_images import choose
from tests.emulators.plex_model import Image, Item, file_stem, sort_title
from tests.emulators.plex_switches import PlexSwitches

_LOCKS = {
    "title": "title",
    "title_sort": "titleSort",
    "original_title": "originalTitle",
    "studio": "studio",
    "summary": "summary",
    "tagline": "tagline",
    "date": "originallyAvailableAt",
    "content_rating": "contentRating",
    "edition_title": "editionTitle",
    "poster": "thumb",
    "background": "art",
    "genres": "genre",
    "roles": "actor",
    "collections": "collection",
    "labels": "label",
}
_KINDS = {"genres": "genre", "roles": "actor", "collections": "collection", "labels": "label"}
AGENT_IMAGE = b"\xff\xd8\xff\xe0 a picture from the agent"


class Tagger(Protocol):
    """What an agent needs of the library."""

    @property
    def now(self) -> int:
        """The server's time."""

    @property
    def switches(self) -> PlexSwitches:
        """On what real servers may differ."""

    def set_tags(self, item: Item, kind: str, names: Iterable[str]) -> None:
        """Make these the tags."""

    def bump(self, section_key: int) -> None:
        """Note the change."""


def refresh_from_agent(library: Tagger, item: Item, values: dict[str, Any]) -> None:
    """Write the given values, or one of everything, except where a lock forbids."""
    for name, value in (values or _everything(item)).items():
        if _LOCKS[name] in item.locked:
            continue
        if name == "collections" and library.switches.agent_collections == "append":
            library.set_tags(item, "collection", [*item.collections, *value])
        elif name in _KINDS:
            library.set_tags(item, _KINDS[name], value)
        elif name in ("poster", "background"):
            _offer(item, "posters" if name == "poster" else "arts", value, library.now)
        else:
            setattr(item, name, value)
    if "titleSort" not in item.locked and "title_sort" not in values:
        item.title_sort = sort_title(item.title)
    if "originallyAvailableAt" not in item.locked:
        item.year = int(item.date[:4]) if item.date else None
    item.updated_at = library.now
    library.bump(item.section_key)


def _everything(item: Item) -> dict[str, Any]:
    return {
        "title": file_stem(item.files[0]) if item.files else "Agent title",
        "studio": "Agent studio",
        "summary": "Written by the agent.",
        "tagline": "Agent tagline",
        "date": "2000-01-01",
        "genres": ["Agent genre"],
        "roles": ["Agent actor"],
        "collections": ["Agent collection"],
        "poster": AGENT_IMAGE,
        "background": AGENT_IMAGE,
    }


def _offer(item: Item, kind: str, data: bytes, now: int) -> None:
    image = Image(f"metadata://{kind}/agent_{now}", data, "com.plexapp.agents.localmedia")
    (item.posters if kind == "posters" else item.arts).append(image)
    choose(item, kind, image, now)
