"""The small rows beside the queue: who works, the way back to Stash, and facts that outlive a process."""

import sqlite3
from dataclasses import dataclass

from sync_queue import statements as sql
from sync_queue.database import transaction
from sync_queue.store import JobStore

SERVER = "server"  # key of the meta row: the machine identifier of the Plex server seen last
SYNCING = "syncing"  # the worker's status while it drains


@dataclass(frozen=True, slots=True)
class StashSession:
    """Where Stash listens and the newest cookie it gave us ("" when it gave none)."""

    scheme: str
    host: str
    port: int
    cookie: str
    noted_at: float


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """The row about the newest worker; it may be gone: only the lease tells."""

    pid: int
    version: str
    epoch: int
    started_by: str
    started_at: float
    status: str


def start_epoch(
    connection: sqlite3.Connection, pid: int, version: str, started_by: str, now: float
) -> int:
    """Enter a new worker; its epoch fences off every earlier one. Only the holder of the lease calls this."""
    with transaction(connection):
        values = {"pid": pid, "version": version, "started_by": started_by, "now": now}
        connection.execute(sql.NEW_EPOCH, values)
        return int(connection.execute(sql.EPOCH).fetchone()[0])


class MetaStore:
    """One-row tables of the queue's database."""

    def __init__(self, store: JobStore) -> None:
        self._store = store

    def session(self) -> StashSession | None:
        """The newest session any process handed over; None before the first."""
        row = self._store.connection.execute(sql.READ_SESSION).fetchone()
        return StashSession(*row) if row else None

    def renew_cookie(self, old: str, new: str, now: float) -> bool:
        """Keep a fresher cookie, unless a hook has brought a newer session meanwhile."""
        with self._store.transaction() as connection:
            values = {"old": old, "cookie": new, "now": now}
            return connection.execute(sql.RENEW_COOKIE, values).rowcount == 1

    def keep_session(self, session: dict[str, object]) -> None:
        """Keep the session of a task run."""
        with self._store.transaction() as connection:
            connection.execute(sql.SAVE_SESSION, session)

    def worker(self) -> WorkerRow | None:
        """The row about the newest worker; None before the first."""
        row = self._store.connection.execute(sql.WORKER).fetchone()
        return WorkerRow(*row) if row else None

    def set_status(self, text: str, epoch: int) -> None:
        """Say what the worker is doing, for people."""
        with self._store.transaction() as connection:
            connection.execute(sql.SET_WORKER_STATUS, {"doing": text, "epoch": epoch})

    def get(self, key: str) -> str:
        """A small fact; "" when it was never set."""
        row = self._store.connection.execute(sql.GET_META, {"key": key}).fetchone()
        return str(row[0]) if row else ""

    def set(self, key: str, value: str) -> None:
        """Keep a small fact."""
        with self._store.transaction() as connection:
            connection.execute(sql.SET_META, {"key": key, "value": value})


def parse_float(text: str) -> float | None:
    """A kept fact as a number; None when it is none."""
    try:
        return float(text)
    except ValueError:
        return None
