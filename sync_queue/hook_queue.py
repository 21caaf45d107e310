"""The hook's door to the queue: note one change, see whether a worker lives, leave a spill file.

Standard library only, no network, nothing heavy. A hook never creates, migrates or repairs the
database: where it cannot write at once it spills, and only the worker, who holds the lease, mends.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Mapping, Sequence

from sync_queue import statements as sql

BUSY_TIMEOUT_S = 2.0
DATABASE = "queue.db"
LEASE = "lease.db"
SPILL = "spill"
MESSAGE = "message.json"
TOLD = "message.told.json"
REPEAT_AFTER_S = 3_600.0  # the same line is told once an hour, however many edits there are


class QueueUnavailable(Exception):
    """The database is missing, damaged, locked or of another version: spill instead."""


def connect(data_dir: str, timeout_s: float = BUSY_TIMEOUT_S) -> sqlite3.Connection:
    """A connection to the existing queue database, in autocommit mode.

    Raises:
        InboxClosed: there is no database, or its schema is not of this version.
        sqlite3.Error: it cannot be opened or read.
    """
    path = os.path.join(data_dir, DATABASE)
    if not os.path.exists(path):
        raise QueueUnavailable("no database yet")
    connection = sqlite3.connect(path, timeout=timeout_s, isolation_level=None)
    try:
        connection.text_factory = decode_lossy
        connection.execute("PRAGMA synchronous=NORMAL")
        no_checkpoint = getattr(sqlite3, "SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE", None)
        if (
            no_checkpoint is not None
        ):  # Python 3.12: the last one to leave need not wait for a checkpoint
            getattr(connection, "setconfig")(no_checkpoint, True)  # noqa: B009 (unknown to older stubs)
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version != sql.SCHEMA_VERSION:
            raise QueueUnavailable(f"schema version {version}")
    except UnicodeDecodeError as error:  # in the very message that tells of the damage
        connection.close()
        raise QueueUnavailable("the database is damaged") from error
    except BaseException:  # whatever went wrong, a half-opened connection must not stay open
        connection.close()
        raise
    return connection


def decode_lossy(raw: bytes) -> str:
    """Text as the database holds it; a damaged character must not keep anybody from reading the others."""
    return raw.decode("utf-8", "replace")


def job_row(
    subject: str, cause: str, priority: int, now: float, settle_s: float, window_s: float | None
) -> dict[str, object]:
    """The parameters of the NOTE statement. `window_s` is None for notes that no person waits for."""
    return {
        "subject": subject,
        "cause": cause,
        "priority": priority,
        "now": now,
        "due_at": now + settle_s,
        "window": window_s,
        "data": json.dumps({"subject": subject, "cause": cause}),
    }


def session_parameters(server_connection: object, now: float) -> dict[str, object] | None:
    """The session row from Stash's `server_connection`; None when there is no usable one."""
    if not isinstance(server_connection, dict):
        return None
    port = server_connection.get("Port")
    if not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 65536:
        return None
    cookie = server_connection.get("SessionCookie")
    value = cookie.get("Value") if isinstance(cookie, dict) else None
    return {
        "scheme": "https" if server_connection.get("Scheme") == "https" else "http",
        "host": _replace_surrogates(str(server_connection.get("Host") or "")),
        "port": port,
        "cookie": _replace_surrogates(value) if isinstance(value, str) else "",
        "now": now,
    }


def _replace_surrogates(text: str) -> str:
    """SQLite refuses unpaired surrogates; they become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def insert_job(
    connection: sqlite3.Connection,
    note: dict[str, object],
    session: dict[str, object] | None,
    more: Sequence[dict[str, object]] = (),
) -> None:
    """Note one change, with what else it touched, and keep the session, in one transaction.

    Raises:
        sqlite3.Error: nothing was written.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.executemany(sql.ENQUEUE, (note, *more))
        if session is not None:
            connection.execute(sql.SAVE_SESSION, session)
        connection.execute("COMMIT")
    except BaseException:  # an open transaction would keep the lock until this process ends
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def pop_notices(connection: sqlite3.Connection, now: float) -> list[tuple[str, str]]:
    """(level, text) of what people have not been told yet, marked as told; [] when there is nothing."""
    rows = connection.execute(sql.PENDING_NOTICES).fetchall()
    return [
        (level, text)
        for kind, level, text in rows
        if connection.execute(sql.MARK_DELIVERED, {"class": kind, "now": now}).rowcount == 1
    ]


def is_worker_alive(data_dir: str) -> bool:
    """Whether a process holds the lease: one read at timeout 0, busy means alive.

    The lease file is never written, so a missing one means that no worker has ever lived here.
    """
    path = os.path.join(data_dir, LEASE)
    if not os.path.exists(path):
        return False
    try:
        connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    except sqlite3.Error:
        return False  # what cannot be opened holds nobody; the change must be noted all the same
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        return "locked" in str(error)
    except sqlite3.DatabaseError:
        return False  # a damaged lease file holds nobody; the next worker replaces it
    finally:
        connection.close()
    return False


def write_spills(
    data_dir: str, notes: Sequence[Mapping[str, object]], session: Mapping[str, object] | None
) -> None:
    """Leave each change as a file; the first one carries the session.

    Raises:
        OSError: not all of them could be left.
    """
    for place, note in enumerate(notes):
        write_spill(data_dir, note, None if place else session, place)


def write_spill(
    data_dir: str,
    note: Mapping[str, object] | None,
    session: Mapping[str, object] | None,
    place: int = 0,
) -> str:
    """Leave one change, or only the session, as a file for the worker; the path.

    `place` tells files of one moment apart: not every clock has nanoseconds.

    Raises:
        OSError: not even that was possible.
    """
    folder = os.path.join(data_dir, SPILL)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    name = f"{time.time_ns():020d}-{os.getpid()}-{place}"
    temporary = os.path.join(folder, name + ".tmp")
    text = json.dumps({"note": note, "session": session})
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
    except OSError:
        os.unlink(temporary)
        raise
    path = os.path.join(folder, name + ".json")
    os.replace(temporary, path)
    return path


def write_pending_message(data_dir: str, level: str, text: str) -> None:
    """Leave one line for the next hook to print, where there is no database to keep a notice in.

    What was told less than an hour ago is not left again.
    """
    if _was_shown([level, text], os.path.join(data_dir, TOLD)):
        return
    path = os.path.join(data_dir, MESSAGE)
    temporary = f"{path}.{os.getpid()}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump([level, text], stream)
    os.replace(temporary, path)  # a hook that reads meanwhile sees all of it, or nothing


def _was_shown(line: list[str], told: str) -> bool:
    try:
        with open(told, encoding="utf-8") as stream:
            return (
                bool(json.load(stream) == line)
                and abs(time.time() - os.stat(told).st_mtime) < REPEAT_AFTER_S
            )
    except (OSError, ValueError):
        return False


def pop_pending_message(data_dir: str) -> tuple[str, str] | None:
    """(level, text) of the line that was left, each time once; None when there is none."""
    path = os.path.join(data_dir, MESSAGE)
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            content = stream.read()
        os.replace(path, os.path.join(data_dir, TOLD))
    except OSError:
        return None
    try:
        level, text = json.loads(content)
    except (ValueError, TypeError, RecursionError):
        return (
            "warning",
            "PlexSync's worker left a message that cannot be read; see plexsync.log in its data folder.",
        )
    return str(level), str(text)
