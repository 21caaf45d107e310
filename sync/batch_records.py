"""Keep the sync records of one batch in memory, in step with the database."""

import sqlite3
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import replace

from core.original import Original
from core.record import SyncRecord
from sync_queue.records import Records


class BatchRecords:
    """The records of a batch's scenes and items on one server, read with two statements.

    Every change is written to the database first, except for what `keep` is given. Only the worker
    that holds the lease writes records, so nothing else changes them while the batch is processed.
    """

    def __init__(self, records: Records, server: str) -> None:
        self.server = server
        self._records = records
        self._by_scene: dict[int, dict[int, SyncRecord]] = {}
        self._by_item: dict[int, dict[int, SyncRecord]] = {}
        self._changed_by: dict[int, int] = {}

    def load(self, scene_ids: Iterable[int], items: Iterable[int]) -> None:
        """Read the records of these scenes, and those of every scene on these items."""
        scenes = sorted(set(scene_ids))
        for record in self._records.of_scenes(scenes, self.server):
            self._put(record)
        others = self._records.of_items(sorted(set(items)), self.server, without=frozenset(scenes))
        for record in others:
            self._put(record)

    def get(self, scene_id: int, item: int) -> SyncRecord | None:
        """Return the scene's record on the item; None when there is none."""
        return self._by_scene.get(scene_id, {}).get(item)

    def of_scene(self, scene_id: int) -> list[SyncRecord]:
        """Return the records of one loaded scene; [] when there is none."""
        return list(self._by_scene.get(scene_id, {}).values())

    def of_item(self, item: int) -> list[SyncRecord]:
        """Return every scene's record on one loaded item, lowest scene id first."""
        records = self._by_item.get(item, {})
        return [records[scene_id] for scene_id in sorted(records)]

    def originals_of(self, item: int) -> dict[str, Original]:
        """Return what the item showed before the first write, by field; {} if never written."""
        return self._records.originals.of_item(self.server, item)

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """Open a transaction for several changes; hooks wait until it ends."""
        return self._records.transaction()

    def save(self, *records: SyncRecord) -> None:
        """Insert or replace records in one transaction."""
        self._records.save_all(records)
        for record in records:
            self.keep(record)

    def keep(self, record: SyncRecord) -> None:
        """Use this record from now on; it is saved in the transaction that completes its job."""
        self._put(record)
        self._changed_by[record.item] = record.scene_id

    def transfer(self, record: SyncRecord, scene_id: int) -> None:
        """Give what is known of the item to another scene."""
        transferred = self._records.transfer(record, scene_id)
        self._drop(record, changed_by=scene_id)
        self._put(transferred)

    def rekey(self, record: SyncRecord, scene_id: int) -> None:
        """Move the record to the id that its scene has now; see `Records.rekey`."""
        self._records.rekey(record, scene_id)
        self._drop(record, changed_by=scene_id)
        self._put(replace(record, scene_id=scene_id, updated_at=""))

    def forget_item(self, scene_id: int, item: int) -> None:
        """Remove one record of a scene that is matched with other items now."""
        self._records.forget_item(scene_id, self.server, item)
        self._drop_keys(scene_id, [item])

    def forget_scene(self, scene_id: int) -> None:
        """Remove the records of a scene that the user has deleted."""
        self._records.forget_scene(scene_id)
        self._drop_keys(scene_id, [record.item for record in self.of_scene(scene_id)])

    def unassign(self, scene_id: int) -> None:
        """Keep the records of a scene id that is gone for the scene that has their file now."""
        self._records.unassign(scene_id)
        self._drop_keys(scene_id, [record.item for record in self.of_scene(scene_id)])

    def mark_planned(self) -> None:
        """Start watching for changes that make a plan outdated."""
        self._changed_by.clear()

    def changed_by_other(self, scene_id: int, item: int) -> bool:
        """Return True if another scene's record on the item was written after planning."""
        return self._changed_by.get(item, scene_id) != scene_id

    def _put(self, record: SyncRecord) -> None:
        self._by_scene.setdefault(record.scene_id, {})[record.item] = record
        self._by_item.setdefault(record.item, {})[record.scene_id] = record

    def _drop(self, record: SyncRecord, changed_by: int) -> None:
        self._drop_keys(record.scene_id, [record.item])
        self._changed_by[record.item] = changed_by

    def _drop_keys(self, scene_id: int, items: Iterable[int]) -> None:
        for item in items:
            self._by_scene.get(scene_id, {}).pop(item, None)
            self._by_item.get(item, {}).pop(scene_id, None)
            self._changed_by[item] = scene_id
