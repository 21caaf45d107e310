"""Sync records: which scene was written to which item, and what is ours there."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from core.record import SyncRecord
from sync_queue import record_statements as record_sql
from sync_queue import statements as sql
from sync_queue.collections import OwnCollections
from sync_queue.database import read_among
from sync_queue.history_document import SUSPENDED_PATTERN
from sync_queue.originals import KeptItem, Originals
from sync_queue.record_rows import Row, parse_rows, row_of
from sync_queue.store import JobStore

UNASSIGNED = (
    0  # the scene id of a record whose scene id denotes another file now; Stash counts from 1
)

# The verifying read looks at what was saved since the last one; parsing that again costs more.
_KEPT_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class RecordPlace:
    """Where one record's file is: the item, the library's UUID and the path in Plex."""

    scene_id: int
    item: int
    section: str
    path: str


@dataclass(frozen=True, slots=True)
class CopiedRows:
    """How many records and originals were copied to another identifier of a server."""

    records: int = 0
    originals: int = 0


class Records:
    """The sync records in the queue's database. A record of another server counts as absent.

    `originals` are what the items showed before, `collections` those that PlexSync made of groups.
    """

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self.originals = Originals(store)
        self.collections = OwnCollections(store)
        self._checked_servers: set[str] = set()
        self._saved: dict[Row, SyncRecord] = {}

    def unchecked_servers(self, server: str) -> list[str]:
        """Return other servers with records that may be this one, the newest first; [] for none."""
        if server in self._checked_servers or self._was_copied(server):
            return []
        rows = self._store.connection.execute(record_sql.RECORDED_SERVERS).fetchall()
        return [other for (other,) in rows if other != server]

    def mark_checked(self, server: str) -> None:
        """Do not compare this server with others again in this run."""
        self._checked_servers.add(server)

    def copy_server(self, old: str, new: str, sections: Mapping[str, int]) -> CopiedRows:
        """Copy what is known of these libraries to another identifier of the server, once.

        With any library, the items that the user has chosen for scenes are copied as well.

        Args:
            old: the identifier that is copied from; its rows stay.
            new: the identifier that is copied to; its own records stay as they are.
            sections: the keys of the libraries by UUID; {} only notes that nothing is copied.
        """
        records = originals = 0
        with self._store.transaction() as connection:
            for uuid, key in sections.items():
                values = {"old": old, "new": new, "section": uuid}
                records += connection.execute(record_sql.COPY_RECORDS, values).rowcount
                originals += self.originals.copy_server(connection, old, new, key)
                self.collections.copy_server(connection, old, new, key)
            if sections:
                connection.execute(record_sql.COPY_OVERRIDES, {"old": old, "new": new})
            values = {"key": _copied_key(new), "value": old}
            connection.execute(sql.SET_META, values)
        return CopiedRows(records, originals)

    def _was_copied(self, server: str) -> bool:
        row = self._store.connection.execute(sql.GET_META, {"key": _copied_key(server)}).fetchone()
        return bool(row and row[0])

    def names_every_upload(self, server: str) -> bool:
        """Return True if the originals name every image that was ever uploaded to this server.

        False from the moment on when some may have been lost: an item was restored, the database
        is a copy or was repaired, or the server has had another identifier.
        """
        query = {"unknown": sql.UPLOADS_UNKNOWN, "copied": _copied_key(server)}
        row = self._store.connection.execute(record_sql.NAMES_EVERY_UPLOAD, query).fetchone()
        return bool(row[0])

    def of_scene(self, scene_id: int, server: str) -> dict[int, SyncRecord]:
        """Return the scene's records on one server, by item; {} if there is none."""
        query = {"scene_id": scene_id, "server": server}
        rows = self._store.connection.execute(record_sql.SCENE_RECORDS, query).fetchall()
        return {record.item: record for record in parse_rows(rows, self._saved)}

    def of_item(self, item: int, server: str) -> list[SyncRecord]:
        """Return every scene's record on one item, lowest scene id first."""
        rows = self._store.connection.execute(
            record_sql.ITEM_RECORDS, {"item": item, "server": server}
        ).fetchall()
        return sorted(parse_rows(rows, self._saved), key=lambda record: record.scene_id)

    def of_scenes(self, scene_ids: Sequence[int], server: str) -> list[SyncRecord]:
        """Return every record of these scenes on one server; [] when there is none."""
        return self._read_many(record_sql.RECORDS_OF_SCENES, scene_ids, server)

    def of_items(
        self, items: Sequence[int], server: str, *, without: Collection[int] = ()
    ) -> list[SyncRecord]:
        """Return the records on these items, except for those of some scenes; [] for none."""
        return self._read_many(record_sql.RECORDS_OF_ITEMS, items, server, without)

    def _read_many(
        self, statement: str, keys: Sequence[int], server: str, without: Collection[int] = ()
    ) -> list[SyncRecord]:
        rows = read_among(self._store.connection, statement, keys, server)
        # Parsing costs more than reading.
        return list(parse_rows((row for row in rows if row[0] not in without), self._saved))

    def kept_items(self, scene_id: int, server: str) -> list[KeptItem]:
        """Return the items that were written for the scene and whose originals are kept."""
        kept = [self.originals.row(server, item) for item in self.of_scene(scene_id, server)]
        return [row for row in kept if row is not None]

    def recorded_scenes(self, scene_ids: Sequence[int]) -> set[int]:
        """Return those of the scenes that have a record on any server."""
        rows = read_among(self._store.connection, record_sql.RECORDED_AMONG, scene_ids)
        return {row[0] for row in rows}

    def places(self, server: str) -> Iterator[RecordPlace]:
        """Yield where the file of each record of a scene is; one statement for all of them."""
        rows = self._store.connection.execute(record_sql.RECORD_PLACES, {"server": server})
        return (RecordPlace(*row) for row in rows)

    def claims(self, server: str, item: int) -> set[int]:
        """Return the scenes that another scene kept from an item; empty for none."""
        row = self._store.connection.execute(sql.GET_META, {"key": _claims_key(server, item)})
        text = (row.fetchone() or ("",))[0]
        return {int(scene_id) for scene_id in text.split() if scene_id.isdecimal()}

    def save_claim(self, server: str, item: int, scene_id: int) -> None:
        """Remember that another scene owns the item, which this one plays as well."""
        claims = self.claims(server, item)
        if scene_id not in claims:
            text = " ".join(map(str, sorted({*claims, scene_id})))
            with self._store.transaction() as connection:
                values = {"key": _claims_key(server, item), "value": text}
                connection.execute(sql.SET_META, values)

    def scenes_between(self, after: int, until: int, server: str) -> list[int]:
        """Return the ids above `after` up to `until` that have a record, ascending; [] for none."""
        query = {"after": after, "until": until, "server": server}
        return [
            row[0]
            for row in self._store.connection.execute(record_sql.RECORDED_SCENES, query).fetchall()
        ]

    def scenes_matched_by(self, confidence: str, server: str) -> list[int]:
        """Return the scenes whose match had this confidence; [] for none."""
        query = {"confidence": confidence, "server": server}
        return [
            row[0]
            for row in self._store.connection.execute(
                record_sql.SCENES_BY_CONFIDENCE, query
            ).fetchall()
        ]

    def known_scenes(self, after: int, upto: int, limit: int) -> list[int]:
        """Return the scenes with any stored row, dead letters included: ids above `after` up to
        `upto`.
        """
        query = {"after": after, "upto": upto, "limit": limit}
        return [
            row[0]
            for row in self._store.connection.execute(record_sql.KNOWN_SCENES, query).fetchall()
        ]

    def has_any(self) -> bool:
        """Return True if anything was ever written, or is about to be."""
        return self._store.connection.execute(record_sql.ANY_RECORD).fetchone() is not None

    def confidences(self) -> dict[str, int]:
        """Return how many records have which confidence, highest count first."""
        return dict(self._store.connection.execute(record_sql.CONFIDENCES).fetchall())

    def suspended(self) -> list[SyncRecord]:
        """Return every record, on any server, with a value that is no longer written."""
        query = {"pattern": SUSPENDED_PATTERN}
        rows = self._store.connection.execute(record_sql.SUSPENDED_RECORDS, query)
        return list(parse_rows(rows, self._saved))

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """Open a transaction that changes of records and originals join."""
        return self._store.transaction()

    def save(self, record: SyncRecord) -> None:
        """Insert or replace one record."""
        self.save_all([record])

    def save_all(self, records: Iterable[SyncRecord]) -> None:
        """Insert or replace records in one transaction."""
        # Hooks wait for an open transaction, so the rows are ready before it begins.
        saved = [(row_of(record), record) for record in records]
        if saved:
            with self._store.transaction() as connection:
                connection.executemany(record_sql.SAVE_RECORD, [row for row, _ in saved])
            if len(self._saved) >= _KEPT_ROWS:
                self._saved.clear()
            self._saved.update(saved)

    def transfer(self, record: SyncRecord, scene_id: int) -> SyncRecord:
        """Give what is known of the item to another scene and return that scene's record.

        It proves nothing about the state of that scene: it has no `updated_at` and no ETag.
        """
        images = {name: replace(image, etag="") for name, image in record.images.items()}
        transferred = replace(record, scene_id=scene_id, updated_at="", read_at=0.0, images=images)
        with self._store.transaction() as connection:
            connection.execute(record_sql.SAVE_RECORD, row_of(transferred))
            old = {"scene_id": record.scene_id, "server": record.server, "item": record.item}
            connection.execute(record_sql.FORGET_ITEM, old)
        return transferred

    def forget_scene(self, scene_id: int) -> int:
        """Remove the scene's records on every server; how many."""
        with self._store.transaction() as connection:
            return connection.execute(record_sql.FORGET_SCENE, {"scene_id": scene_id}).rowcount

    def forget_item(self, scene_id: int, server: str, item: int) -> None:
        """Remove one record whose item is gone."""
        with self._store.transaction() as connection:
            connection.execute(
                record_sql.FORGET_ITEM, {"scene_id": scene_id, "server": server, "item": item}
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
            connection.execute(record_sql.REKEY_RECORD, row)

    def unassign(self, scene_id: int) -> int:
        """Unassign the records of a deleted scene until a scene has its files; return how many."""
        with self._store.transaction() as connection:
            return connection.execute(
                record_sql.UNASSIGN_RECORDS, {"scene_id": scene_id, "unassigned": UNASSIGNED}
            ).rowcount

    def last_synced_update(self, scene_id: int, server: str, oshash: str = "") -> tuple[str, float]:
        """Return the newest `updated_at` text synced and when it was read; ("", 0.0) if unknown.

        With an `oshash`, a record of another file counts as absent.
        """
        query = {"scene_id": scene_id, "server": server, "oshash": oshash}
        updated_at, read_at = self._store.connection.execute(
            record_sql.LAST_SYNCED_UPDATE, query
        ).fetchone()
        return updated_at or "", read_at or 0.0


def _claims_key(server: str, item: int) -> str:
    return f"claims:{server}:{item}"


def _copied_key(server: str) -> str:
    return f"copied:{server}"
