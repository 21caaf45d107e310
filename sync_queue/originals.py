"""What Plex showed before PlexSync's first write: one row per item, each field kept at its own
first write.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.original import Original
from sync_queue import record_statements as record_sql
from sync_queue import statements as sql
from sync_queue.database import read_among
from sync_queue.store import JobStore

_ATTRIBUTES = {  # by the keys in an original's JSON, which are users' data and stay
    "value": "value",
    "locked": "locked",
    "marks": "written_digests",
    "put": "added",
    "taken": "removed",
}


KeptItem = tuple[int, int, Mapping[str, Original]]
"""An item, its library, and its originals by field."""


@dataclass(frozen=True, slots=True)
class Overwritten:
    """What is about to be overwritten on one item of a library: the originals by field."""

    item: int
    section: int
    fields: Mapping[str, Original]


class Originals:
    """The originals in the queue's database; `server` is Plex's identifier."""

    def __init__(self, store: JobStore) -> None:
        self._store = store

    def save(self, server: str, overwritten: Iterable[Overwritten], now: float) -> None:
        """Keep what is about to be overwritten on these items, in one transaction.

        Of a field that is kept already only its marks are added to.
        """
        entries = list(overwritten)
        texts = dict(
            read_among(
                self._store.connection,
                record_sql.ORIGINALS_AMONG,
                [entry.item for entry in entries],
                server,
            )
        )
        rows = []
        for entry in entries:
            before = texts.get(entry.item, "{}")
            shown = _merged_text(before, entry.fields)
            if shown != before:
                key = {"server": server, "item": entry.item, "section": entry.section}
                rows.append({**key, "now": now, "shown": shown})
        if rows:
            with self._store.transaction() as connection:
                connection.executemany(record_sql.SAVE_ORIGINALS, rows)

    def of_item(self, server: str, item: int) -> dict[str, Original]:
        """Return what is kept of one item, by field; {} for nothing."""
        key = {"server": server, "item": item}
        row = self._store.connection.execute(record_sql.READ_ORIGINALS, key).fetchone()
        return _from_text(row[0]) if row else {}

    def row(self, server: str, item: int) -> tuple[int, int, dict[str, Original]] | None:
        """Return one item as `page` does; None if nothing is kept of it."""
        rows = self.page(server, item - 1, 1)
        return rows[0] if rows and rows[0][0] == item else None

    def count(self, server: str) -> int:
        """Return how many items were written since they were last restored."""
        return int(
            self._store.connection.execute(
                record_sql.COUNT_ORIGINALS, {"server": server}
            ).fetchone()[0]
        )

    def page(
        self, server: str, after: int, size: int
    ) -> list[tuple[int, int, dict[str, Original]]]:
        """(item, library, its fields) of the next items by rating key; [] at the end."""
        query = {"server": server, "after": after, "size": size}
        rows = self._store.connection.execute(record_sql.ORIGINALS_AFTER, query).fetchall()
        return [(item, section, _from_text(shown)) for item, section, shown in rows]

    def copy_server(self, connection: sqlite3.Connection, old: str, new: str, section: int) -> int:
        """Copy the originals of one library to another identifier of the server; return how many.

        Of an item that has originals under both, the older ones count: what Plex showed later may
        be PlexSync's own values. Call it within a transaction.
        """
        values = {"old": old, "new": new, "section": section}
        both = connection.execute(record_sql.ORIGINALS_OF_BOTH, values).fetchall()
        for item, kept_at, old_text, new_text in both:
            known, later = _from_text(old_text), _from_text(new_text)
            merged = {name: known[name].merged_with(later[name]) for name in known if name in later}
            row = {"server": new, "item": item, "section": section, "now": kept_at}
            text = _text({**later, **known, **merged})
            connection.execute(record_sql.SAVE_ORIGINALS, {**row, "shown": text})
        return connection.execute(record_sql.COPY_ORIGINALS, values).rowcount + len(both)

    def forget(self, server: str, item: int) -> None:
        """Forget in one transaction that a restored item was written, by whichever scene."""
        key = {"server": server, "item": item}
        with self._store.transaction() as connection:
            # Plex keeps the images that were uploaded to the item.
            connection.execute(sql.MARK_UPLOADS_UNKNOWN)
            connection.execute(record_sql.FORGET_ORIGINALS, key)
            connection.execute(record_sql.FORGET_ITEM_RECORDS, key)


def _merged_text(text: str, fields: Mapping[str, Original]) -> str:
    """Return the stored text of an item with what is about to be overwritten there."""
    # The other fields stay as they are stored: reading and writing them takes longer than SQLite.
    documents = _documents(text)
    for name, original in fields.items():
        known = _original(documents.get(name))
        documents[name] = _document(known.merged_with(original) if known else original)
    return json.dumps(documents)


def _text(fields: Mapping[str, Original]) -> str:
    return json.dumps({name: _document(original) for name, original in fields.items()})


def _from_text(text: str) -> dict[str, Original]:
    """Return the fields of one item; what a bad disk has made invalid counts as absent."""
    fields = {name: _original(document) for name, document in _documents(text).items()}
    return {name: original for name, original in fields.items() if original is not None}


def _documents(text: str) -> dict[str, Any]:
    try:
        documents = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return {}
    return documents if isinstance(documents, dict) else {}


def _document(original: Original) -> dict[str, Any]:
    return {key: getattr(original, attribute) for key, attribute in _ATTRIBUTES.items()}


def _original(document: Any) -> Original | None:
    try:
        values = {_ATTRIBUTES[key]: _frozen(value) for key, value in document.items()}
        return Original(**values)
    except (TypeError, KeyError, AttributeError):
        return None


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
