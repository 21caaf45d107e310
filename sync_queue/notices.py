"""Keeps notices for users: the worker cannot write to Stash's log, so hooks print them."""

from collections.abc import Callable

from core.text import unchanged
from sync_queue import statements as sql
from sync_queue.store import JobStore

AGAIN_S = 3600.0


class Notices:
    """Warnings and errors on their way to Stash's log."""

    def __init__(self, store: JobStore, shown: Callable[[str], str] = unchanged) -> None:
        """`shown` takes out of a text what must not leave this process."""
        self._store = store
        self._shown = shown

    def add(self, kind: str, level: str, text: str, now: float) -> None:
        """Store one notice; a class delivered within the last hour is not delivered again."""
        values = {
            "class": kind,
            "level": level,
            "text": self._shown(text),
            "now": now,
            "again_s": AGAIN_S,
        }
        with self._store.transaction() as connection:
            connection.execute(sql.NOTICE, values)

    def pending(self) -> list[tuple[str, str, str]]:
        """Return (class, level, text) of the first pending notices, oldest first."""
        rows: list[tuple[str, str, str]] = self._store.connection.execute(
            sql.PENDING_NOTICES
        ).fetchall()
        return rows

    def newest(self, since: float, limit: int) -> list[tuple[str, str, str, float]]:
        """Return (class, level, text, time) of notices since then, delivered or not, newest first.

        Times are epoch seconds.
        """
        rows: list[tuple[str, str, str, float]] = self._store.connection.execute(
            sql.NEWEST_NOTICES, {"since": since, "limit": limit}
        ).fetchall()
        return rows

    def was_delivered(self, kind: str, since: float) -> bool:
        """Return True if the notice reached Stash's log after `since` (epoch seconds)."""
        row = self._store.connection.execute(sql.DELIVERED_AT, {"class": kind}).fetchone()
        return row is not None and row[0] is not None and row[0] >= since

    def is_pending(self, kind: str) -> bool:
        """Return True if the notice is pending, however many others are."""
        row = self._store.connection.execute(sql.DELIVERED_AT, {"class": kind}).fetchone()
        return row is not None and row[0] is None

    def mark_delivered(self, kind: str, now: float) -> None:
        """Mark the notice as delivered to Stash's log."""
        with self._store.transaction() as connection:
            connection.execute(sql.MARK_DELIVERED, {"class": kind, "now": now})

    def drop(self, kind: str) -> None:
        """Remove the notice: its cause is gone. If it returns, it is delivered immediately."""
        with self._store.transaction() as connection:
            connection.execute(sql.DROP_NOTICE, {"class": kind})
