"""Both emulated servers as JSON, and back: what a data folder of another day needs around it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from tests.emulators.plex_library import PlexLibrary
from tests.emulators.plex_model import Image, Item, Section
from tests.emulators.plex_server import PlexEmulator
from tests.emulators.stash_model import Group, Performer, Scene, Studio, Tag, VideoFile
from tests.emulators.stash_server import StashEmulator

Document = dict[str, Any]

_TABLES: Mapping[str, Any] = {
    "performers": Performer,
    "studios": Studio,
    "tags": Tag,
    "groups": Group,
    "files": VideoFile,
    "scenes": Scene,
}
_SECTION_VALUES = ("uuid", "created_at", "updated_at", "scanned_at", "content_changed_at")
_APART = {"rating_key", "section_key", "locked", "posters", "arts", "fragment", "media", "taggings"}
_ITEM_VALUES = tuple(one.name for one in fields(Item) if one.name not in _APART)


def describe_stash(stash: StashEmulator) -> Document:
    """Return everything that the library holds."""
    library = stash.library
    tables = {
        name: [_as_json(row) for _, row in sorted(getattr(library, name).items())]
        for name in _TABLES
    }
    last_ids = {name: library.last_id(name.removesuffix("s")) for name in _TABLES}
    return {"tables": tables, "last_ids": last_ids}


def fill_stash(stash: StashEmulator, document: Document) -> None:
    """Fill an empty library with what another one held; no hook runs."""
    library = stash.library
    with library.lock:
        for name, kind in _TABLES.items():
            rows = [_from_json(kind, row) for row in document["tables"][name]]
            getattr(library, name).update({row.id: row for row in rows})
            library.restart_ids(name.removesuffix("s"), document["last_ids"][name])
        library.dirty.update(library.scenes)


def describe_plex(plex: PlexEmulator) -> Document:
    """Return the server's identity, its libraries and every item."""
    sections = plex.library.sections.values()
    return {
        "machine_identifier": plex.machine_identifier,
        "sections": [_describe_section(plex.library, section) for section in sections],
    }


def fill_plex(plex: PlexEmulator, document: Document) -> None:
    """Fill a server that has no items yet; items get the same keys, tags others."""
    plex.site.machine_identifier = document["machine_identifier"]
    library = plex.library
    made = [
        library.sections.get(key) or library.add_section(row["title"], row["locations"])
        for key, row in enumerate(document["sections"], start=1)
    ]
    items = [(one, row) for one in made for row in document["sections"][one.key - 1]["items"]]
    for section, row in sorted(items, key=lambda pair: int(pair[1]["rating_key"])):
        key = library.add_item(section.key, [(path, size) for path, size, _ in row["parts"]])
        assert key == row["rating_key"], "the items were not the first things of this server"
    for _, row in items:
        _fill_item(library, library.item(row["rating_key"]), row)
    for section, one in zip(made, document["sections"], strict=True):
        for name in _SECTION_VALUES:
            setattr(section, name, one[name])


def _describe_section(library: PlexLibrary, section: Section) -> Document:
    return {
        "title": section.title,
        "locations": [path for _, path in section.locations],
        **{name: getattr(section, name) for name in _SECTION_VALUES},
        "items": [_describe_item(item) for item in library.items(section.key)],
    }


def _describe_item(item: Item) -> Document:
    values = {name: getattr(item, name) for name in _ITEM_VALUES}
    return {
        "rating_key": item.rating_key,
        **{name: value for name, value in values.items() if value is not None},
        "parts": [[part.file, part.size, part.added_at] for part in item.parts],
        "locked": sorted(item.locked),
        "tags": {
            kind: [[one.tag.name, one.text] for one in taggings]
            for kind, taggings in item.taggings.items()
            if taggings
        },
        "posters": [_as_json(image) for image in item.posters],
        "arts": [_as_json(image) for image in item.arts],
    }


def _fill_item(library: PlexLibrary, item: Item, row: Document) -> None:
    for kind, entries in row["tags"].items():
        for name, text in entries:
            library.tags.add(item, kind, name, text=text, thumb=None, now=library.now)
    for name in _ITEM_VALUES:
        setattr(item, name, row.get(name))
    item.locked = set(row["locked"])
    item.posters = [_image(one) for one in row["posters"]]
    item.arts = [_image(one) for one in row["arts"]]
    for part, (_, _, added_at) in zip(item.parts, row["parts"], strict=True):
        part.added_at = added_at
    library.bump(item.section_key)


def _image(row: Document) -> Image:
    return Image(**{**row, "data": base64.b64decode(row["data"])})


def _as_json(row: Any) -> Document:
    """Return the values that are not the default ones; bytes in base64."""
    empty = {one.name: one.default for one in fields(row)}
    values = {one.name: getattr(row, one.name) for one in fields(row)}
    return {
        name: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for name, value in values.items()
        if value != empty[name]
    }


def _from_json(kind: Any, row: Document) -> Any:
    """Return the row of a table of Stash; its lists are tuples."""
    values: Document = {
        name: tuple(value) if isinstance(value, list) else value for name, value in row.items()
    }
    for name in ("cover", "image"):
        if name in values:
            values[name] = base64.b64decode(values[name])
    return kind(**values)
