"""Open and read the queue's database."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from sync_queue.schema import open_database
from sync_queue.statements import SAVE_SESSION
from sync_queue.store import JobStore
from tests.harness.clocks import FakeClock


def open_store(
    data_dir: Path,
    clock: FakeClock,
    *,
    epoch: int | None = None,
    checkpoint: Callable[[str], object] = str,
) -> JobStore:
    """Return a store on a fresh or existing database in `data_dir`."""
    opened = open_database(data_dir)
    return JobStore(opened.queue.connection, clock, epoch=epoch, checkpoint=checkpoint)


def save_session(store: JobStore, session: dict[str, object]) -> None:
    """Save a session by the store's own connection, so that its worker notices no change."""
    with store.transaction() as connection:
        connection.execute(SAVE_SESSION, session)


def query(data_dir: Path, sql: str, *values: object) -> list[tuple[object, ...]]:
    """Return rows of the queue's database, read by a connection of its own."""
    connection = sqlite3.connect(data_dir / "queue.db")
    try:
        return connection.execute(sql, values).fetchall()
    finally:
        connection.close()
