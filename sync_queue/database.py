"""How this package talks to SQLite: short transactions, one connection per thread, no surprises."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

# The last two: the names in the schema itself have changed, since this version made it.
_DAMAGE = ("malformed", "not a database", "no such column", "no such table")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One write transaction: all of it, or none of it when the body raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:  # an open transaction would keep every hook waiting
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def is_damage(error: sqlite3.Error) -> bool:
    """Whether an error says that the file is damaged, rather than busy, full or out of reach."""
    text = str(error).lower()
    return isinstance(error, sqlite3.DatabaseError) and any(words in text for words in _DAMAGE)
