"""Copy what a damaged database still shows into its successor. Only the lease holder calls this."""

import contextlib
import json
import sqlite3
from pathlib import Path

from core.units import DAY_S
from sync_queue import statements as sql
from sync_queue.database import transaction
from sync_queue.error_names import RENAME_ERRORS
from sync_queue.hook_queue import decode_lossy


def salvage(damaged: Path, connection: sqlite3.Connection) -> bool:
    """Enqueue every waiting or running subject that a damaged database shows; False if not all.

    It is read from both ends, so that one bad page costs no more than itself, and without its
    indexes.
    """
    is_complete = True
    with contextlib.closing(sqlite3.connect(damaged, isolation_level=None)) as source:
        source.text_factory = decode_lossy
        for order in ("ASC", "DESC"):
            try:
                for row in source.execute(sql.SALVAGE.format(order=order)):
                    is_complete &= _reenqueue(row, connection)
                break
            except (sqlite3.Error, UnicodeDecodeError):
                is_complete = False  # what cannot be read is repaired by the catch-up
    return is_complete


def _reenqueue(row: tuple[object, ...], connection: sqlite3.Connection) -> bool:
    """Enqueue one salvaged row; return False if it is invalid."""
    data, timestamp, subject, cause, priority = row
    is_sane = (
        isinstance(timestamp, float) and isinstance(priority, int) and isinstance(subject, str)
    )
    if not is_sane or not isinstance(data, bytes) or not isinstance(cause, str):
        return False
    note = {
        "data": data,
        "now": timestamp,
        "subject": subject,
        "cause": cause,
        "priority": priority,
    }
    connection.execute(sql.ENQUEUE, {**note, "due_at": timestamp, "window": None})
    return True


def recover_tables(damaged: Path, connection: sqlite3.Connection) -> None:
    """Copy the tables that exist nowhere else; a damaged database is newer than the backup."""
    with (
        contextlib.closing(sqlite3.connect(damaged, isolation_level=None)) as source,
        transaction(connection),
    ):
        source.text_factory = decode_lossy
        for table, columns, documents in sql.RECOVERED_TABLES:
            try:
                for row in source.execute(f"SELECT {columns} FROM {table} NOT INDEXED"):
                    if _is_valid(row, documents):
                        connection.execute(
                            sql.UPSERT_ROW.format(
                                table=table, columns=columns, row=_question_marks(row)
                            ),
                            row,
                        )
            except (sqlite3.Error, UnicodeDecodeError):
                continue  # the backup's rows stay
        # The damaged database may be of a version whose error classes had other names.
        for statement in RENAME_ERRORS:
            connection.execute(statement)


def _question_marks(row: tuple[object, ...]) -> str:
    return ", ".join("?" * len(row))


def _is_valid(row: tuple[object, ...], documents: int) -> bool:
    """Return True if a row lacks nothing, has no damaged character, and ends with JSON columns."""
    if any(value is None or isinstance(value, bytes) or "\ufffd" in str(value) for value in row):
        return False
    try:
        return all(
            isinstance(json.loads(str(text)), dict | list) for text in row[len(row) - documents :]
        )
    except (ValueError, RecursionError):
        return False


def recover_watermark(damaged: Path, connection: sqlite3.Connection, is_complete: bool) -> None:
    """Set the watermark, without which the catch-up would start now and repair nothing.

    Where neither the backup nor the damaged database has it, or where not every waiting job could
    be read, it lies a day back: there is no backup of a day ago, so the database held nothing
    older.
    """
    known = damaged.stat().st_mtime - DAY_S
    try:
        with contextlib.closing(sqlite3.connect(damaged, isolation_level=None)) as source:
            row = (
                source.execute(sql.GET_META, {"key": sql.WATERMARK}).fetchone()
                if is_complete
                else None
            )
            known = float(row[0]) if row else known
    except (sqlite3.Error, ValueError, TypeError):  # an undecodable text is a ValueError too
        pass  # then the careful guess stands
    connection.execute(sql.INSERT_META, {"key": sql.WATERMARK, "value": repr(known)})
