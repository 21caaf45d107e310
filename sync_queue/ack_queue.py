"""Defines the queue's table: persist-queue's ack queue with the columns that PlexSync needs.

The library's own table form and statuses are kept, so its tools read what PlexSync wrote and the
other way round. Its SQL is in class attributes; only those and the connection's options differ
here. State changes of a job are PlexSync's own statements (`store.py`): the library's `get` is a
SELECT followed by an UPDATE, its `nack` returns a row to its old position, and its `ack` accepts an
unknown id.
"""

import sqlite3

from persistqueue.serializers import json as json_serializer
from persistqueue.sqlackqueue import SQLiteAckQueue

from sync_queue.hook_queue import BUSY_TIMEOUT_S, DATABASE, decode_lossy

KEEP_DONE = 200  # done rows that stay visible to the user
MAX_PRUNED = 10_000  # rows deleted in one statement, so that a hook never waits long

_DUE = "(julianday('now') - 2440587.5) * 86400.0"


class SceneAckQueue(SQLiteAckQueue):
    """`SQLiteAckQueue` with `subject`, `cause`, `priority`, `due_at`, `attempts`.

    An item is `{"subject": "scene:42", "cause": "update"}`. `put` raises `sqlite3.IntegrityError`
    when the subject already waits; a job that is not due is invisible to `get`.
    """

    _TABLE_NAME = "scene_ack_queue"
    _SQL_CREATE = (
        "CREATE TABLE IF NOT EXISTS {table_name} ("
        "{key_column} INTEGER PRIMARY KEY AUTOINCREMENT, data BLOB, timestamp FLOAT, "
        "status INTEGER, "
        "subject TEXT NOT NULL, cause TEXT NOT NULL, priority INTEGER NOT NULL DEFAULT 0, "
        "due_at FLOAT NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0, "
        "deaths INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '')"
    )
    _SQL_INSERT = (
        "INSERT INTO {table_name} (data, timestamp, status, subject, cause, due_at) "
        "SELECT item, at, 0, json_extract(CAST(item AS TEXT), '$.subject'), "
        "json_extract(CAST(item AS TEXT), '$.cause'), at FROM (SELECT ? AS item, ? AS at)"
    )
    _SQL_SELECT = (
        "SELECT {key_column}, data, timestamp, status FROM {table_name} "
        "WHERE {key_column} > {rowid} AND status < 2 AND due_at <= " + _DUE + " "
        "ORDER BY priority, due_at, {key_column} LIMIT 1"
    )

    def __init__(self, data_dir: str) -> None:
        super().__init__(
            data_dir,
            auto_resume=False,  # resuming would release the claims of every other process as well
            serializer=json_serializer,
            db_file_name=DATABASE,
            timeout=BUSY_TIMEOUT_S,
        )
        self._conn.text_factory = decode_lossy  # the library has set its own

    def _new_db_connection(
        self, path: str, multithreading: bool, timeout: float
    ) -> sqlite3.Connection:
        """The library would switch to WAL here; whether WAL works was decided once, at creation."""
        connection = sqlite3.connect(
            f"{path}/{self.db_file_name}", timeout=timeout, isolation_level=None
        )
        connection.execute("PRAGMA synchronous=NORMAL")
        if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            connection.execute(
                "PRAGMA journal_mode=TRUNCATE"
            )  # unlike WAL, the file does not remember it
        return connection

    def __del__(self) -> None:
        """The library would close here, in whatever thread collects the garbage; SQLite refuses
        that.
        """

    def prune(self, keep: int = KEEP_DONE) -> None:
        """Delete done rows beyond the newest `keep`; waiting and running rows stay.

        Call `JobStore.check_epoch` before, because the library's statement is not fenced.
        """
        self.clear_acked_data(max_delete=MAX_PRUNED, keep_latest=keep)

    @property
    def connection(self) -> sqlite3.Connection:
        """Return the connection behind the queue, in autocommit mode."""
        connection: sqlite3.Connection = self._conn
        return connection
