"""Open write transactions and recognize damage: short transactions, one connection per thread."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

# SQLite before 3.32 takes 999 parameters in one statement.
_MAX_KEYS = 900
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


def read_among(
    connection: sqlite3.Connection, statement: str, keys: Sequence[object], *first: object
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows that have one of these keys.

    In the statement `{}` stands for the keys; `first` are the values of the parameters before it.
    """
    for start in range(0, len(keys), _MAX_KEYS):
        part = keys[start : start + _MAX_KEYS]
        marks = ", ".join("?" * len(part))
        yield from connection.execute(statement.format(marks), (*first, *part))


def is_damage(error: sqlite3.Error) -> bool:
    """Return True if an error means that the file is damaged, not busy, full or unreachable."""
    text = str(error).lower()
    return isinstance(error, sqlite3.DatabaseError) and any(words in text for words in _DAMAGE)
