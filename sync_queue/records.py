"""Sync records: which scene was written to which item, and what is ours there."""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from core.record import FieldRecord, ImageRecord, SyncRecord
from sync_queue import statements as sql
from sync_queue.store import JobStore

_SCALARS = ("scene_id", "server", "item", "section", "path", "oshash", "updated_at", "read_at", "confidence")


class Records:
    """The sync records in the queue's database. A record of another server counts as absent."""

    def __init__(self, store: JobStore) -> None:
        self._store = store

    def of_scene(self, scene_id: int, server: str) -> dict[int, SyncRecord]:
        """The scene's records on one server, by item; {} when there is none."""
        query = {"scene_id": scene_id, "server": server}
        rows = self._store.connection.execute(sql.SCENE_RECORDS, query).fetchall()
        return {record.item: record for record in map(_from_row, rows)}

    def of_item(self, item: int, server: str) -> list[SyncRecord]:
        """Every scene's record on one item, lowest scene id first."""
        rows = self._store.connection.execute(sql.ITEM_RECORDS, {"item": item, "server": server}).fetchall()
        return sorted(map(_from_row, rows), key=lambda record: record.scene_id)

    def scenes_between(self, after: int, until: int, server: str) -> list[int]:
        """The ids above `after` up to `until` that have a record, ascending; [] when there is none."""
        query = {"after": after, "until": until, "server": server}
        return [row[0] for row in self._store.connection.execute(sql.RECORDED_SCENES, query).fetchall()]

    def scenes_matched_by(self, confidence: str, server: str) -> list[int]:
        """The scenes whose match was of this confidence; [] when there is none."""
        query = {"confidence": confidence, "server": server}
        return [row[0] for row in self._store.connection.execute(sql.SCENES_BY_CONFIDENCE, query).fetchall()]

    def confidences(self) -> dict[str, int]:
        """How many records of which confidence, most first."""
        return dict(self._store.connection.execute(sql.CONFIDENCES).fetchall())

    def save(self, record: SyncRecord) -> None:
        """Insert or replace one record."""
        values = _values(record)
        values["fields"] = _text(record.fields)
        values["images"] = _text(record.images)
        with self._store.transaction() as connection:
            connection.execute(sql.SAVE_RECORD, values)

    def forget_scene(self, scene_id: int) -> int:
        """Remove the scene's records on every server; how many."""
        with self._store.transaction() as connection:
            return connection.execute(sql.FORGET_SCENE, {"scene_id": scene_id}).rowcount

    def forget_item(self, scene_id: int, server: str, item: int) -> None:
        """Remove one record whose item is gone."""
        with self._store.transaction() as connection:
            connection.execute(sql.FORGET_ITEM, {"scene_id": scene_id, "server": server, "item": item})

    def known_update(self, scene_id: int, server: str) -> tuple[str, float]:
        """The newest `updated_at` text synced and when it was read; ("", 0.0) when nothing is known."""
        query = {"scene_id": scene_id, "server": server}
        updated_at, read_at = self._store.connection.execute(sql.KNOWN_UPDATES, query).fetchone()
        return updated_at or "", read_at or 0.0


def _values(record: SyncRecord | FieldRecord | ImageRecord) -> dict[str, Any]:
    """The attributes as they are: `asdict` copies them deeply, which several saves per scene made dear."""
    return {each.name: getattr(record, each.name) for each in fields(record)}


def _text(parts: Mapping[str, FieldRecord | ImageRecord]) -> str:
    return json.dumps({name: _values(part) for name, part in parts.items()})


def _from_row(row: tuple[Any, ...]) -> SyncRecord:
    written = {
        name: FieldRecord(value["pushed"], value["seen"], tuple(value["names"]), value.get("intended", ""))
        for name, value in json.loads(row[9]).items()
    }
    images = {name: ImageRecord(**value) for name, value in json.loads(row[10]).items()}
    scalars: dict[str, Any] = dict(zip(_SCALARS, row, strict=False))
    return SyncRecord(**scalars, fields=written, images=images)
