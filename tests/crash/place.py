"""Both servers and the plugin, in a place where processes die at chosen points and everything must end well."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sync_queue import statements as sql
from tests.emulators.plex_model import Item
from tests.emulators.stash_client import GraphqlFailure
from tests.emulators.stash_install import kill_processes_of
from tests.flow.house import House, wait_for
from tests.support import ROOT

QUIET_LIMIT_S = 300.0
SILENCE_S = 700.0
LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=60.0, isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""
CHILD = Path(__file__).with_name("child.py")
UNFINISHED = (
    f"SELECT subject, status, due_at, reason FROM {sql.QUEUE} WHERE status < 5 ORDER BY subject"
)

Compared = tuple[str, object, object]
"""The name of a field, what Stash holds, what Plex shows."""


class Place(House):
    """A house whose doors can be manned, and whose two libraries can be compared."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.points = root / "stash" / "points"
        self.predecessors: dict[str, set[int]] = {}
        """The scenes that had this file of Stash before, and are gone."""
        self.renamed: set[str] = set()
        """Files of Stash that had another name once."""
        self._seen_before = 0

    # -- the named points -----------------------------------------------------------------------

    def arm(self) -> None:
        """From now on every process that starts stops at its points."""
        self.points.mkdir(exist_ok=True)
        shutil.copy(self.plugin / "PlexSync.py", self.plugin / "real_door.py")
        self._replace_door(CHILD)

    def disarm(self) -> None:
        """From now on the real script is started. Processes that are under way are not touched."""
        for order in [
            *self.points.glob("kill-*"),
            *self.points.glob("hold-*"),
            *self.points.glob("deadly"),
        ]:
            order.unlink(missing_ok=True)
        self._replace_door(ROOT / "PlexSync.py")

    def _replace_door(self, source: Path) -> None:
        fresh = self.plugin / "door.new"
        shutil.copy(source, fresh)
        fresh.replace(self.plugin / "PlexSync.py")

    def kill_at(self, name: str, hit: int = 1) -> None:
        """The `hit`-th that comes to this point from now on dies there. Earlier victims are forgotten."""
        for earlier in [*self.points.glob("died-*"), *self.points.glob("kill-*")]:
            earlier.unlink()
        (self.points / f"kill-{name}-{hit}").touch()

    def victim(self) -> int:
        """The process that died at its point; 0 while nobody has."""
        return next((int(path.name.partition("-")[2]) for path in self.points.glob("died-*")), 0)

    @contextlib.contextmanager
    def held(self, name: str) -> Iterator[None]:
        """Whoever comes to this point waits there until the block ends."""
        self.set_barrier(name)
        try:
            yield
        finally:
            self.lift_barrier(name)

    def set_barrier(self, name: str) -> None:
        (self.points / f"at-{name}").unlink(missing_ok=True)
        (self.points / f"hold-{name}").touch()

    def lift_barrier(self, name: str) -> None:
        (self.points / f"hold-{name}").unlink(missing_ok=True)

    def somebody_is_at(self, name: str) -> bool:
        return (self.points / f"at-{name}").exists()

    def wait_at(self, name: str) -> None:
        wait_for(lambda: self.somebody_is_at(name), f"somebody is at {name}")

    def seen(self) -> list[str]:
        """The points passed since this was last asked, each once, in order."""
        path = self.points / "seen"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        fresh, self._seen_before = lines[self._seen_before :], len(lines)
        return list(dict.fromkeys(line.split()[2] for line in fresh))

    def skip(self, seconds: float) -> None:
        """Every worker's steady clock skips so many seconds in its next pause."""
        path, fresh = self.points / "skip", self.points / "skip.new"
        ahead = float(path.read_text("utf-8")) if path.exists() else 0.0
        fresh.write_text(str(ahead + seconds), encoding="utf-8")
        fresh.replace(path)

    # -- processes ------------------------------------------------------------------------------

    def processes(self) -> list[tuple[int, str]]:
        """(process id, kind) of every process of this installation: a "worker", or a "hook or task"."""
        script = os.fsencode(self.plugin / "PlexSync.py")
        return [
            (pid, "worker" if words[2:3] == [b"worker"] else "hook or task")
            for pid, words in _command_lines()
            if words[1:2] == [script]
        ]

    def workers(self) -> list[int]:
        """Those that run the worker's door."""
        return [pid for pid, kind in self.processes() if kind == "worker"]

    def kill_workers(self) -> None:
        """SIGKILL every worker and wait until the lease is free."""
        for pid in self.workers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not self.is_alive(), "the lease is free")

    def kill_everything(self) -> None:
        """SIGKILL hooks, tasks and workers."""
        kill_processes_of(self.stash.plugins_path)
        wait_for(lambda: not self.is_alive(), "the lease is free")

    def wake(self) -> None:
        """What the user interface does when somebody opens Stash."""
        self.stash.run_operation({"mode": "wake"})

    def stash_input(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Fields as Stash's mutations take them: names become ids."""
        return self._input(fields)

    def try_edit(self, scene: int, **fields: Any) -> None:
        """An edit whose hook, or whose Stash, may die meanwhile."""
        with contextlib.suppress(GraphqlFailure, OSError):
            self.edit(scene, **fields)

    @contextlib.contextmanager
    def locked_database(self) -> Iterator[None]:
        """Another program, a backup perhaps, keeps everybody from writing to the queue."""
        command = [sys.executable, "-c", LOCK, str(self.data / "queue.db")]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other:
            assert other.stdin is not None and other.stdout is not None
            other.stdout.readline()
            try:
                yield
            finally:
                other.stdin.close()

    # -- how it must end ------------------------------------------------------------------------

    def unfinished(self) -> list[tuple[Any, ...]]:
        """Every job that waits or is in progress."""
        try:
            return super().rows(UNFINISHED)
        except sqlite3.DatabaseError as error:
            return [(str(error),)]

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the queue's database; [] while there is none, or a damaged one."""
        try:
            return super().rows(query, *values)
        except sqlite3.DatabaseError:
            return []

    def spilled(self) -> list[str]:
        """The changes that lie in files."""
        folder = self.data / "spill"
        return sorted(path.name for path in folder.glob("*.json")) if folder.is_dir() else []

    def differences(self) -> list[str]:
        """Every field in which Plex does not show what Stash holds."""
        items = {path: item for item in self.plex.library.items() for path in item.files}
        return [
            f"scene {scene} {name}: Stash {desired!r}, Plex {shown!r}"
            for scene in self.stash.library.scene_ids()
            for name, desired, shown in self._differing(scene, items)
        ]

    def _differing(self, scene_id: int, items: dict[str, Item]) -> list[Compared]:
        scene = self.stash.library.scene(scene_id)
        item = items.get(scene.files[0].path.replace("/data", "/media", 1)) if scene.files else None
        if item is None or not scene.title:
            return []
        fields: list[Compared] = [
            ("title", scene.title, item.title),
            ("summary", scene.details, item.summary or ""),
            ("studio", scene.studio or "", item.studio or ""),
            ("date", scene.date or "", item.date or ""),
            ("performers", sorted(scene.performers), sorted(item.roles)),
            ("tags", sorted(scene.tags), sorted(item.genres)),
            ("collections", [scene.studio] if scene.studio else [], list(item.collections)),
        ]
        differing = [field for field in fields if field[1] != field[2]]
        if not differing or not self._was_anothers(scene.files[0].path):
            return differing
        is_bare = not any((scene.studio, scene.performers, scene.tags, scene.details, scene.date))
        return [field for field in differing if not _may_stay(*field, is_bare=is_bare)]

    def _was_anothers(self, path: str) -> bool:
        """Whether the record of what an earlier scene wrote to this file's item may be gone by design.

        Its own job of destruction takes it along; and a record that names another file proves nothing of this one.
        """
        earlier = self.predecessors.get(path, set())
        log = self.worker_log() if earlier else ""
        return bool(earlier) and (
            path in self.renamed
            or any(re.search(rf"scene={scene} .*what=gone", log) for scene in earlier)
        )

    def wrong(self) -> list[str]:
        """What is left to do, and every field in which the libraries differ; [] when all is well."""
        return [*self.differences(), *map(str, self.unfinished()), *self.spilled()]

    def ends_well(self, limit: float = QUIET_LIMIT_S) -> None:
        """Wait until all is well; what is wrong, said in full, when it never comes."""
        with contextlib.suppress(AssertionError):
            wait_for(lambda: not self.wrong(), limit=limit)
            return
        raise AssertionError("\n".join([*self.wrong(), "", self.tail()]))

    def tail(self) -> str:
        """The end of the worker's log, for a failed test."""
        return "\n".join(self.worker_log().splitlines()[-40:])


def _may_stay(name: str, desired: object, shown: object, *, is_bare: bool) -> bool:
    """Whether nobody may take away what an earlier scene left.

    From collections only what is known as ours goes, and a scene that nobody has identified empties nothing.
    """
    if name == "collections" and isinstance(desired, list) and isinstance(shown, list):
        return set(desired) <= set(shown)
    return is_bare and not desired


def be_quiet(place: Place) -> None:
    """Let a worker do its first scene; afterwards it idles and its watermark is set.

    What Plex gets after this is missing at the worker's first look, and found by the next one half a minute later.
    """
    first = place.scene("first.mp4")
    place.edit(first, title="First")
    place.ends_well()
    wait_for(
        lambda: place.rows(sql.GET_META.replace(":key", "?"), sql.WATERMARK), "the watermark is set"
    )


def seem_silent(place: Place) -> None:
    """Stash's health page fails, for ten minutes of the worker's clock; all the rest of Stash works."""
    place.stash.faults.fail(503, kind="healthz", times=None)
    place.skip(SILENCE_S)


def _command_lines() -> list[tuple[int, list[bytes]]]:
    """(process id, argv) of every process that still executes."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it has ended meanwhile
        found.append((int(entry.name), words))
    return found
