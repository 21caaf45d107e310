"""Allows one worker at a time: a lock that the system drops when its holder exits.

The worker holds `BEGIN EXCLUSIVE` open on `lease.db` while it runs. Nothing is ever written to that
file, so there is no journal to recover; no zombie and no recycled process id can fake it; and a
probe is one read. Nothing else in the holder may open the file: on POSIX, closing any descriptor of
a file drops all locks the process has on it.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from sync_queue.hook_queue import LEASE, is_worker_alive

LOCK_TIMEOUT_S = 0.5  # a probe holds the file for microseconds; a living worker holds it for hours
NO_LOCKS = (
    "PlexSync's data folder does not allow locks, so no worker can live there. "
    "Is it on a network file system? Put Stash's plugins folder on a disk of this machine."
)
TRIES = 20  # against a probe that a busy machine has put to sleep in the middle


class Lease:
    """The right to be the worker. Not held until `acquire` says so."""

    def __init__(
        self, data_dir: Path, connect: Callable[..., sqlite3.Connection] = sqlite3.connect
    ) -> None:
        """`connect` opens a database as `sqlite3.connect` does."""
        self._path = data_dir / LEASE
        self._connect = connect
        self._connection: sqlite3.Connection | None = None

    @property
    def is_held(self) -> bool:
        """Return True if this object holds the lease."""
        return self._connection is not None

    def acquire(self, patience_s: float = LOCK_TIMEOUT_S, tries: int = TRIES) -> bool:
        """Take the lease; False when another process holds it. A damaged lease file is emptied.

        Raises:
            sqlite3.Error: the folder does not allow locks at all.
        """
        if self._connection is not None:
            return True
        connection = self._connect(
            self._path, timeout=patience_s, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            connection.close()
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                # Only a holder keeps readers out. A slow probe or another contender is no reason to
                # leave.
                return (
                    not is_worker_alive(str(self._path.parent))
                    and tries > 1
                    and self.acquire(patience_s, tries - 1)
                )
            if "not a database" in str(error) or "malformed" in str(error):
                self._path.write_bytes(
                    b""
                )  # in place: a new file would leave two repairers with a lease each
                return self.acquire(patience_s, tries)
            raise sqlite3.OperationalError(f"{error}. {NO_LOCKS}") from error
        self._connection = connection
        return True

    def release(self) -> None:
        """Give the lease up; harmless when it is not held."""
        if self._connection is not None:
            self._connection.close()  # closing rolls the empty transaction back and drops the lock
            self._connection = None
