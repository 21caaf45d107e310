"""The collections that PlexSync made of groups: a row for each library and title.

A row is written before the edit that makes Plex create the collection. So a collection without a
row was there before, and is not PlexSync's to change or delete.
"""

import sqlite3
from collections.abc import Iterable, Mapping

from core.own_collection import Due, OwnCollection
from core.unicode_form import caseless
from sync_queue.store import JobStore

_COLUMNS = "server, section, title, subject, item, summary, image, etag, sending, due"
SAVE_COLLECTION = f"""
INSERT OR REPLACE INTO collections (title_key, {_COLUMNS})
VALUES (:title_key, :server, :section, :title, :subject, :item, :summary, :image, :etag, :sending, :due)
"""
FORGET_COLLECTION = """
DELETE FROM collections WHERE server = :server AND section = :section AND title_key = :title_key
"""
SETTLE_COLLECTION = """
UPDATE collections SET due = 0
WHERE server = :server AND section = :section AND title_key = :title_key
"""
COLLECTIONS = f"SELECT {_COLUMNS} FROM collections WHERE server = :server ORDER BY section, title"
DUE_COLLECTIONS = f"""
SELECT {_COLUMNS} FROM collections WHERE server = :server AND due > 0 ORDER BY subject, section
LIMIT :limit
"""
ANY_DUE_COLLECTION = "SELECT 1 FROM collections WHERE due > 0 LIMIT 1"
# A title may have a prefix. A full import gives a group another number, but not another name.
COLLECTIONS_OF_GROUP = """
UPDATE collections SET due = 2
WHERE subject = :subject OR (:name <> '' AND substr(title_key, -length(:name)) = :name)
"""
COPY_COLLECTIONS = f"""
INSERT OR IGNORE INTO collections (title_key, {_COLUMNS})
SELECT title_key, :new, section, title, subject, item, summary, image, etag, sending, 2
FROM collections WHERE server = :old AND section = :section
"""

RowKey = tuple[int, str]
"""A library and a title in the form in which Plex compares titles."""


def row_key(section: int, title: str) -> RowKey:
    """Return the key of a collection: Plex ignores case in titles."""
    return section, caseless(title.strip())


class OwnCollections:
    """The table in the queue's database; `server` is Plex's identifier."""

    def __init__(self, store: JobStore) -> None:
        self._store = store

    def of_server(self, server: str) -> dict[RowKey, OwnCollection]:
        """Return every collection of a server, by library and title."""
        rows = self._store.connection.execute(COLLECTIONS, {"server": server}).fetchall()
        return {row_key(row.section, row.title): row for row in map(_parse, rows)}

    def has_due(self) -> bool:
        """Return True if a collection of any server is due; one look into an index."""
        return self._store.connection.execute(ANY_DUE_COLLECTION).fetchone() is not None

    def due(self, server: str, limit: int) -> list[OwnCollection]:
        """Return the next due collections, those of one group together; [] for none."""
        query = {"server": server, "limit": limit}
        return [*map(_parse, self._store.connection.execute(DUE_COLLECTIONS, query).fetchall())]

    def save(self, *rows: OwnCollection) -> None:
        """Store rows, in one transaction."""
        if rows:
            with self._store.transaction() as connection:
                connection.executemany(SAVE_COLLECTION, [*map(_values, rows)])

    def forget(self, rows: Iterable[OwnCollection]) -> None:
        """Remove rows of collections that are gone, or that are no longer PlexSync's."""
        with self._store.transaction() as connection:
            connection.executemany(FORGET_COLLECTION, [_key_values(row) for row in rows])

    def mark_due(self, subject: str, name: str) -> int:
        """Have the collections of a changed or deleted group looked at; return how many.

        `name` is the group's, "" if it is not known.
        """
        query = {"subject": subject, "name": caseless(name.strip())}
        with self._store.transaction() as connection:
            return connection.execute(COLLECTIONS_OF_GROUP, query).rowcount

    def mark_titles_due(self, server: str, section: int, titles: Iterable[str]) -> None:
        """Have the own collections of these titles looked at: their members changed."""
        known = self.of_server(server)
        keys = {row_key(section, title) for title in titles} & known.keys()
        self.save(*(known[key].with_due(Due.MEMBERS) for key in keys))

    def settle(self, rows: Iterable[OwnCollection]) -> None:
        """Leave these collections alone until their group changes."""
        with self._store.transaction() as connection:
            connection.executemany(SETTLE_COLLECTION, [_key_values(row) for row in rows])

    def copy_server(self, connection: sqlite3.Connection, old: str, new: str, section: int) -> None:
        """Copy the rows of one library to another identifier; call it within a transaction."""
        connection.execute(COPY_COLLECTIONS, {"old": old, "new": new, "section": section})


def _parse(row: tuple[str, int, str, str, int, str, str, str, str, int]) -> OwnCollection:
    return OwnCollection(*row[:-1], due=Due(row[-1]))


def _key_values(row: OwnCollection) -> Mapping[str, object]:
    section, title_key = row_key(row.section, row.title)
    return {"server": row.server, "section": section, "title_key": title_key}


def _values(row: OwnCollection) -> Mapping[str, object]:
    return {
        **_key_values(row),
        "title": row.title,
        "subject": row.subject,
        "item": row.item,
        "summary": row.summary,
        "image": row.image,
        "etag": row.etag,
        "sending": row.sending,
        "due": int(row.due),
    }
