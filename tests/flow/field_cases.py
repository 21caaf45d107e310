"""One row for each synced field: what a scene holds, what Plex showed before us, and what it shows afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.emulators.plex_model import Item
from tests.emulators.stash_images import png
from tests.flow.inproc import Inproc

OURS, THEIRS = png(1), png(2)
EVERY_FIELD_ON = {
    "c_sync_rating": True,
    "c_tagline_source": "director",
    "c_background_source": "cover",
}


@dataclass(frozen=True)
class FieldShown:
    """One field.

    Attributes:
        attribute: what it is called on an item of the emulator.
        stash: what the scene holds.
        before: what Plex showed before PlexSync came.
        after: what it shows when the field has been written.
    """

    attribute: str
    stash: Mapping[str, Any]
    before: Any
    after: Any


FIELDS_SHOWN: dict[str, FieldShown] = {
    "title": FieldShown("title", {"title": "Night Train"}, "night_train_1080p", "Night Train"),
    "studio": FieldShown("studio", {"studio": "Aurora"}, "Agent's", "Aurora"),
    "summary": FieldShown(
        "summary", {"details": "Two strangers."}, "Agent's words.", "Two strangers."
    ),
    "tagline": FieldShown("tagline", {"director": "Ada", "code": "AF-017"}, "Agent's line", "Ada"),
    "date": FieldShown("date", {"date": "2024-03-09"}, "2001-02-03", "2024-03-09"),
    "performers": FieldShown("roles", {"performers": ["Mia", "Jon"]}, ["Somebody"], ["Jon", "Mia"]),
    "tags": FieldShown("genres", {"tags": ["train", "night"]}, ["drama"], ["night", "train"]),
    "collection": FieldShown("collections", {"studio": "Aurora"}, ["Mine"], ["Aurora", "Mine"]),
    "rating": FieldShown("user_rating", {"rating100": 80}, 4.0, 8.0),
    "poster": FieldShown("poster_bytes", {"cover": OURS}, THEIRS, OURS),
    "background": FieldShown("art_bytes", {"cover": OURS}, THEIRS, OURS),
}
SCENE: dict[str, Any] = {
    key: value for row in FIELDS_SHOWN.values() for key, value in row.stash.items()
}
BEFORE: dict[str, Any] = {name: row.before for name, row in FIELDS_SHOWN.items()}
AFTER: dict[str, Any] = {name: row.after for name, row in FIELDS_SHOWN.items()}
_UPLOADS = {"poster_bytes": "poster", "art_bytes": "background"}


def known_to_both(house: Inproc, name: str = "a.mp4", **fields: Any) -> tuple[int, int]:
    """A scene with something in every field, and its item, which shows something else in each of them."""
    scene, item = house.pair(name, **{**SCENE, **fields})
    shown = {
        _UPLOADS.get(row.attribute, row.attribute): row.before for row in FIELDS_SHOWN.values()
    }
    house.plex.library.change(item, **shown)
    return scene, item


def what_shows(item: Item) -> dict[str, Any]:
    """What Plex shows in each field; names in alphabetical order, because servers differ there."""
    values = {name: getattr(item, row.attribute) for name, row in FIELDS_SHOWN.items()}
    return {
        name: sorted(value) if isinstance(value, list) else value for name, value in values.items()
    }
