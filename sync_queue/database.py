"""Open write transactions and recognize damage: short transactions, one connection per thread."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

# Parts of SQLite's messages. All but the first two: the schema, which this version made, has
# changed.
_DAMAGE = (
    "malformed",
    "not a database",
    "no such column",
    "no such table",
    "has no column named",
    "clause does not match",
)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Run the body as one write transaction, which is rolled back if the body raises."""
    connection.execute("BEGIN IMMEDIATE")
    # The connection commits or rolls back: an open transaction would block every hook.
    with connection:
        yield connection


def is_damage(error: sqlite3.Error) -> bool:
    """Return True if an error means that the file is damaged, not busy, full or unreachable."""
    text = str(error).lower()
    return isinstance(error, sqlite3.DatabaseError) and any(words in text for words in _DAMAGE)
