"""One row for each synced field: what a scene holds, what Plex showed before us, and what it shows
afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.emulators.plex_model import Item
from tests.emulators.stash_images import png
from tests.harness.in_process import InProcessHarness

OURS, THEIRS = png(1), png(2)


@dataclass(frozen=True)
class FieldCase:
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


FIELD_CASES: dict[str, FieldCase] = {
    "title": FieldCase("title", {"title": "Night Train"}, "night_train_1080p", "Night Train"),
    "sort_title": FieldCase(
        "title_sort",
        {"studio": "Aurora", "date": "2024-03-09"},
        "night_train_1080p",
        "Aurora 2024-03-09",
    ),
    "original_title": FieldCase("original_title", {"code": "AF-017"}, "Agent's", "AF-017"),
    "studio": FieldCase("studio", {"studio": "Aurora"}, "Agent's", "Aurora"),
    "summary": FieldCase(
        "summary", {"details": "Two strangers."}, "Agent's words.", "Two strangers."
    ),
    "tagline": FieldCase(
        "tagline", {"director": "Ada & Bo", "code": "AF-017"}, "Agent's line", "Ada & Bo"
    ),
    "date": FieldCase("date", {"date": "2024-03-09"}, "2001-02-03", "2024-03-09"),
    "performers": FieldCase(
        "roles", {"performers": ["Mia", "Jon"]}, ["Mia", "Theirs"], ["Jon", "Mia"]
    ),
    "roles": FieldCase("role_texts", {"performers": ["Mia", "Jon"]}, [], ["Mia: female"]),
    "director": FieldCase("directors", {"director": "Ada & Bo"}, ["Theirs"], ["Ada", "Bo"]),
    "tags": FieldCase("genres", {"tags": ["train", "night"]}, ["drama"], ["night", "train"]),
    "collection": FieldCase(
        "collections", {"studio": "Aurora", "groups": ["Saga"]}, ["Mine"], ["Aurora", "Mine"]
    ),
    "labels": FieldCase("labels", {}, ["by hand"], ["by hand", "night", "train"]),
    "content_rating": FieldCase("content_rating", {"tags": ["train", "night"]}, "R", "XXX"),
    "rating": FieldCase("user_rating", {"rating100": 80}, 4.0, 8.0),
    "poster": FieldCase("poster_bytes", {"cover": OURS}, THEIRS, OURS),
    "background": FieldCase("art_bytes", {"cover": OURS}, THEIRS, OURS),
}
SCENE: dict[str, Any] = {
    key: value for row in FIELD_CASES.values() for key, value in row.stash.items()
}
BEFORE: dict[str, Any] = {name: row.before for name, row in FIELD_CASES.items()}
AFTER: dict[str, Any] = {name: row.after for name, row in FIELD_CASES.items()}
_UPLOADS = {"poster_bytes": "poster", "art_bytes": "background"}


def matched_scene(worker: InProcessHarness, name: str = "a.mp4", **fields: Any) -> tuple[int, int]:
    """A scene with something in every field, and its item, which shows something else in each of
    them.
    """
    if not worker.stash.library.performers:
        worker.stash.library.add_performer("Mia", gender="FEMALE")
    scene, item = worker.pair(name, **{**SCENE, **fields})
    shown = {_UPLOADS.get(row.attribute, row.attribute): row.before for row in FIELD_CASES.values()}
    worker.plex.library.change(item, **shown)
    return scene, item


def observed(item: Item) -> dict[str, Any]:
    """What Plex shows in each field; names in alphabetical order, because servers differ there."""
    values = {name: getattr(item, row.attribute) for name, row in FIELD_CASES.items()}
    return {
        name: sorted(value) if isinstance(value, list) else value for name, value in values.items()
    }
