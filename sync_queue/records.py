"""Sync records: which scene was written to which item, and what is ours there."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from core.record import FieldRecord, ImageFailure, ImageRecord, SyncRecord
from core.send_history import NO_HISTORY
from sync_queue import statements as sql
from sync_queue.history_document import SUSPENDED_PATTERN, history_document, read_history
from sync_queue.originals import Originals
from sync_queue.store import JobStore

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

_MAX_KEYS = 900

UNASSIGNED = (
    0  # the scene id of a record whose scene id denotes another file now; Stash counts from 1
)


class Records:
    """The sync records in the queue's database. A record of another server counts as absent.

    `originals` are what the items showed before.
    """

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self.originals = Originals(store)

    def of_scene(self, scene_id: int, server: str) -> dict[int, SyncRecord]:
        """Return the scene's records on one server, by item; {} if there is none."""
        query = {"scene_id": scene_id, "server": server}
        rows = self._store.connection.execute(sql.SCENE_RECORDS, query).fetchall()
        return {record.item: record for record in _parse_rows(rows)}

    def of_item(self, item: int, server: str) -> list[SyncRecord]:
        """Return every scene's record on one item, lowest scene id first."""
        rows = self._store.connection.execute(
            sql.ITEM_RECORDS, {"item": item, "server": server}
        ).fetchall()
        return sorted(_parse_rows(rows), key=lambda record: record.scene_id)

    def of_scenes(self, scene_ids: Sequence[int], server: str) -> list[SyncRecord]:
        """Return every record of these scenes on one server; [] when there is none."""
        return self._read_many(sql.RECORDS_OF_SCENES, scene_ids, server)

    def of_items(self, items: Sequence[int], server: str) -> list[SyncRecord]:
        """Return every scene's record on these items; [] when there is none."""
        return self._read_many(sql.RECORDS_OF_ITEMS, items, server)

    def _read_many(self, statement: str, keys: Sequence[int], server: str) -> list[SyncRecord]:
        records: list[SyncRecord] = []
        # SQLite before 3.32 takes 999 parameters in one statement.
        for start in range(0, len(keys), _MAX_KEYS):
            part = keys[start : start + _MAX_KEYS]
            marks = ", ".join("?" * len(part))
            rows = self._store.connection.execute(statement.format(marks), (server, *part))
            records.extend(_parse_rows(rows.fetchall()))
        return records

    def scenes_between(self, after: int, until: int, server: str) -> list[int]:
        """Return the ids above `after` up to `until` that have a record, ascending; [] for none."""
        query = {"after": after, "until": until, "server": server}
        return [
            row[0] for row in self._store.connection.execute(sql.RECORDED_SCENES, query).fetchall()
        ]

    def scenes_matched_by(self, confidence: str, server: str) -> list[int]:
        """Return the scenes whose match had this confidence; [] for none."""
        query = {"confidence": confidence, "server": server}
        return [
            row[0]
            for row in self._store.connection.execute(sql.SCENES_BY_CONFIDENCE, query).fetchall()
        ]

    def known_scenes(self, after: int, upto: int, limit: int) -> list[int]:
        """Return the scenes with any stored row, dead letters included: ids above `after` up to
        `upto`.
        """
        query = {"after": after, "upto": upto, "limit": limit}
        return [
            row[0] for row in self._store.connection.execute(sql.KNOWN_SCENES, query).fetchall()
        ]

    def confidences(self) -> dict[str, int]:
        """Return how many records have which confidence, highest count first."""
        return dict(self._store.connection.execute(sql.CONFIDENCES).fetchall())

    def suspended(self) -> list[SyncRecord]:
        """Return every record, on any server, with a value that is no longer written."""
        query = {"pattern": SUSPENDED_PATTERN}
        return list(_parse_rows(self._store.connection.execute(sql.SUSPENDED_RECORDS, query)))

    def save(self, record: SyncRecord) -> None:
        """Insert or replace one record."""
        with self._store.transaction() as connection:
            connection.execute(sql.SAVE_RECORD, _row(record))

    def transfer(self, record: SyncRecord, scene_id: int) -> SyncRecord:
        """Give what is known of the item to another scene and return that scene's record.

        It proves nothing about the state of that scene: it has no `updated_at` and no ETag.
        """
        images = {name: replace(image, etag="") for name, image in record.images.items()}
        transferred = replace(record, scene_id=scene_id, updated_at="", read_at=0.0, images=images)
        with self._store.transaction() as connection:
            connection.execute(sql.SAVE_RECORD, _row(transferred))
            old = {"scene_id": record.scene_id, "server": record.server, "item": record.item}
            connection.execute(sql.FORGET_ITEM, old)
        return transferred

    def forget_scene(self, scene_id: int) -> int:
        """Remove the scene's records on every server; how many."""
        with self._store.transaction() as connection:
            return connection.execute(sql.FORGET_SCENE, {"scene_id": scene_id}).rowcount

    def forget_item(self, scene_id: int, server: str, item: int) -> None:
        """Remove one record whose item is gone."""
        with self._store.transaction() as connection:
            connection.execute(
                sql.FORGET_ITEM, {"scene_id": scene_id, "server": server, "item": item}
            )

    def rekey(self, record: SyncRecord, scene_id: int) -> None:
        """Give the record another scene id; `UNASSIGNED` until its file is seen.

        It proves no state of that scene, whose time may be the same, so its `updated_at` is "".
        """
        row = {
            "scene_id": record.scene_id,
            "server": record.server,
            "item": record.item,
            "new": scene_id,
        }
        with self._store.transaction() as connection:
            connection.execute(sql.REKEY_RECORD, row)

    def unassign(self, scene_id: int) -> int:
        """Unassign the records of a deleted scene until a scene has its files; return how many."""
        with self._store.transaction() as connection:
            return connection.execute(
                sql.UNASSIGN_RECORDS, {"scene_id": scene_id, "unassigned": UNASSIGNED}
            ).rowcount

    def last_synced_update(self, scene_id: int, server: str, oshash: str = "") -> tuple[str, float]:
        """Return the newest `updated_at` text synced and when it was read; ("", 0.0) if unknown.

        With an `oshash`, a record of another file counts as absent.
        """
        query = {"scene_id": scene_id, "server": server, "oshash": oshash}
        updated_at, read_at = self._store.connection.execute(
            sql.LAST_SYNCED_UPDATE, query
        ).fetchone()
        return updated_at or "", read_at or 0.0


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


def _row(record: SyncRecord) -> dict[str, Any]:
    return {**_values(record), "fields": _text(record.fields), "images": _text(record.images)}


def _text(parts: Mapping[str, FieldRecord | ImageRecord]) -> str:
    return json.dumps({name: _values(part) for name, part in parts.items()})


def _parse_rows(rows: Iterable[tuple[Any, ...]]) -> Iterator[SyncRecord]:
    """Yield the records in these rows; an invalid one counts as absent."""
    for row in rows:
        try:
            yield _from_row(row)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            # bytes that a bad disk has changed; the scene is then written as if for the first time
            continue


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
