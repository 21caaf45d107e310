"""Turn sync records into rows of the database and back.

The keys in their JSON are users' data and never change.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any

from core.record import FieldRecord, ImageFailure, ImageRecord, SyncRecord
from core.send_history import SendHistory
from sync_queue.history_document import history_document, read_history

Row = tuple[Any, ...]
"""The columns of one stored record."""

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
_scalars_of = attrgetter(*_SCALARS)

# What is made here refers to nothing twice, and looking for that takes a quarter of the time.
_encode = json.JSONEncoder(check_circular=False).encode


def row_of(record: SyncRecord) -> Row:
    """Return the columns of a record, in the order of `RECORD_COLUMNS`."""
    fields = {name: _field_values(field) for name, field in record.fields.items()}
    images = {name: _image_values(image) for name, image in record.images.items()}
    return (*_scalars_of(record), _encode(fields), _encode(images))


def parse_rows(rows: Iterable[Row], known: Mapping[Row, SyncRecord]) -> Iterator[SyncRecord]:
    """Yield the records in these rows; an invalid one counts as absent.

    `known` are records by their rows, which need no parsing.
    """
    for row in rows:
        try:
            yield known.get(row) or _from_row(row)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            # bytes that a bad disk has changed; the scene is then written as if for the first time
            continue


def _field_values(record: FieldRecord) -> dict[str, Any]:
    """Return the attributes by their stored keys; those that say nothing are left out."""
    values: dict[str, Any] = {
        "pushed": record.pushed,
        "seen": record.verified,
        "names": record.names,
        "intended": record.intended,
    }
    if record.locked is not None:
        values["locked"] = record.locked
    return _with_history(values, record.history)


def _image_values(record: ImageRecord) -> dict[str, Any]:
    """Return the attributes by their stored keys; those that say nothing are left out."""
    values: dict[str, Any] = {
        "sha1": record.sha1,
        "etag": record.etag,
        "shown": record.item_path,
    }
    failure = record.failure
    if failure is not None:
        values["failure"] = {
            "sha1": failure.sha1,
            "status": failure.status,
            "is_refusal": failure.is_refusal,
            "count": failure.count,
            "at": failure.at,
        }
    if record.is_by_hand:
        values["is_by_hand"] = True
    return _with_history(values, record.history)


def _with_history(values: dict[str, Any], history: SendHistory) -> dict[str, Any]:
    document = history_document(history)
    if document:
        values["history"] = document
    return values


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


def _from_row(row: Row) -> SyncRecord:
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
