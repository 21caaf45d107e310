"""What several test folders share."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

from core.checkpoint import Checkpoint, no_checkpoint
from sync_queue.schema import open_database
from sync_queue.store import JobStore
from tools.package import FILES, FOLDERS

ROOT = Path(__file__).resolve().parent.parent


class FakeClock:
    """A clock that moves only when told; `sleep` moves it. `on_sleep` hears of every sleep."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self.now = start
        self.steady = 0.0
        self.sleeps: list[float] = []
        self.on_sleep: Callable[[float], object] = abs

    def wall(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.steady

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.on_sleep(seconds)
        self.advance(max(0.0, seconds))

    def advance(self, seconds: float) -> None:
        """Move both clocks."""
        self.now += seconds
        self.steady += seconds

    def jump(self, seconds: float) -> None:
        """Move the wall clock alone, as a corrected system clock does."""
        self.now += seconds


def open_store(
    data_dir: Path,
    clock: FakeClock,
    *,
    epoch: int | None = None,
    checkpoint: Checkpoint = no_checkpoint,
) -> JobStore:
    """A store on a fresh or existing database in `data_dir`."""
    opened = open_database(data_dir)
    return JobStore(opened.queue.connection, clock, epoch=epoch, checkpoint=checkpoint)


def query(data_dir: Path, sql: str, *values: object) -> list[tuple[object, ...]]:
    """Rows of the queue's database, read by a connection of its own."""
    connection = sqlite3.connect(data_dir / "queue.db")
    try:
        return connection.execute(sql, values).fetchall()
    finally:
        connection.close()


def copy_plugin(target: Path) -> Path:
    """The shipped files as an installation has them, in `target`."""
    target.mkdir(parents=True, exist_ok=True)
    for folder in FOLDERS:
        shutil.copytree(
            ROOT / folder, target / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in FILES:
        shutil.copy(ROOT / name, target / name)
    return target
