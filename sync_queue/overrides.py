"""Keep what the user has decided on PlexSync's page: which item a scene is matched with, or none.

A row names a scene by its id and by its file: a full import of Stash gives every scene another id.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from core.job import OVERRIDE, PRIORITY_EDIT, scene_subject
from sync_queue import record_statements as record_sql
from sync_queue import statements as sql
from sync_queue.hook_queue import job_row
from sync_queue.store import JobStore

NEVER_ITEM = 0  # no item has this rating key; a recovered row must not be NULL
ANY_SERVER = ""


@dataclass(frozen=True, slots=True)
class Override:
    """One decision.

    Attributes:
        scene_id: the scene's id.
        server: the identifier of the Plex server that has the item; "" for "never", which holds
            for every server.
        item: its rating key; 0 for "never".
        path: the scene's file as Stash names it, "" if unknown.
        oshash: the file's oshash, "" if unknown.
        chosen_at: when it was decided, epoch seconds.
        id: the row's key; 0 for one that is not stored.
    """

    scene_id: int
    server: str
    item: int
    path: str
    oshash: str
    chosen_at: float
    id: int = 0

    @property
    def is_never(self) -> bool:
        """Return True if the scene is never synced."""
        return self.item == NEVER_ITEM


class OverrideRows:
    """The decisions in the queue's database."""

    def __init__(self, store: JobStore) -> None:
        self._store = store

    def all(self) -> list[Override]:
        """Return every decision of every server, the newest last; [] for none."""
        rows = self._store.connection.execute(record_sql.OVERRIDES).fetchall()
        return [Override(*row) for row in rows]

    def choose(self, overrides: Iterable[Override], now: float) -> None:
        """Store decisions, and have their scenes synced or left alone, in one transaction.

        What was decided before for a scene's file, on the same server or for every server, is
        replaced, and its dead letter is deleted. `now` is in epoch seconds.
        """
        with self._store.transaction() as connection:
            for override in overrides:
                subject = {"subject": scene_subject(override.scene_id)}
                connection.execute(record_sql.REPLACE_OVERRIDES, _row(override))
                connection.execute(record_sql.SAVE_OVERRIDE, _row(override))
                connection.execute(sql.DELETE_DEAD_LETTER, subject)
                if override.is_never:
                    # The job of a deletion stays: it deletes what is recorded.
                    connection.execute(record_sql.DROP_WAITING_SYNC, subject)
                else:
                    _enqueue(connection, override.scene_id, now)

    def remove(self, scene_ids: Iterable[int], now: float) -> int:
        """Delete the decisions for these scenes and enqueue them; return how many had one."""
        removed = 0
        with self._store.transaction() as connection:
            for scene_id in dict.fromkeys(scene_ids):
                values = {"scene_id": scene_id}
                if connection.execute(record_sql.FORGET_OVERRIDES, values).rowcount:
                    removed += 1
                    _enqueue(connection, scene_id, now)
        return removed

    def move(self, override: Override) -> None:
        """Store the scene and the file that a stored decision belongs to now."""
        with self._store.transaction() as connection:
            connection.execute(record_sql.MOVE_OVERRIDE, _row(override))


def _enqueue(connection: sqlite3.Connection, scene_id: int, now: float) -> None:
    row = job_row(scene_subject(scene_id), OVERRIDE, PRIORITY_EDIT, now, 0.0, None)
    connection.execute(sql.ENQUEUE, row)


def _row(override: Override) -> dict[str, object]:
    return {
        "id": override.id,
        "scene_id": override.scene_id,
        "server": override.server,
        "item": override.item,
        "path": override.path,
        "oshash": override.oshash,
        "chosen_at": override.chosen_at,
    }
