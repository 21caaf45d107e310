"""What people must hear although the worker has no way to speak: said once per class and hour."""

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
        """Keep one notice; a class that was told within the hour is not told again."""
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
        """(class, level, text) of what nobody has heard yet, oldest first; the first few."""
        rows: list[tuple[str, str, str]] = self._store.connection.execute(
            sql.PENDING_NOTICES
        ).fetchall()
        return rows

    def was_delivered(self, kind: str, since: float) -> bool:
        """Whether the notice reached Stash's log after that moment (epoch seconds)."""
        row = self._store.connection.execute(sql.DELIVERED_AT, {"class": kind}).fetchone()
        return row is not None and row[0] is not None and row[0] >= since

    def is_pending(self, kind: str) -> bool:
        """Whether the notice waits to be told, however many others do."""
        row = self._store.connection.execute(sql.DELIVERED_AT, {"class": kind}).fetchone()
        return row is not None and row[0] is None

    def mark_delivered(self, kind: str, now: float) -> None:
        """The notice has reached Stash's log."""
        with self._store.transaction() as connection:
            connection.execute(sql.MARK_DELIVERED, {"class": kind, "now": now})

    def drop(self, kind: str) -> None:
        """The cause is gone; if it returns, it is told at once."""
        with self._store.transaction() as connection:
            connection.execute(sql.DROP_NOTICE, {"class": kind})
