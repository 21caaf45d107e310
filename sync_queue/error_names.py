"""Bring names of error classes that earlier versions stored up to date."""

from core.errors import RENAMED_ERRORS
from sync_queue import statements as sql

_COLUMNS = ((sql.QUEUE, "reason"), ("dead_letters", "reason"), ("counters", "name"))

RENAME_ERRORS = tuple(
    f"UPDATE {table} SET {column} = '{new}' WHERE {column} = '{old}'"
    for old, new in RENAMED_ERRORS.items()
    for table, column in _COLUMNS
)
"""One statement per renamed class and column; running them again changes nothing."""
