"""Creating, migrating, repairing and copying the database."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import RENAMED_ERRORS
from sync_queue.dead_letters import DeadLetters
from sync_queue.hook_queue import DATABASE, connect
from sync_queue.meta import start_epoch
from sync_queue.salvage import recover_tables, salvage
from sync_queue.schema import (
    BACKUP,
    MENDED,
    MIGRATIONS,
    back_up,
    is_damaged,
    mark_suspect,
    migrate,
    open_database,
    quarantine,
    wal_works,
)
from sync_queue.statements import QUEUE, SCHEMA_VERSION, UPLOADS_UNKNOWN
from tests.harness.database import query
from tests.harness.plugin_copy import ROOT
from tests.harness.queue import CheckpointKiller, Killed, QueueHarness, open_queue

OPEN_AND_NOTE = """
import os, signal, sys
from pathlib import Path
from core.clock import SystemClock
from sync_queue.schema import open_database
from sync_queue.store import JobStore
opened = open_database(Path(sys.argv[1]))
store = JobStore(opened.queue.connection, SystemClock())
store.enqueue_many([f"scene:{number}" for number in range(300)], "update", 0)
os.kill(os.getpid(), signal.SIGKILL)
"""


def die_with_a_full_wal(data_dir: Path) -> None:
    """300 jobs whose pages are in the -wal file: their writer was killed before any checkpoint."""
    process = subprocess.run(
        [sys.executable, "-c", OPEN_AND_NOTE, str(data_dir)], cwd=ROOT, check=False
    )
    assert process.returncode != 0
    assert (data_dir / (DATABASE + "-wal")).stat().st_size > 0


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def scribble(path: Path) -> None:
    """Damage the middle of a database, so that parts of it can still be read."""
    size = path.stat().st_size
    with path.open("r+b") as stream:
        stream.seek(size - 4096)
        stream.write(b"\xa5" * 4096)


# -- creating and migrating -----------------------------------------------------------------------


def test_a_fresh_database_has_this_version_and_wal(tmp_path: Path) -> None:
    opened = open_database(tmp_path)

    version = opened.queue.connection.execute("PRAGMA user_version").fetchone()
    assert version == (SCHEMA_VERSION,) == (len(MIGRATIONS),)
    assert (opened.journal_mode, opened.quarantine) == ("wal", "")


def test_creating_leaves_nothing_but_the_database(tmp_path: Path) -> None:
    with open_queue(tmp_path):
        pass

    assert names(tmp_path) == [DATABASE]


def test_opening_again_keeps_what_is_there(tmp_path: Path) -> None:
    with open_queue(tmp_path) as first:
        first.save("scene:1")

    with open_queue(tmp_path) as second:
        assert second.rows("subject") == [("scene:1",)]


@pytest.mark.parametrize("fatal", range(1, len(MIGRATIONS) + 2))
def test_a_crash_during_creation_is_repaired_at_the_next_start(tmp_path: Path, fatal: int) -> None:
    with pytest.raises(Killed):
        open_database(tmp_path, CheckpointKiller(fatal))

    with open_queue(tmp_path) as queue:
        queue.save("scene:1")
        version = queue.ack_queue.connection.execute("PRAGMA user_version").fetchone()

    assert version == (SCHEMA_VERSION,)


def test_a_hook_waits_until_a_half_made_database_is_whole(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        open_database(tmp_path, CheckpointKiller(1))

    with pytest.raises(Exception, match="schema version 0"):
        connect(str(tmp_path))


def test_leftovers_of_a_killed_creation_do_no_harm(tmp_path: Path) -> None:
    for name in ("queue.new", "queue.new-wal", "probe.db", "probe.db-wal"):
        (tmp_path / name).write_bytes(b"rubbish")

    with open_queue(tmp_path) as queue:
        queue.save("scene:1")

    assert "queue.new" not in names(tmp_path)


def test_a_migration_step_is_applied_once(queue: QueueHarness) -> None:
    migrate(queue.ack_queue.connection)

    assert queue.ack_queue.connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


def drop_later_steps(connection: sqlite3.Connection) -> None:
    """Take off what the steps after the fourth add."""
    for name in ("INDEX dead_letters_by_time", "INDEX dead_letters_by_reason", "TABLE overrides"):
        connection.execute(f"DROP {name}")
    connection.execute("ALTER TABLE entities DROP COLUMN details")


def as_version_2(connection: sqlite3.Connection) -> None:
    """Give every table that stores an error class each of the names of 1.1.0."""
    connection.execute("PRAGMA user_version=2")
    drop_later_steps(connection)
    for number, name in enumerate(RENAMED_ERRORS):
        connection.execute(
            f"INSERT INTO {QUEUE} (data, timestamp, status, subject, cause, reason) "
            "VALUES (CAST('{}' AS BLOB), 1.0, 1, ?, 'update', ?)",
            (f"scene:{number}", name),
        )
        connection.execute(
            "INSERT INTO dead_letters VALUES (?, 'update', 0, '', ?, '', 1, '[]', 1.0, 1.0)",
            (f"scene:{number}", name),
        )
        connection.execute("INSERT INTO counters VALUES ('errors', ?, 3)", (name,))


def test_a_version_2_database_gets_the_new_error_names(tmp_path: Path) -> None:
    with open_queue(tmp_path) as queue:
        as_version_2(queue.ack_queue.connection)

    with closing(open_database(tmp_path).queue.connection) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()
        reasons = connection.execute(f"SELECT reason FROM {QUEUE} ORDER BY _id").fetchall()
        dead = connection.execute("SELECT reason FROM dead_letters ORDER BY subject").fetchall()
        counters = connection.execute("SELECT name, count FROM counters").fetchall()

    names_now = list(RENAMED_ERRORS.values())
    assert version == (SCHEMA_VERSION,)
    assert [name for (name,) in reasons] == names_now
    assert [name for (name,) in dead] == names_now
    assert sorted(counters) == sorted((name, 3) for name in names_now)


def test_salvage_of_a_version_2_database_maps_error_names(
    tmp_path: Path, queue: QueueHarness
) -> None:
    old = tmp_path / "old"
    old.mkdir()
    with open_queue(old) as damaged:
        as_version_2(damaged.ack_queue.connection)

    recover_tables(old / DATABASE, queue.ack_queue.connection)

    dead = queue.ack_queue.connection.execute("SELECT reason FROM dead_letters ORDER BY subject")
    assert [name for (name,) in dead.fetchall()] == list(RENAMED_ERRORS.values())


def test_a_newer_schema_is_left_as_it_is(tmp_path: Path) -> None:
    with open_queue(tmp_path) as queue:
        queue.ack_queue.connection.execute("PRAGMA user_version=99")

    opened = open_database(tmp_path)

    assert opened.queue.connection.execute("PRAGMA user_version").fetchone() == (99,)


def test_one_subject_waits_once_and_runs_once(queue: QueueHarness) -> None:
    queue.claimed("scene:1")
    queue.store.enqueue("scene:1", "update")

    with pytest.raises(sqlite3.IntegrityError):
        queue.ack_queue.connection.execute(f"UPDATE {QUEUE} SET status = 2 WHERE status < 2")


# -- the WAL probe --------------------------------------------------------------------------------


def test_the_probe_finds_wal_working_and_leaves_nothing(tmp_path: Path) -> None:
    assert wal_works(tmp_path)
    assert names(tmp_path) == []


def test_without_any_writable_file_wal_does_not_work(tmp_path: Path) -> None:
    assert not wal_works(tmp_path / "gone")


def test_without_wal_the_database_truncates_its_journal(tmp_path: Path) -> None:
    (tmp_path / "probe.db-shm").mkdir()  # where shared memory should be: WAL cannot work here

    with open_queue_without_wal(tmp_path) as queue:
        queue.save("scene:1")
        mode = queue.ack_queue.connection.execute("PRAGMA journal_mode").fetchone()
        rows = queue.rows("subject")

    assert (mode, rows) == (("truncate",), [("scene:1",)])


def open_queue_without_wal(data_dir: Path) -> "closing[QueueHarness]":
    with closing(sqlite3.connect(data_dir / DATABASE)) as connection:
        connection.execute("PRAGMA journal_mode=TRUNCATE")
        connection.execute("CREATE TABLE made (at FLOAT)")
        connection.execute("DROP TABLE made")
    return closing(QueueHarness(data_dir))


# -- damage ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"rubbish" * 3000, b"SQLite format 3\x00" + b"\xff" * 8000])
def test_a_damaged_database_is_quarantined_and_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / DATABASE).write_bytes(content)

    opened = open_database(tmp_path)

    assert Path(opened.quarantine).read_bytes() == content
    assert not is_damaged(tmp_path / DATABASE)
    connect(str(tmp_path)).close()


def test_neither_a_sound_nor_a_locked_database_is_damaged(queue: QueueHarness) -> None:
    blocker = connect(str(queue.data_dir))
    blocker.execute("BEGIN EXCLUSIVE")

    locked = is_damaged(queue.data_dir / DATABASE)
    blocker.close()

    assert not locked
    assert not is_damaged(queue.data_dir / DATABASE)


def test_a_damaged_database_takes_its_companions_along(tmp_path: Path) -> None:
    die_with_a_full_wal(tmp_path)

    target = quarantine(tmp_path / DATABASE, 0.0)

    assert target.endswith(".damaged-19700101-000000")
    assert DATABASE not in names(tmp_path)
    assert all(name.startswith(Path(target).name) for name in names(tmp_path))
    assert Path(target + "-wal").stat().st_size > 0


def test_what_a_damaged_database_still_shows_is_saved(tmp_path: Path) -> None:
    with open_queue(tmp_path) as queue:
        queue.store.enqueue_many([f"scene:{number}" for number in range(50)], "update", 0)
        queue.store.claim(10)
        for number in range(300):
            DeadLetters(queue.store)
            queue.store.dead_letter(
                queue.claimed(f"x:{number}"), title="t" * 100, reason="WeakMatch", message="m" * 200
            )
    scribble(tmp_path / DATABASE)
    assert is_damaged(tmp_path / DATABASE)

    opened = open_database(tmp_path)

    waiting = query(
        tmp_path, f"SELECT count(*) FROM {QUEUE} WHERE status = 0 AND subject LIKE 'scene:%'"
    )
    assert opened.quarantine
    assert waiting == [(50,)]


def test_a_damaged_running_and_waiting_pair_becomes_one_job(
    tmp_path: Path, queue: QueueHarness
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with open_queue(other) as old:
        old.claimed("scene:1")
        old.store.enqueue("scene:1", "newer")
        old.store.complete(old.claimed("scene:2"))

    is_complete = salvage(other / DATABASE, queue.ack_queue.connection)

    assert is_complete
    (row,) = queue.rows("subject, status, cause")
    assert row[:2] == ("scene:1", 0)
    assert sorted(str(row[2]).split("+")) == ["newer", "update"]


def test_an_unreadable_database_saves_and_stops_nothing(
    tmp_path: Path, queue: QueueHarness
) -> None:
    (tmp_path / "rubbish").write_bytes(b"rubbish" * 3000)

    assert not salvage(tmp_path / "rubbish", queue.ack_queue.connection)


def test_last_nights_copy_takes_the_damaged_ones_place(tmp_path: Path) -> None:
    with open_queue(tmp_path) as queue:
        queue.store.dead_letter(queue.claimed("scene:1"), title="", reason="WeakMatch", message="")
        back_up(queue.ack_queue.connection, tmp_path)
    (tmp_path / DATABASE).write_bytes(b"rubbish" * 3000)

    opened = open_database(tmp_path)

    assert opened.queue.connection.execute("SELECT subject FROM dead_letters").fetchall() == [
        ("scene:1",)
    ]


def test_a_damaged_copy_is_not_restored(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"rubbish" * 3000)
    (tmp_path / BACKUP).write_bytes(b"rubbish" * 3000)

    with open_queue(tmp_path) as queue:
        queue.save("scene:1")
        rows = queue.rows("subject")

    assert rows == [("scene:1",)]


def test_a_stale_wal_is_not_read_into_a_new_database(
    tmp_path: Path,
) -> None:
    die_with_a_full_wal(tmp_path)
    (tmp_path / DATABASE).unlink()  # a kill in the middle of setting a damaged database aside

    with open_queue(tmp_path) as queue:
        queue.save("scene:1")
        rows = queue.rows("subject")

    assert rows == [("scene:1",)]
    assert not is_damaged(tmp_path / DATABASE)


def test_a_killed_writers_wal_is_read_by_the_next_start(tmp_path: Path) -> None:
    die_with_a_full_wal(tmp_path)

    with open_queue(tmp_path) as queue:
        assert queue.rows("count(*)") == [(300,)]


# -- whether the originals name every upload ------------------------------------------------------

MARKS = f"SELECT count(*) FROM meta WHERE key = '{UPLOADS_UNKNOWN}'"


def is_marked(data_dir: Path) -> bool:
    """Return True once the database is open and says that uploads may be unknown."""
    open_database(data_dir)
    return query(data_dir, MARKS) == [(1,)]


def test_a_database_that_was_never_lost_is_not_marked(tmp_path: Path) -> None:
    assert not is_marked(tmp_path)
    assert not is_marked(tmp_path)


def test_a_repaired_database_is_marked(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"rubbish" * 3000)

    assert is_marked(tmp_path)


def test_a_copy_is_marked_and_its_source_is_not(tmp_path: Path) -> None:
    with open_queue(tmp_path) as queue:
        back_up(queue.ack_queue.connection, tmp_path)
    was_marked = is_marked(tmp_path)

    (tmp_path / BACKUP).replace(tmp_path / DATABASE)

    assert (was_marked, is_marked(tmp_path)) == (False, True)


@pytest.mark.parametrize("trace", [BACKUP, f"{DATABASE}.damaged-by-hand", f"{DATABASE}-wal"])
def test_a_database_that_follows_a_lost_one_is_marked(tmp_path: Path, trace: str) -> None:
    (tmp_path / trace).write_bytes(b"rubbish")

    assert is_marked(tmp_path)


def test_a_kill_during_the_creation_does_not_lose_the_mark(tmp_path: Path) -> None:
    (tmp_path / BACKUP).write_bytes(b"rubbish")
    with pytest.raises(Killed):
        open_database(tmp_path, CheckpointKiller(1))
    (tmp_path / BACKUP).unlink()

    assert is_marked(tmp_path)


@pytest.mark.parametrize("was_used", [True, False])
def test_a_database_that_1_1_0_has_used_is_marked(tmp_path: Path, was_used: bool) -> None:
    with open_queue(tmp_path) as queue:
        connection = queue.ack_queue.connection
        connection.execute("PRAGMA user_version=3")
        drop_later_steps(connection)
        if was_used:
            start_epoch(connection, 1, "1.1.0", "test", 1.0)

    assert is_marked(tmp_path) is was_used


# -- the nightly copy -----------------------------------------------------------------------------


def test_a_copy_holds_what_the_database_holds(queue: QueueHarness) -> None:
    queue.save("scene:1")

    back_up(queue.ack_queue.connection, queue.data_dir)

    with closing(sqlite3.connect(queue.data_dir / BACKUP)) as copy:
        assert copy.execute(f"SELECT subject FROM {QUEUE}").fetchall() == [("scene:1",)]
    assert [name for name in names(queue.data_dir) if name.startswith("backup")] == [BACKUP]


def test_a_copy_that_cannot_be_made_leaves_the_old_one(queue: QueueHarness) -> None:
    back_up(queue.ack_queue.connection, queue.data_dir)
    (queue.data_dir / (BACKUP + ".new")).mkdir()

    with pytest.raises(OSError, match="backup"):
        back_up(queue.ack_queue.connection, queue.data_dir)

    assert not is_damaged(queue.data_dir / BACKUP)


def test_leftovers_of_a_killed_copy_do_no_harm(queue: QueueHarness) -> None:
    (queue.data_dir / (BACKUP + ".new")).write_bytes(b"rubbish")

    back_up(queue.ack_queue.connection, queue.data_dir)

    assert not is_damaged(queue.data_dir / BACKUP)


@pytest.mark.parametrize(
    "point", ["schema.created", "schema.step_1", "schema.repaired", "schema.quarantined"]
)
def test_a_kill_during_the_repair_of_a_database_loses_nothing(tmp_path: Path, point: str) -> None:
    with open_queue(tmp_path) as queue:
        queue.store.enqueue_many([f"scene:{number}" for number in range(50)], "update", 0)
        for number in range(300):
            queue.store.dead_letter(
                queue.claimed(f"x:{number}"), title="t" * 100, reason="WeakMatch", message="m" * 200
            )
    scribble(tmp_path / DATABASE)

    def kill(name: str) -> None:
        if name == point:
            raise Killed

    with pytest.raises(Killed):
        open_database(tmp_path, kill)
    open_database(tmp_path).queue.close()

    assert query(
        tmp_path, f"SELECT count(*) FROM {QUEUE} WHERE status = 0 AND subject LIKE 'scene:%'"
    ) == [(50,)]
    assert not is_damaged(tmp_path / DATABASE)


def test_a_suspicion_ends_with_the_quarantined_database(tmp_path: Path) -> None:
    with open_queue(tmp_path) as queue:
        queue.save("scene:1")
    mark_suspect(tmp_path)

    def kill(name: str) -> None:
        if name == "schema.quarantined":
            raise Killed

    with pytest.raises(Killed):
        open_database(tmp_path, kill)
    open_database(tmp_path).queue.close()
    again = open_database(tmp_path)
    again.queue.close()

    assert again.quarantine == ""
    assert query(tmp_path, f"SELECT subject FROM {QUEUE}") == [("scene:1",)]


def test_a_stale_wal_is_not_read_into_a_repaired_database(
    tmp_path: Path,
) -> None:
    die_with_a_full_wal(tmp_path)
    (tmp_path / DATABASE).unlink()  # a kill in the middle of setting the damaged database aside
    (tmp_path / MENDED).mkdir()
    with open_queue(tmp_path / MENDED) as queue:
        queue.save("scene:1")
        queue.ack_queue.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    with open_queue(tmp_path) as queue:
        rows = queue.rows("subject")

    assert rows == [("scene:1",)]
    assert not is_damaged(tmp_path / DATABASE)


def test_a_hook_after_a_quarantine_spares_the_repaired_file(
    tmp_path: Path,
) -> None:
    with open_queue(tmp_path) as queue:
        queue.save("scene:1")
    mark_suspect(tmp_path)

    def leave_an_empty_file(name: str) -> None:
        if name == "schema.quarantined":
            (tmp_path / DATABASE).touch()

    open_database(tmp_path, leave_an_empty_file).queue.close()

    assert query(tmp_path, f"SELECT subject FROM {QUEUE}") == [("scene:1",)]
