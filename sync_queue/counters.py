"""The counters that move together with jobs."""

from collections.abc import Mapping
from typing import Any

from sync_queue import statements as sql
from sync_queue.store import JobStore

SINCE = "counted_since"


class Counters:
    """How often what happened, by kind and name."""

    def __init__(self, store: JobStore) -> None:
        self._store = store

    def by_kind(self) -> dict[str, Any]:
        """Kind to name to count; {} before the first job."""
        counts: dict[str, Any] = {}
        for kind, name, count in self._store.connection.execute(sql.COUNTERS).fetchall():
            counts.setdefault(kind, {})[name] = count
        return counts

    def since(self) -> float:
        """Return when counting began, epoch seconds; 0.0 if it has not."""
        row = self._store.connection.execute(sql.GET_META, {"key": SINCE}).fetchone()
        return float(row[0]) if row else 0.0

    def begin(self, now: float) -> float:
        """Begin counting now unless it has begun; return when it began."""
        if not self.since():
            with self._store.transaction() as connection:
                connection.execute(sql.INSERT_META, {"key": SINCE, "value": repr(now)})
        return self.since()

    def forget_before(self, firsts: Mapping[str, str]) -> None:
        """Drop the counters of each kind whose names sort before its first, e.g. days gone by."""
        rows = [{"kind": kind, "name": name} for kind, name in firsts.items()]
        with self._store.transaction() as connection:
            connection.executemany(sql.FORGET_COUNTERS, rows)

    def reset(self, now: float) -> None:
        """Set every counter to zero and begin counting again."""
        with self._store.transaction() as connection:
            connection.execute(sql.CLEAR_COUNTERS)
            connection.execute(sql.SET_META, {"key": SINCE, "value": repr(now)})
