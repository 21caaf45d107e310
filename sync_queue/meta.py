"""The small rows beside the queue: who works, the way back to Stash, and facts that outlive a
process.
"""

import sqlite3
from dataclasses import dataclass
from enum import Enum

from sync_queue import statements as sql
from sync_queue.database import transaction
from sync_queue.store import JobStore

SERVER = "server"  # key of the meta row: the machine identifier of the Plex server seen last


@dataclass(frozen=True, slots=True)
class StashSession:
    """Where Stash listens and the newest cookie it gave us ("" when it gave none)."""

    scheme: str
    host: str
    port: int
    cookie: str
    noted_at: float


class WorkerStatus(Enum):
    """State of a worker; the values are stored in the column `doing`, so they never change."""

    # The worker has entered its epoch and has not run a tick yet.
    STARTING = "starting"
    # No job is due.
    IDLE = "idle"
    # The worker drains the queue.
    SYNCING = "syncing"
    # Stash does not answer; the worker retries with growing pauses.
    WAITING_FOR_STASH = "waiting for Stash"
    # The circuit breaker is open; the detail is its reason.
    WAITING_FOR_PLEX = "waiting for Plex"
    # A required setting is missing.
    UNCONFIGURED = "waiting for its settings"
    # The user has switched off Enabled.
    DISABLED = "switched off"
    # The worker is of a version that stores a status unknown to this one; never stored.
    UNKNOWN = "unknown"

    @property
    def is_blocked(self) -> bool:
        """Return True if the worker waits for a server or for the user."""
        return self in _BLOCKED

    def stored(self, detail: str = "") -> str:
        """Return the form for the column: `value`, or `value: detail`."""
        return f"{self.value}: {detail}" if detail else self.value

    @classmethod
    def parse(cls, stored: str) -> tuple["WorkerStatus", str]:
        """Return the status and its detail, "" for none; UNKNOWN for any other text.

        Examples:
            >>> WorkerStatus.parse("waiting for Plex: PlexUnavailable: no route")
            (<WorkerStatus.WAITING_FOR_PLEX: 'waiting for Plex'>, 'PlexUnavailable: no route')
        """
        value, _, detail = stored.partition(": ")
        try:
            return cls(value), detail
        except ValueError:
            return cls.UNKNOWN, stored


_BLOCKED = frozenset(
    {
        WorkerStatus.WAITING_FOR_STASH,
        WorkerStatus.WAITING_FOR_PLEX,
        WorkerStatus.UNCONFIGURED,
        WorkerStatus.DISABLED,
    }
)
STATUS_TEXTS = {
    WorkerStatus.STARTING: "starting",
    WorkerStatus.IDLE: "idle",
    WorkerStatus.SYNCING: "syncing",
    WorkerStatus.WAITING_FOR_STASH: "waiting for Stash",
    WorkerStatus.WAITING_FOR_PLEX: "waiting for Plex",
    WorkerStatus.UNCONFIGURED: "waiting for its settings",
    WorkerStatus.DISABLED: "switched off",
    WorkerStatus.UNKNOWN: "in an unknown state",
}
"""What the user reads as the end of "the worker is ..."."""


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """The row about the newest worker, running or not: only the lease tells which.

    `detail` says more about the status, "" for nothing.
    """

    pid: int
    version: str
    epoch: int
    started_by: str
    started_at: float
    status: WorkerStatus
    detail: str = ""

    @property
    def status_text(self) -> str:
        """Return the status for the user, as the end of "the worker is ..."."""
        text = STATUS_TEXTS[self.status]
        return f"{text}: {self.detail}" if self.detail else text


def start_epoch(
    connection: sqlite3.Connection, pid: int, version: str, started_by: str, now: float
) -> int:
    """Enter a new worker; its epoch fences off every earlier one. Only the holder of the lease
    calls this.
    """
    with transaction(connection):
        values = {"pid": pid, "version": version, "started_by": started_by, "now": now}
        connection.execute(sql.NEW_EPOCH, values)
        return int(connection.execute(sql.EPOCH).fetchone()[0])


class MetaStore:
    """One-row tables of the queue's database."""

    def __init__(self, store: JobStore) -> None:
        self._store = store

    def session(self) -> StashSession | None:
        """Return the newest session any process handed over; None before the first."""
        row = self._store.connection.execute(sql.READ_SESSION).fetchone()
        return StashSession(*row) if row else None

    def renew_cookie(self, old: str, new: str, now: float) -> bool:
        """Keep a fresher cookie, unless a hook has brought a newer session meanwhile."""
        with self._store.transaction() as connection:
            values = {"old": old, "cookie": new, "now": now}
            return connection.execute(sql.RENEW_COOKIE, values).rowcount == 1

    def worker(self) -> WorkerRow | None:
        """Return the row about the newest worker; None before the first."""
        row = self._store.connection.execute(sql.WORKER).fetchone()
        if row is None:
            return None
        pid, version, epoch, started_by, started_at, stored = row
        status, detail = WorkerStatus.parse(stored)
        return WorkerRow(pid, version, epoch, started_by, started_at, status, detail)

    def set_status(self, status: WorkerStatus, epoch: int, detail: str = "") -> None:
        """Store the status of the worker of this epoch; do nothing once a newer one has started."""
        with self._store.transaction() as connection:
            values = {"doing": status.stored(detail), "epoch": epoch}
            connection.execute(sql.SET_WORKER_STATUS, values)

    def get(self, key: str) -> str:
        """Return a meta value; "" if it was never set."""
        row = self._store.connection.execute(sql.GET_META, {"key": key}).fetchone()
        return str(row[0]) if row else ""

    def set(self, key: str, value: str) -> None:
        """Keep a small fact."""
        with self._store.transaction() as connection:
            connection.execute(sql.SET_META, {"key": key, "value": value})


def parse_float(text: str) -> float | None:
    """Return a meta value as a number; None if it is not a number."""
    try:
        return float(text)
    except ValueError:
        return None
