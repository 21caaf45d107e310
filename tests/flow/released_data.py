"""The current version in a data folder of version 1.1.0, between the same two servers.

`tests/fixtures/make_data_1_1_0.py` made both. Times in the folder matter (what is due, when the
libraries were compared last), so nothing is shifted: simulated time continues where the folder's
time ended.
"""

from __future__ import annotations

import contextlib
import json
import lzma
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.flow.release import FIXTURES, unpack_release
from tests.flow.simulated_time import SimulatedServers, SimulatedTime
from tests.flow.snapshot import fill_plex, fill_stash

FOLDER = FIXTURES / "data_1_1_0"
KEPT = FOLDER / "kept"
LATER_S = 2.0
ENTERED = ("a_plex_url", "a_plex_token")  # settings that a test has to enter again


def read_document(name: str) -> Any:
    """Return a JSON document that was kept beside the data folder, or within it."""
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def unpack_data(target: Path) -> Path:
    """Put the data folder in place, its databases as plain files."""
    shutil.copytree(KEPT, target)
    for packed in target.rglob("*.xz"):
        packed.with_suffix("").write_bytes(lzma.decompress(packed.read_bytes()))
        packed.unlink()
    for path in (target, *target.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return target


def enter_port(data: Path, port: int) -> None:
    """Let every kept way to Stash lead to this port: it was another one then."""
    for spilled in (data / "spill").glob("*.json"):
        document = json.loads(spilled.read_text(encoding="utf-8"))
        document["session"]["port"] = port
        spilled.write_text(json.dumps(document), encoding="utf-8")
    with contextlib.closing(sqlite3.connect(data / "queue.db", isolation_level=None)) as connection:
        connection.execute("UPDATE session SET port = ?", (port,))


def query(data: Path, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Return rows of `queue.db` in a data folder."""
    with contextlib.closing(sqlite3.connect(data / "queue.db")) as connection:
        return connection.execute(statement, values).fetchall()


@contextlib.contextmanager
def holding(path: Path) -> Iterator[None]:
    """Hold a database, as another process does."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


class ContinuedServers(SimulatedServers):
    """Both servers as 1.1.0 left them, and the current version where 1.1.0 was."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, SimulatedTime(read_document("moment.json")["now"] + LATER_S))
        self.before = unpack_data(root / "before")
        fill_stash(self.stash, read_document("stash.json"))
        fill_plex(self.plex, read_document("plex.json"))

    def install(self) -> None:
        """Put the current version over the folder that 1.1.0 wrote."""
        super().install()
        enter_port(unpack_data(self.data), self.stash.port)

    def open(self, **settings: Any) -> None:
        """Start both servers with the settings of then; the address and the token are of now."""
        super().open(**{**read_document("settings.json"), **settings})

    def close(self) -> None:
        """Besides, stop the time."""
        super().close()
        self.time.close()

    def wake(self) -> None:
        """Open a page of Stash, which starts a worker."""
        self.stash.run_operation({"mode": "wake"})


class UnchangedServers(ContinuedServers):
    """The same with version 1.1.0 itself, for the comparison."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        # Not where coverage looks: it would take these lines for current ones.
        self.plugin = self.stash.plugins_path / "community" / "PlexSync"
        self.data = self.plugin / "data"

    def install(self) -> None:
        """Put the release where its data folder is."""
        unpack_release(self.plugin)
        enter_port(unpack_data(self.data), self.stash.port)
