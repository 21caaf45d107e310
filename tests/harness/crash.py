"""Kill real processes at chosen checkpoints and wait until both libraries agree again."""

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
from tests.emulators.fork_server import find_forked
from tests.emulators.plex_model import Item
from tests.emulators.stash_client import GraphqlFailure
from tests.emulators.stash_process import Spawn
from tests.harness.plugin_copy import ROOT
from tests.harness.processes import ProcessHarness
from tests.harness.waiting import wait_for

QUIET_LIMIT_S = 300.0
SILENCE_S = 700.0
LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=60.0, isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""
ENTRY = Path(__file__).with_name("crash_entry.py")
UNFINISHED = (
    f"SELECT subject, status, due_at, reason FROM {sql.QUEUE} WHERE status < 5 ORDER BY subject"
)

Compared = tuple[str, object, object]
"""The name of a field, what Stash holds, what Plex shows."""


class CrashHarness(ProcessHarness):
    """Real processes that are held or killed at checkpoints, and a comparison of both libraries."""

    def __init__(self, root: Path, *, spawn: Spawn | None = None) -> None:
        super().__init__(root, spawn=spawn)
        self.points = root / "stash" / "points"
        self.predecessors: dict[str, set[int]] = {}
        """The deleted scenes that had this file of Stash before, by path."""
        self.renamed: set[str] = set()
        """Files of Stash that were renamed."""
        self._seen_before = 0

    # -- checkpoints ----------------------------------------------------------------------------

    def arm(self) -> None:
        """Let every process that starts from now on obey the orders at its checkpoints."""
        self.points.mkdir(exist_ok=True)
        self._replace_entry(ENTRY)

    def disarm(self) -> None:
        """Start the real script from now on; running processes are not touched."""
        for order in [
            *self.points.glob("kill-*"),
            *self.points.glob("hold-*"),
            *self.points.glob("poison"),
        ]:
            order.unlink(missing_ok=True)
        self._replace_entry(ROOT / "PlexSync.py")

    def _replace_entry(self, source: Path) -> None:
        fresh = self.plugin / "entry.new"
        shutil.copy(source, fresh)
        fresh.replace(self.plugin / "PlexSync.py")

    def kill_at(self, name: str, hit: int = 1) -> None:
        """Kill the `hit`-th process that reaches this checkpoint; earlier kills are forgotten."""
        for earlier in [*self.points.glob("killed-*"), *self.points.glob("kill-*")]:
            earlier.unlink()
        (self.points / f"kill-{name}-{hit}").touch()

    def killed_pid(self) -> int:
        """Return the process that was killed at its checkpoint; 0 while none was."""
        return next((int(path.name.partition("-")[2]) for path in self.points.glob("killed-*")), 0)

    @contextlib.contextmanager
    def barrier(self, name: str) -> Iterator[None]:
        """Hold every process that reaches this checkpoint until the block ends."""
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

    def is_waiting_at(self, name: str) -> bool:
        return (self.points / f"at-{name}").exists()

    def wait_at(self, name: str) -> None:
        wait_for(lambda: self.is_waiting_at(name), f"a process waits at {name}")

    def seen(self) -> list[str]:
        """Return the checkpoints passed since the last call, each one time, in order."""
        path = self.points / "seen"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        fresh, self._seen_before = lines[self._seen_before :], len(lines)
        return list(dict.fromkeys(line.split()[2] for line in fresh))

    def skip(self, seconds: float) -> None:
        """Move every worker's steady clock ahead by so many seconds in its next pause."""
        path, fresh = self.points / "skip", self.points / "skip.new"
        ahead = float(path.read_text("utf-8")) if path.exists() else 0.0
        fresh.write_text(str(ahead + seconds), encoding="utf-8")
        fresh.replace(path)

    # -- processes ------------------------------------------------------------------------------

    def processes(self) -> list[tuple[int, str]]:
        """Return (process id, "worker" or "hook or task") of every process of this installation."""
        script = str(self.plugin / "PlexSync.py")
        return [
            (pid, "worker" if "worker" in words else "hook or task")
            for pid, words in [*find_forked(self.plugin), *_command_lines()]
            if script in words
        ]

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        return [pid for pid, kind in self.processes() if kind == "worker"]

    def kill_workers(self) -> None:
        """Send SIGKILL to every worker and wait until the lease is free."""
        for pid in self.workers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not self.is_worker_running(), "the lease is free")

    def kill_everything(self) -> None:
        """Send SIGKILL to hooks, tasks and workers, and wait until the lease is free."""
        self.stash.kill_plugin_processes()
        wait_for(lambda: not self.is_worker_running(), "the lease is free")

    def wake(self) -> None:
        """Call the operation that the user interface calls when it is opened."""
        self.stash.run_operation({"mode": "wake"})

    def stash_input(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Return fields as Stash's mutations take them: names become ids."""
        return self._input(fields)

    def try_edit(self, scene: int, **fields: Any) -> None:
        """Edit although the hook or Stash may be killed meanwhile."""
        with contextlib.suppress(GraphqlFailure, OSError):
            self.edit(scene, **fields)

    @contextlib.contextmanager
    def locked_database(self) -> Iterator[None]:
        """Hold a write lock on the queue's database, as another program may."""
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

    # -- the result -----------------------------------------------------------------------------

    def unfinished(self) -> list[tuple[Any, ...]]:
        """Return every job that waits or is in progress."""
        try:
            return super().rows(UNFINISHED)
        except sqlite3.DatabaseError as error:
            return [(str(error),)]

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Return rows of the queue's database; [] while there is none, or a damaged one."""
        try:
            return super().rows(query, *values)
        except sqlite3.DatabaseError:
            return []

    def spilled(self) -> list[str]:
        """Return the names of the spill files."""
        folder = self.data / "spill"
        return sorted(path.name for path in folder.glob("*.json")) if folder.is_dir() else []

    def differences(self) -> list[str]:
        """Return every field in which Plex does not show what Stash holds."""
        items = {path: item for item in self.plex.library.items() for path in item.files}
        return [
            f"scene {scene} {name}: Stash {desired!r}, Plex {current!r}"
            for scene in self.stash.library.scene_ids()
            for name, desired, current in self._differing(scene, items)
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
        if not differing or not self._has_predecessor(scene.files[0].path):
            return differing
        is_bare = not any((scene.studio, scene.performers, scene.tags, scene.details, scene.date))
        return [field for field in differing if not _may_stay(*field, is_bare=is_bare)]

    def _has_predecessor(self, path: str) -> bool:
        """Return True if the record of an earlier scene of this file may be gone by design.

        The job of its deletion removes the record, and a record that names another file proves
        nothing here.
        """
        earlier = self.predecessors.get(path, set())
        log = self.worker_log() if earlier else ""
        return bool(earlier) and (
            path in self.renamed
            or any(re.search(rf"scene={scene} .*what=gone", log) for scene in earlier)
        )

    def inconsistencies(self) -> list[str]:
        """Return unfinished work and every field in which the libraries differ; [] when all is
        well.
        """
        return [*self.differences(), *map(str, self.unfinished()), *self.spilled()]

    def wait_until_consistent(self, limit: float = QUIET_LIMIT_S) -> None:
        """Wait until there are no inconsistencies.

        Raises:
            AssertionError: some remain; the message lists them.
        """
        with contextlib.suppress(AssertionError):
            wait_for(lambda: not self.inconsistencies(), limit=limit)
            return
        raise AssertionError("\n".join([*self.inconsistencies(), "", self.tail()]))

    def tail(self) -> str:
        """Return the end of the worker's log, for a failed test."""
        return "\n".join(self.worker_log().splitlines()[-40:])


def _may_stay(name: str, desired: object, current: object, *, is_bare: bool) -> bool:
    """Return True if PlexSync must leave what an earlier scene wrote.

    It removes only its own collections, and a scene that is not identified empties nothing.
    """
    if name == "collections" and isinstance(desired, list) and isinstance(current, list):
        return set(desired) <= set(current)
    return is_bare and not desired


def wait_idle(crash: CrashHarness) -> None:
    """Let a worker sync its first scene; afterwards it is idle and its watermark is set.

    An item that Plex gets afterwards is missing at the first poll and found half a minute later.
    """
    first = crash.scene("first.mp4")
    crash.edit(first, title="First")
    crash.wait_until_consistent()
    wait_for(
        lambda: crash.rows(sql.GET_META.replace(":key", "?"), sql.WATERMARK), "the watermark is set"
    )


def simulate_stash_outage(crash: CrashHarness) -> None:
    """Let Stash's health page fail for ten minutes of the worker's clock; the rest works."""
    crash.stash.faults.fail(503, kind="healthz", times=None)
    crash.skip(SILENCE_S)


def _command_lines() -> list[tuple[int, list[str]]]:
    """Return (process id, argv) of every running process."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = os.fsdecode((entry / "cmdline").read_bytes()).split("\0")
        except OSError:
            continue  # it has ended meanwhile
        found.append((int(entry.name), words))
    return found
