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
        rows = []
        for entry in overwritten:
            known = self.of_item(server, entry.item)
            changed = {
                name: _merged(known.get(name), original) for name, original in entry.fields.items()
            }
            if any(known.get(name) != original for name, original in changed.items()):
                shown = _text({**known, **changed})
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


def _merged(known: Original | None, new: Original) -> Original:
    return known.merged_with(new) if known else new


def _text(fields: Mapping[str, Original]) -> str:
    documents = {
        name: {key: getattr(original, attribute) for key, attribute in _ATTRIBUTES.items()}
        for name, original in fields.items()
    }
    return json.dumps(documents)


def _from_text(text: str) -> dict[str, Original]:
    """Return the fields of one item; {} for an invalid text, which a bad disk may have changed."""
    try:
        document: dict[str, dict[str, Any]] = json.loads(text)
        return {
            name: Original(**{_ATTRIBUTES[key]: _frozen(value) for key, value in stored.items()})
            for name, stored in document.items()
        }
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
