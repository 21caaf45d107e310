"""Turn sync records into rows of the database and back; keys in their JSON never change."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from core.record import FieldRecord, ImageFailure, ImageRecord, SyncRecord
from core.send_history import NO_HISTORY
from sync_queue.history_document import history_document, read_history

_SCALARS = (
    "scene_id",
    "server",
    "item",
    "section",
    "path",
    "oshash",
    "updated_at",
    "read_at",
    "confidence",
)
_STORED_KEYS = {
    "verified": "seen",
    "item_path": "shown",
}  # the keys in a record's JSON are users' data and stay


def row_of(record: SyncRecord) -> dict[str, Any]:
    """Return the columns of a record by name."""
    return {**_values(record), "fields": _text(record.fields), "images": _text(record.images)}


def parse_rows(rows: Iterable[tuple[Any, ...]]) -> Iterator[SyncRecord]:
    """Yield the records in these rows; an invalid one counts as absent."""
    for row in rows:
        try:
            yield _from_row(row)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            # bytes that a bad disk has changed; the scene is then written as if for the first time
            continue


def _values(record: SyncRecord | FieldRecord | ImageRecord | ImageFailure) -> dict[str, Any]:
    """Return the attributes by their stored keys; `asdict` would copy them deeply, at each of
    several saves.
    """
    values = {
        _STORED_KEYS.get(attribute.name, attribute.name): getattr(record, attribute.name)
        for attribute in fields(record)
    }
    # Most records have nothing to say here.
    if values.get("locked", True) is None:
        del values["locked"]
    history = history_document(values.pop("history", NO_HISTORY))
    if history:
        values["history"] = history
    if isinstance(record, ImageRecord):
        # Almost no image fails or was chosen by hand, so these keys are stored where they say more.
        failure, is_by_hand = values.pop("failure"), values.pop("is_by_hand")
        if failure:
            values["failure"] = _values(failure)
        if is_by_hand:
            values["is_by_hand"] = True
    return values


def _text(parts: Mapping[str, FieldRecord | ImageRecord]) -> str:
    return json.dumps({name: _values(part) for name, part in parts.items()})


def _image(value: dict[str, Any]) -> ImageRecord:
    failure = value.get("failure")
    return ImageRecord(
        value["sha1"],
        value.get("etag", ""),
        value.get("shown", ""),
        _failure(failure) if failure else None,
        value.get("is_by_hand", False),
        read_history(value.get("history")),
    )


def _failure(value: dict[str, Any]) -> ImageFailure:
    return ImageFailure(
        value["sha1"],
        value.get("status", 0),
        value.get("is_refusal", False),
        value.get("count", 1),
        value.get("at", 0.0),
    )


def _from_row(row: tuple[Any, ...]) -> SyncRecord:
    written = {
        name: FieldRecord(
            value["pushed"],
            value["seen"],
            tuple(value["names"]),
            value.get("intended", ""),
            value.get("locked"),
            read_history(value.get("history")),
        )
        for name, value in json.loads(row[9]).items()
    }
    images = {name: _image(value) for name, value in json.loads(row[10]).items()}
    scalars: dict[str, Any] = dict(zip(_SCALARS, row, strict=False))
    return SyncRecord(**scalars, fields=written, images=images)
