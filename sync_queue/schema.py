"""Create, migrate and repair the database. Only the holder of the lease calls this."""

import contextlib
import shutil
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.checkpoint import Checkpoint, no_checkpoint
from sync_queue import statements as sql
from sync_queue.ack_queue import SceneAckQueue
from sync_queue.database import is_damage, transaction
from sync_queue.error_names import RENAME_ERRORS
from sync_queue.hook_queue import DATABASE
from sync_queue.salvage import recover_tables, recover_watermark, salvage

BACKUP = "backup.db"
MENDING = "mending"
# A worker found damage that the check at the opening does not see.
SUSPECT = "queue.db.suspect"
# A folder of this name holds a complete successor of a damaged database.
MENDED = "mended"

_STEP_1 = f"""
CREATE UNIQUE INDEX one_waiting ON {sql.QUEUE} (subject) WHERE status < 2;
CREATE UNIQUE INDEX one_running ON {sql.QUEUE} (subject) WHERE status = 2;
CREATE INDEX by_urgency ON {sql.QUEUE} (priority, due_at) WHERE status < 2;
CREATE INDEX by_due ON {sql.QUEUE} (due_at) WHERE status < 2;
CREATE INDEX by_status ON {sql.QUEUE} (status);
CREATE INDEX by_reason ON {sql.QUEUE} (reason) WHERE status < 2 AND reason <> '';
CREATE TABLE dead_letters (
  subject TEXT PRIMARY KEY, cause TEXT NOT NULL, priority INTEGER NOT NULL, title TEXT NOT NULL,
  reason TEXT NOT NULL, message TEXT NOT NULL, attempts INTEGER NOT NULL, candidates TEXT NOT NULL,
  first_at FLOAT NOT NULL, last_at FLOAT NOT NULL);
CREATE TABLE records (
  scene_id INTEGER NOT NULL, server TEXT NOT NULL, item INTEGER NOT NULL, section TEXT NOT NULL,
  path TEXT NOT NULL, oshash TEXT NOT NULL, updated_at TEXT NOT NULL, read_at FLOAT NOT NULL,
  confidence TEXT NOT NULL, fields TEXT NOT NULL, images TEXT NOT NULL,
  PRIMARY KEY (scene_id, server, item));
CREATE INDEX records_by_item ON records (item, server);
CREATE TABLE worker (
  id INTEGER PRIMARY KEY CHECK (id = 1), pid INTEGER NOT NULL, version TEXT NOT NULL, epoch INTEGER NOT NULL,
  started_by TEXT NOT NULL, started_at FLOAT NOT NULL, in_hand INTEGER, doing TEXT NOT NULL);
CREATE TABLE session (
  id INTEGER PRIMARY KEY CHECK (id = 1), scheme TEXT NOT NULL, host TEXT NOT NULL, port INTEGER NOT NULL,
  cookie TEXT NOT NULL, noted_at FLOAT NOT NULL);
CREATE TABLE notices (
  class TEXT PRIMARY KEY, level TEXT NOT NULL, text TEXT NOT NULL, first_at FLOAT NOT NULL,
  last_at FLOAT NOT NULL, told_at FLOAT);
CREATE INDEX untold ON notices (last_at) WHERE told_at IS NULL;
CREATE TABLE counters (kind TEXT NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (kind, name));
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

# What scenes show of performers, studios, tags and groups, so that their renames and ends find
# their scenes;
# and what Plex showed before PlexSync's first write.
_STEP_2 = """
CREATE TABLE scene_entities (scene_id INTEGER PRIMARY KEY, entities TEXT NOT NULL);
CREATE TABLE entities (
  subject TEXT PRIMARY KEY, shown TEXT NOT NULL, parent TEXT, updated_at TEXT NOT NULL, read_at FLOAT NOT NULL);
CREATE TABLE originals (
  server TEXT NOT NULL, item INTEGER NOT NULL, section INTEGER NOT NULL, kept_at FLOAT NOT NULL,
  shown TEXT NOT NULL, PRIMARY KEY (server, item));
"""

# Error classes are stored by name, and some have other names since 1.2.
_STEP_3 = ";".join(RENAME_ERRORS)

# Earlier versions did not note that an item was restored, which keeps its uploads. A table marks a
# database whose predecessor is lost.
_STEP_4 = f"""
INSERT OR IGNORE INTO meta (key, value) SELECT '{sql.UPLOADS_UNKNOWN}', '1'
WHERE EXISTS (SELECT 1 FROM worker) OR EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'successor');
DROP TABLE IF EXISTS successor;
"""

# What the user has decided on PlexSync's page; and the dead letters in the order of its lists.
_STEP_5 = """
CREATE TABLE overrides (
  id INTEGER PRIMARY KEY, scene_id INTEGER NOT NULL, server TEXT NOT NULL, item INTEGER NOT NULL,
  path TEXT NOT NULL, oshash TEXT NOT NULL, chosen_at FLOAT NOT NULL);
CREATE INDEX dead_letters_by_time ON dead_letters (last_at DESC, subject);
CREATE INDEX dead_letters_by_reason ON dead_letters (reason, last_at DESC, subject);
"""

# What scenes show of an entity besides its name; "" for what earlier versions have recorded.
_STEP_6 = "ALTER TABLE entities ADD COLUMN details TEXT NOT NULL DEFAULT ''"

# Step n brings `user_version` from n - 1 to n.
MIGRATIONS: tuple[str, ...] = (_STEP_1, _STEP_2, _STEP_3, _STEP_4, _STEP_5, _STEP_6)


@dataclass(frozen=True, slots=True)
class OpenedDatabase:
    """The queue ready for use. `quarantine` is the path of a damaged predecessor, "" when there was
    none.
    """

    queue: SceneAckQueue
    journal_mode: str
    quarantine: str = ""


def open_database(
    data_dir: Path,
    checkpoint: Checkpoint = no_checkpoint,
    wall: Callable[[], float] = time.time,
) -> OpenedDatabase:
    """Open, create or migrate `queue.db`; a damaged one is quarantined and what it still shows
    saved.

    `wall` returns epoch seconds; they date the name of a damaged database.

    Raises:
        sqlite3.Error: the folder or the disk does not allow a database.
    """
    path = data_dir / DATABASE
    aside = ""
    if path.exists() and ((data_dir / SUSPECT).exists() or is_damaged(path)):
        if not (data_dir / MENDED).exists():
            _repair(data_dir, checkpoint, wall)
        aside = quarantine(path, wall())
        checkpoint("schema.quarantined")
    # Also needed where the last worker was killed before it came to this.
    (data_dir / SUSPECT).unlink(missing_ok=True)
    if _is_missing_or_empty(path) and (data_dir / MENDED / DATABASE).exists():
        # SQLite would read a -wal that lost its database to a kill into the repaired one.
        quarantine(path, wall())
        (data_dir / MENDED / DATABASE).replace(path)
    shutil.rmtree(data_dir / MENDED, ignore_errors=True)
    opened = _open(data_dir, checkpoint, wall)
    return OpenedDatabase(opened.queue, opened.journal_mode, aside)


def _repair(data_dir: Path, checkpoint: Checkpoint, wall: Callable[[], float]) -> None:
    """Build the successor of a damaged database beside it, so that a kill meanwhile loses nothing."""
    folder = data_dir / MENDING
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    _restore_backup(data_dir, folder)
    queue = _open(folder, checkpoint, wall).queue
    is_complete = salvage(data_dir / DATABASE, queue.connection)
    recover_tables(data_dir / DATABASE, queue.connection)
    recover_watermark(data_dir / DATABASE, queue.connection, is_complete)
    queue.connection.execute(sql.MARK_UPLOADS_UNKNOWN)
    queue.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    queue.close()
    checkpoint("schema.repaired")
    folder.replace(data_dir / MENDED)


def _open(data_dir: Path, checkpoint: Checkpoint, wall: Callable[[], float]) -> OpenedDatabase:
    path = data_dir / DATABASE
    if not path.exists():
        _create_file(data_dir, path, wall())
    checkpoint("schema.created")
    queue = SceneAckQueue(str(data_dir))
    migrate(queue.connection, checkpoint)
    mode = str(queue.connection.execute("PRAGMA journal_mode").fetchone()[0])
    return OpenedDatabase(queue, mode)


def _create_file(data_dir: Path, path: Path, now: float) -> None:
    """Make the empty database with its journal mode, under a temporary name, and move it into
    place.
    """
    temporary = path.with_suffix(".new")
    for leftover in _with_companions(temporary):
        leftover.unlink(missing_ok=True)
    connection = sqlite3.connect(temporary, isolation_level=None)
    try:
        connection.execute(f"PRAGMA journal_mode={_journal_mode(data_dir)}")
        connection.execute("CREATE TABLE successor (at FLOAT)")
        if not _had_database(data_dir):
            connection.execute("DROP TABLE successor")
    finally:
        connection.close()
    # SQLite would read a -wal that lost its database to a kill into the new one.
    quarantine(path, now)
    temporary.replace(path)


def _had_database(data_dir: Path) -> bool:
    """Return True if the folder shows that a database is gone from it."""
    return (data_dir / BACKUP).exists() or any(data_dir.glob(f"{DATABASE}?*"))


def _journal_mode(folder: Path) -> str:
    return "WAL" if wal_works(folder) else "TRUNCATE"


def wal_works(data_dir: Path) -> bool:
    """Return True if a second connection sees what a first one wrote through WAL in this folder."""
    probe = data_dir / "probe.db"
    writer = reader = None
    try:
        writer = sqlite3.connect(probe, isolation_level=None)
        if writer.execute("PRAGMA journal_mode=WAL").fetchone()[0] != "wal":
            return False
        writer.execute("CREATE TABLE probe (value INTEGER)")
        writer.execute("INSERT INTO probe VALUES (1)")
        reader = sqlite3.connect(probe, isolation_level=None)
        return bool(reader.execute("SELECT value FROM probe").fetchone() == (1,))
    except sqlite3.Error:
        return False  # file systems without shared memory end here
    finally:
        for connection in (reader, writer):
            if connection is not None:
                connection.close()
        for path in _with_companions(probe):
            path.unlink(missing_ok=True)


def migrate(connection: sqlite3.Connection, checkpoint: Checkpoint = no_checkpoint) -> None:
    """Bring the schema to this version, one transaction per step; a newer schema is left as it is."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    for number, step in enumerate(MIGRATIONS[version:], start=version + 1):
        with transaction(connection):
            for statement in step.split(";"):
                if statement.strip():
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version={number}")
            checkpoint(f"schema.step_{number}")


def is_damaged(path: Path) -> bool:
    """Return True if SQLite calls the file damaged; a locked or unreachable file is not damaged.

    The quick check does not see an index that lacks rows, and such a job would never be claimed.
    """
    if _is_missing_or_empty(path):
        return True  # SQLite would take it for a new database
    connection = sqlite3.connect(path, timeout=5.0, isolation_level=None)
    try:
        return bool(connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",))
    except sqlite3.Error as error:
        return is_damage(error)
    except UnicodeDecodeError:  # Python fails to decode the message in which SQLite reports it
        return True
    finally:
        connection.close()


def _is_missing_or_empty(path: Path) -> bool:
    """Return True for what a power cut leaves, or a hook that opened a file just quarantined."""
    return not path.exists() or not path.stat().st_size


def mark_suspect(data_dir: Path) -> None:
    """Have the next opening repair the database, whatever the integrity check says."""
    (data_dir / SUSPECT).touch(0o600)


def quarantine(path: Path, now: float) -> str:
    """Rename a damaged database and its companions after the time `now`; return its new path.

    `now` is in epoch seconds.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
    target, number = path.with_name(f"{path.name}.damaged-{stamp}"), 1
    # Two within one second: both copies are kept.
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}.damaged-{stamp}-{number}")
    for old in _with_companions(path):
        if old.exists():
            old.replace(old.with_name(old.name.replace(path.name, target.name)))
    return str(target)


def _with_companions(path: Path) -> tuple[Path, ...]:
    return (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm"))


def _restore_backup(data_dir: Path, folder: Path) -> None:
    """Start from last night's copy if it is sound: its records save a full re-send."""
    backup = data_dir / BACKUP
    if backup.exists() and not is_damaged(backup):
        shutil.copyfile(backup, folder / DATABASE)
        with contextlib.closing(sqlite3.connect(folder / DATABASE)) as connection:
            connection.execute(f"PRAGMA journal_mode={_journal_mode(folder)}")


def back_up(connection: sqlite3.Connection, data_dir: Path) -> None:
    """Copy the database to `backup.db`; a kill in the middle leaves the old copy.

    Raises:
        sqlite3.Error, OSError: no copy could be made; the old one stays.
    """
    temporary = data_dir / (BACKUP + ".new")
    temporary.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(temporary)) as target:
        connection.backup(target, pages=200)
        # A worker that starts from the copy does not know what was uploaded since.
        target.execute(sql.MARK_UPLOADS_UNKNOWN)
        target.commit()
        target.execute("PRAGMA journal_mode=DELETE")
    temporary.replace(data_dir / BACKUP)
