"""One worker among any number of processes."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sync_queue.hook_queue import LEASE, is_worker_alive
from sync_queue.lease import Lease
from tests.harness.plugin_copy import ROOT

CONTEND = """
import sys
from pathlib import Path
from sync_queue.lease import Lease
lease = Lease(Path(sys.argv[1]))
sys.stdin.readline()
print("held" if lease.acquire() else "busy", flush=True)
sys.stdin.readline()
"""


def contender(data_dir: Path) -> subprocess.Popen[str]:
    """A process that takes the lease at the first line and leaves at the second."""
    command = [sys.executable, "-c", CONTEND, str(data_dir)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


def start(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def read_answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@contextmanager
def contenders(data_dir: Path, count: int) -> Iterator[list[subprocess.Popen[str]]]:
    crowd = [contender(data_dir) for _ in range(count)]
    try:
        yield crowd
    finally:
        for process in crowd:
            process.kill()
            process.communicate()


@pytest.fixture
def lease(tmp_path: Path) -> Iterator[Lease]:
    held = Lease(tmp_path)
    yield held
    held.release()


def test_a_lease_is_held_from_taking_to_releasing(lease: Lease) -> None:
    states = [lease.is_held, lease.acquire(), lease.is_held, lease.acquire()]
    lease.release()
    lease.release()

    assert states == [False, True, True, True]
    assert not lease.is_held


def test_one_of_many_starting_processes_gets_the_lease(tmp_path: Path) -> None:
    with contenders(tmp_path, 6) as crowd:
        for process in crowd:
            start(process)
        answers = sorted(map(read_answer, crowd))

    assert answers == ["busy"] * 5 + ["held"]


def test_a_probe_sees_a_worker_in_another_process(tmp_path: Path) -> None:
    before = is_worker_alive(tmp_path.as_posix())

    with contenders(tmp_path, 1) as (process,):
        start(process)
        read_answer(process)
        during = is_worker_alive(str(tmp_path))
        start(process)
        process.wait(60)

    assert (before, during, is_worker_alive(str(tmp_path))) == (False, True, False)


def test_the_lease_is_free_the_moment_its_holder_is_killed(tmp_path: Path, lease: Lease) -> None:
    with contenders(tmp_path, 1) as (process,):
        start(process)
        read_answer(process)
        before = lease.acquire(0.0)
        process.kill()
        process.wait()

        after = lease.acquire(0.0)

    assert (before, after) == (False, True)


def test_probing_does_not_take_the_lease_away(tmp_path: Path, lease: Lease) -> None:
    with contenders(tmp_path, 1) as (process,):
        start(process)
        read_answer(process)

        probes = [is_worker_alive(str(tmp_path)) for _ in range(20)]

        assert all(probes)
        assert not lease.acquire(0.0)


def test_nothing_is_ever_written_to_the_lease_file(tmp_path: Path, lease: Lease) -> None:
    lease.acquire()
    lease.release()

    assert (tmp_path / LEASE).read_bytes() == b""
    assert [path.name for path in tmp_path.iterdir()] == [LEASE]


@pytest.mark.parametrize("content", [b"rubbish" * 1000, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_damaged_lease_file_is_free_and_can_be_acquired(
    tmp_path: Path, lease: Lease, content: bytes
) -> None:
    (tmp_path / LEASE).write_bytes(content)

    before = is_worker_alive(str(tmp_path))
    taken = lease.acquire()

    assert (before, taken) == (False, True)


def test_a_damaged_lease_file_is_emptied_in_place(tmp_path: Path, lease: Lease) -> None:
    (tmp_path / LEASE).write_bytes(b"rubbish" * 1000)

    with (tmp_path / LEASE).open("rb") as same_file:
        lease.acquire()
        names_left = os.fstat(same_file.fileno()).st_nlink

    assert names_left == 1


def test_a_damaged_lease_file_still_leaves_one_holder(
    tmp_path: Path,
) -> None:
    (tmp_path / LEASE).write_bytes(b"rubbish" * 1000)

    with contenders(tmp_path, 6) as crowd:
        for process in crowd:
            start(process)
        answers = sorted(map(read_answer, crowd))

    assert answers == ["busy"] * 5 + ["held"]


def test_a_folder_that_is_gone_has_no_worker_and_gives_no_lease(tmp_path: Path) -> None:
    lease = Lease(tmp_path / "gone")

    assert not is_worker_alive(str(tmp_path / "gone"))
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        lease.acquire()


def test_something_else_in_the_leases_place_is_no_worker(tmp_path: Path) -> None:
    (tmp_path / LEASE).mkdir()

    assert not is_worker_alive(str(tmp_path))


class WithoutLocks:
    """A connection to a database on a file system that knows no locks."""

    def __init__(self, message: str) -> None:
        self._message = message

    def execute(self, statement: str) -> None:
        raise sqlite3.OperationalError(self._message)

    def close(self) -> None:
        """Nothing was opened."""


@pytest.mark.parametrize(
    "message", ["disk I/O error", "locking protocol", "unable to open database file"]
)
def test_a_file_system_without_locks_is_named_as_the_reason(tmp_path: Path, message: str) -> None:
    def connect(*place: object, **options: object) -> sqlite3.Connection:
        return WithoutLocks(message)  # type: ignore[return-value]

    with pytest.raises(sqlite3.OperationalError, match=f"{message}.*network file system"):
        Lease(tmp_path, connect).acquire()
