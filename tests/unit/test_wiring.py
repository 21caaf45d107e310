"""The composition root: what is built, and that a worker leaves without losing anything."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from core.checkpoint import Checkpoint, no_checkpoint
from core.version import VERSION
from sync_queue import statements as sql
from sync_queue.hook_queue import is_worker_alive, job_row, pop_pending_message
from sync_queue.lease import Lease
from tests.emulators.sample_plugins import until
from tests.harness.clocks import FakeClock
from tests.harness.database import query
from wiring import Environment, drain_in_process, run_worker
from worker.lifecycle.supervisor import MAX_FAILURES


@pytest.fixture
def lease(tmp_path: Path) -> Iterator[Lease]:
    """The lease of the data folder, taken; and an installation of this version."""
    (tmp_path / "data").mkdir()
    install(tmp_path, VERSION)
    made = Lease(tmp_path / "data")
    made.acquire()
    yield made
    made.release()


def install(folder: Path, version: str) -> None:
    (folder / "core").mkdir(exist_ok=True)
    (folder / "core" / "version.py").write_text(f'VERSION = "{version}"\n')


def environment_of(folder: Path, checkpoint: Checkpoint = no_checkpoint) -> Environment:
    return Environment(folder, folder / "data", FakeClock(), Random(7), checkpoint)


def enqueue(folder: Path, subject: str) -> None:
    """Enqueue as a hook does, on a connection of its own."""
    connection = sqlite3.connect(folder / "data" / "queue.db", isolation_level=None)
    connection.execute(sql.ENQUEUE, job_row(subject, "update", 0, 1_700_000_000.0, 1.0, 4.0))
    connection.close()


def log_of(folder: Path) -> str:
    return (folder / "data" / "plexsync.log").read_text("utf-8")


def test_a_worker_without_stash_stops_and_releases_the_lease(tmp_path: Path, lease: Lease) -> None:
    status = run_worker(environment_of(tmp_path), lease, "test")

    assert (status, lease.is_held, is_worker_alive(str(tmp_path / "data"))) == (0, False, False)
    assert "worker.stop" in log_of(tmp_path)


def test_a_change_during_shutdown_gets_another_run(tmp_path: Path, lease: Lease) -> None:
    runs: list[str] = []

    def checkpoint(name: str) -> None:
        if name == "worker.opened":
            runs.append(name)
        if name == "shutdown.released" and len(runs) == 1:
            enqueue(tmp_path, "scene:1")

    status = run_worker(environment_of(tmp_path, checkpoint), lease, "test")

    assert (status, len(runs)) == (0, 2)


@pytest.mark.filterwarnings(
    "ignore:subprocess .* is still running:ResourceWarning"
)  # it outlives us by design
def test_after_an_update_the_new_version_is_started(tmp_path: Path, lease: Lease) -> None:
    started = tmp_path / "started"
    (tmp_path / "PlexSync.py").write_text(
        f"import sys\nopen({str(started)!r}, 'w').write(' '.join(sys.argv[1:]))\n"
    )
    install(tmp_path, "9.9.9")

    status = run_worker(environment_of(tmp_path), lease, "test")

    assert (status, lease.is_held) == (0, False)
    until(lambda: started.exists() and started.read_text() == "worker update")


def test_a_run_that_ends_in_an_error_is_repeated(tmp_path: Path, lease: Lease) -> None:
    runs: list[str] = []

    def checkpoint(name: str) -> None:
        if name == "worker.opened":
            runs.append(name)
            if len(runs) == 1:
                raise RuntimeError("made for this test")

    status = run_worker(environment_of(tmp_path, checkpoint), lease, "test")

    assert (status, len(runs)) == (0, 2)
    assert "made for this test" in log_of(tmp_path)


def test_a_run_ended_by_a_vanished_data_folder_is_the_last(tmp_path: Path, lease: Lease) -> None:
    runs: list[str] = []

    def checkpoint(name: str) -> None:
        if name == "worker.epoch":
            runs.append(name)
            shutil.rmtree(tmp_path / "data")
            raise sqlite3.OperationalError("attempt to write a readonly database")

    status = run_worker(environment_of(tmp_path, checkpoint), lease, "test")

    assert (status, len(runs)) == (0, 1)
    assert not (tmp_path / "data").exists()


def test_a_worker_that_fails_again_and_again_exits(tmp_path: Path, lease: Lease) -> None:
    def checkpoint(name: str) -> None:
        if name == "worker.epoch":
            raise sqlite3.OperationalError("database is locked")

    env = environment_of(tmp_path, checkpoint)

    status = run_worker(env, lease, "test")

    assert status == 1
    assert log_of(tmp_path).count("database.failed") == MAX_FAILURES + 1
    assert pop_pending_message(str(tmp_path / "data")) == (
        "error",
        "PlexSync cannot use its queue: database is locked. Check that the disk is writable and "
        "not full. Changes stay queued; plexsync.log has the details.",
    )
    assert env.clock.monotonic() > 300


def test_a_damaged_database_is_quarantined_and_reported(tmp_path: Path, lease: Lease) -> None:
    (tmp_path / "data" / "queue.db").write_bytes(b"this is no database" * 1000)

    status = run_worker(environment_of(tmp_path), lease, "test")

    notices = query(tmp_path / "data", "SELECT text FROM notices WHERE class = 'damaged'")
    assert status == 0
    assert "was damaged" in str(notices[0][0])
    assert len(list((tmp_path / "data").glob("queue.db.damaged-*"))) >= 1


def test_every_run_has_an_epoch_of_its_own(tmp_path: Path, lease: Lease) -> None:
    run_worker(environment_of(tmp_path), lease, "first")
    lease.acquire()

    run_worker(environment_of(tmp_path), lease, "second")

    assert query(tmp_path / "data", "SELECT epoch, started_by, version FROM worker") == [
        (2, "second", VERSION)
    ]


def test_a_task_leaves_the_queue_to_a_living_worker(tmp_path: Path, lease: Lease) -> None:
    worked = drain_in_process(environment_of(tmp_path), lambda: None)

    assert not worked
    assert lease.is_held
