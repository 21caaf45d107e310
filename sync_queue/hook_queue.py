"""Give hooks access to the queue: enqueue a change, probe the lease, write a spill file.

Standard library only, no network, nothing heavy: `json` is loaded where it is needed, because it
costs a hook more than the start of the interpreter. `_sqlite3` holds all of `sqlite3` but the
storing of dates: for that `sqlite3` loads `datetime`, which takes a tenth of a hook's time. A hook
never creates, migrates or repairs the database: where it cannot write immediately it spills, and
the holder of the lease repairs.
"""

import _sqlite3 as sqlite3
import os
import time

from sync_queue import statements as sql

TYPE_CHECKING = False  # `typing` and `collections.abc` cost a hook more than its own work
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

BUSY_TIMEOUT_S = 2.0
DATABASE = "queue.db"
LEASE = "lease.db"
SPILL = "spill"
MESSAGE = "message.json"
SHOWN = "message.told.json"
REPEAT_AFTER_S = 3_600.0  # the same line is printed once an hour, however many edits there are


class QueueUnavailable(Exception):
    """The database is missing, damaged, locked or of another version: spill instead."""


def connect(data_dir: str, timeout_s: float = BUSY_TIMEOUT_S) -> sqlite3.Connection:
    """Return a connection to the existing queue database, in autocommit mode.

    Raises:
        QueueUnavailable: there is no database, or its schema is not of this version.
        sqlite3.Error: it cannot be opened or read.
    """
    path = os.path.join(data_dir, DATABASE)
    if not os.path.exists(path):
        raise QueueUnavailable("no database yet")
    connection = sqlite3.connect(path, timeout=timeout_s, isolation_level=None)
    try:
        version = _prepare(connection)
    except UnicodeDecodeError as error:
        # Python fails to decode the message in which SQLite reports the damage.
        connection.close()
        raise QueueUnavailable("the database is damaged") from error
    except sqlite3.Error:
        connection.close()
        raise
    if version != sql.SCHEMA_VERSION:
        connection.close()
        raise QueueUnavailable(f"schema version {version}")
    return connection


def _prepare(connection: sqlite3.Connection) -> int:
    """Set the connection's options and return the version of the schema."""
    connection.text_factory = decode_lossy
    connection.execute("PRAGMA synchronous=NORMAL")
    # Since Python 3.12 the last connection need not write a checkpoint when it closes.
    no_checkpoint = getattr(sqlite3, "SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE", None)
    if no_checkpoint is not None:
        getattr(connection, "setconfig")(no_checkpoint, True)  # noqa: B009 (unknown to older stubs)
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def decode_lossy(raw: bytes) -> str:
    """Return text from the database; a damaged character is replaced, the rest is readable."""
    return raw.decode("utf-8", "replace")


def job_row(
    subject: str, cause: str, priority: int, now: float, settle_s: float, window_s: float | None
) -> dict[str, object]:
    """Return the parameters of ENQUEUE; `window_s` is None for changes that no user waits for."""
    return {
        "subject": subject,
        "cause": cause,
        "priority": priority,
        "now": now,
        "due_at": now + settle_s,
        "window": window_s,
        # without `json`: both are plain words
        "data": f'{{"subject": "{subject}", "cause": "{cause}"}}',
    }


def session_parameters(server_connection: object, now: float) -> dict[str, object] | None:
    """Return the session row from Stash's `server_connection`; None if it has no usable one."""
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
    """Replace unpaired surrogates, which SQLite rejects, with question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def insert_job(
    connection: sqlite3.Connection,
    row: dict[str, object],
    session: dict[str, object] | None,
    more: "Sequence[dict[str, object]]" = (),
) -> None:
    """Enqueue one change, with the other subjects it touched, and save the session.

    All of it is one transaction.

    Raises:
        sqlite3.Error: nothing was written.
    """
    connection.execute("BEGIN IMMEDIATE")
    # The connection commits or rolls back: an open transaction would block every other process.
    with connection:
        connection.executemany(sql.ENQUEUE, (row, *more))
        if session is not None:
            connection.execute(sql.SAVE_SESSION, session)


def save_session(
    data_dir: str,
    session: "Mapping[str, object] | None",
    on_saved: "Callable[[sqlite3.Connection], object] | None" = None,
) -> bool:
    """Save the session where the worker reads it; return False if no database can be opened.

    `on_saved` gets the connection before it is closed.

    Raises:
        sqlite3.Error: the database is locked or full.
    """
    try:
        connection = connect(data_dir)
    except (QueueUnavailable, sqlite3.Error):
        return False
    try:
        if session is not None:
            connection.execute(sql.SAVE_SESSION, session)
        if on_saved is not None:
            on_saved(connection)
    finally:
        connection.close()
    return True


def pop_notices(connection: sqlite3.Connection, now: float) -> list[tuple[str, str]]:
    """Mark pending notices as delivered and return (level, text) of each; [] if there is none."""
    rows = connection.execute(sql.PENDING_NOTICES).fetchall()
    return [
        (level, text)
        for kind, level, text in rows
        if connection.execute(sql.MARK_DELIVERED, {"class": kind, "now": now}).rowcount == 1
    ]


def is_worker_alive(data_dir: str) -> bool:
    """Return True if a process holds the lease: one read at timeout 0, in which busy means held.

    The lease file is never written, so a missing one means that no worker has ever run here.
    """
    path = os.path.join(data_dir, LEASE)
    if not os.path.exists(path):
        return False
    try:
        connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    except sqlite3.Error:
        return False  # a file that cannot be opened is not held, and the change must be enqueued
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        return "locked" in str(error)
    except sqlite3.DatabaseError:
        return False  # a damaged lease file is not held; the next worker replaces it
    finally:
        connection.close()
    return False


def write_spills(
    data_dir: str,
    notes: "Sequence[Mapping[str, object]]",
    session: "Mapping[str, object] | None",
) -> None:
    """Write each change as a spill file; the first one carries the session.

    Raises:
        OSError: not all of them could be written.
    """
    for place, note in enumerate(notes):
        write_spill(data_dir, note, None if place else session, place)


def write_spill(
    data_dir: str,
    note: "Mapping[str, object] | None",
    session: "Mapping[str, object] | None",
    place: int = 0,
) -> str:
    """Write one change, or only the session, as a file for the worker; return its path.

    `place` distinguishes files of the same moment: not every clock has nanoseconds.

    Raises:
        OSError: the file could not be written.
    """
    import json

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
    """Write one line for the next hook to print, where there is no database for a notice.

    A line that was printed less than an hour ago is not written again.
    """
    if _was_shown([level, text], os.path.join(data_dir, SHOWN)):
        return
    import json

    path = os.path.join(data_dir, MESSAGE)
    temporary = f"{path}.{os.getpid()}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump([level, text], stream)
    # A hook that reads meanwhile sees the whole line or none.
    os.replace(temporary, path)


def _was_shown(line: list[str], shown: str) -> bool:
    import json

    try:
        with open(shown, encoding="utf-8") as stream:
            return (
                bool(json.load(stream) == line)
                and abs(time.time() - os.stat(shown).st_mtime) < REPEAT_AFTER_S
            )
    except (OSError, ValueError):
        return False


def pop_pending_message(data_dir: str) -> tuple[str, str] | None:
    """Remove the pending line and return its (level, text); None if there is none."""
    path = os.path.join(data_dir, MESSAGE)
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            content = stream.read()
        os.replace(path, os.path.join(data_dir, SHOWN))
    except OSError:
        return None
    import json

    try:
        level, text = json.loads(content)
    except (ValueError, TypeError, RecursionError):
        return (
            "warning",
            "A message of PlexSync's worker cannot be read. See plexsync.log in its data folder.",
        )
    return str(level), str(text)
