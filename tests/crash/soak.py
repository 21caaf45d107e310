"""A long random day: edits from all sides, processes killed at any moment, servers that come and
go.

At the end everybody is left in peace, and Plex must show what Stash holds, field by field.

By hand: python -m tests.crash.soak --seed 7 --kills 1000
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from random import Random
from threading import Event

from tests.emulators.stash_client import GraphqlFailure
from tests.harness.crash import CrashHarness
from tests.harness.processes import running
from tests.harness.waiting import wait_for

SCENES = 24
MAX_CONCURRENT = 3  # how many edits are under way at the same time
TAGS = ("one", "two", "three", "four")
PERFORMERS = ("Ada", "Ben", "Cyd")
STUDIOS = ("Aurora", "Borealis", None)
MAX_PAUSE_S = 0.25
MAX_OUTAGE_S = 3.0
MAX_LOCK_S = 4.0
IDLE_LIMIT_S = 480.0
TASKS = ("Process Queue", "View Queue Status", "Health Check")


class ProcessSoak:
    """One day. The same seed plans the same day; the machine decides how it goes."""

    def __init__(self, crash: CrashHarness, seed: int, *, creates: bool = True) -> None:
        """`creates`: scenes are made, too. PlexSync lets future of them rest for a minute."""
        self._crash = crash
        self._creates = creates
        self._rng = Random(seed)
        self._pause = Event()
        self._files = 0
        self._edits = 0
        self._running: list[Future[None]] = []
        self.kills = {"worker": 0, "hook or task": 0}

    def run(self, kills: int, stop_at: float) -> None:
        """Live through the day, until so many processes were killed or the (monotonic) time is
        over.
        """
        for _ in range(SCENES):
            self.add_file()
        weighted: list[tuple[Callable[[], None], int]] = [
            (self.edit, 30),
            (self.bulk_edit, 8),
            (self.create, 4 * self._creates),
            (self.destroy, 3),
            (self.destroy_and_find_again, 3 * self._creates),
            (self.rename, 4),
            (self.plex_outage, 3),
            (self.stash_restart, 1),
            (self.kill_stash, 1),
            (self.lock, 2),
            (self.full_disk, 2),
            (self.task, 3),
            (self.wake, 3),
            (self.kill, 25),
        ]
        actions, weights = zip(*weighted, strict=True)
        with ThreadPoolExecutor(MAX_CONCURRENT) as pool:
            while sum(self.kills.values()) < kills and time.monotonic() < stop_at:
                action = self._rng.choices(actions, weights)[0]
                if action in (self.edit, self.bulk_edit, self.create, self.destroy, self.task):
                    self._submit(pool, action)
                else:
                    action()
                self._pause.wait(self._rng.uniform(0.0, MAX_PAUSE_S))

    def wait_until_idle(self) -> None:
        """Kill every process once more, then open Stash and let the worker finish undisturbed."""
        self._crash.kill_everything()
        self._crash.wake()
        self._crash.wait_until_consistent(IDLE_LIMIT_S)
        wait_for(lambda: len(self._crash.workers()) == 1, "one worker is left")
        assert self._crash.dead_letters() == []

    def _submit(self, pool: ThreadPoolExecutor, action: Callable[[], None]) -> None:
        self._running = [future for future in self._running if not future.done()]
        if len(self._running) < MAX_CONCURRENT:
            self._running.append(pool.submit(_tolerant, action))

    # -- what users do --------------------------------------------------------------------------

    def edit(self) -> None:
        self._edits += 1
        self._crash.edit(self._any_scene(), **self._fields())

    def bulk_edit(self) -> None:
        scenes = self._crash.stash.library.scene_ids()
        chosen = self._rng.sample(scenes, min(len(scenes), self._rng.randint(2, 8)))
        self._edits += 1
        self._crash.edit_all(chosen, details=f"Bulk {self._edits}", tags=self._some(TAGS))

    def create(self) -> None:
        """A new file in both libraries, and a scene for it made by hand."""
        library, name = self._crash.stash.library, self._new_name()
        self._crash.plex.library.add_item(self._crash.section, [(f"/media/{name}", 1_000)])
        self._create_for(library.add_file(f"/data/{name}", 1_000))

    def destroy(self) -> None:
        if len(self._crash.stash.library.scene_ids()) > SCENES // 2:
            self._crash.stash.destroy_scene(self._any_scene())

    def destroy_and_find_again(self) -> None:
        """The scene gets another id; its file and Plex's item stay."""
        scene, library = self._any_scene(), self._crash.stash.library
        files = library.files_of(library.scenes[scene])
        _tolerant(lambda: self._crash.stash.destroy_scene(scene))
        if scene not in library.scenes and files:
            self._crash.predecessors.setdefault(files[0].path, set()).add(scene)
            _tolerant(lambda: self._create_for(library.add_file(files[0].path, files[0].size)))

    def rename(self) -> None:
        """The file is renamed on the disk, and both servers notice; no hook runs."""
        library, name = self._crash.stash.library, self._new_name()
        for file in library.files_of(library.scenes[self._any_scene()])[:1]:
            self._crash.plex.library.rename_file(
                file.path.replace("/data", "/media", 1), f"/media/{name}"
            )
            library.move_file(file.path, f"/data/{name}")
            self._crash.predecessors[f"/data/{name}"] = self._crash.predecessors.pop(
                file.path, set()
            )
            self._crash.renamed.add(f"/data/{name}")

    def task(self) -> None:
        self._crash.stash.run_task(self._rng.choice(TASKS))

    def wake(self) -> None:
        _tolerant(self._crash.wake)

    # -- what happens to them -------------------------------------------------------------------

    def kill(self) -> None:
        """SIGKILL one process of the plugin, whichever."""
        processes = self._crash.processes()
        if not processes:
            return
        pid, kind = self._rng.choice(processes)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self.kills[kind] += 1

    def plex_outage(self) -> None:
        self._crash.plex.down()
        self._pause.wait(self._rng.uniform(0.0, MAX_OUTAGE_S))
        self._crash.plex.up()

    def stash_restart(self) -> None:
        self._crash.stash.restart()

    def kill_stash(self) -> None:
        """Kill the container with Stash, hooks, tasks and worker, and start it again."""
        self._crash.stash.container_kill()
        self._pause.wait(self._rng.uniform(0.0, 1.0))
        self._crash.stash.up()

    def lock(self) -> None:
        """Another program locks the queue."""
        if not (self._crash.data / "queue.db").exists():
            return
        with self._crash.locked_database():
            _tolerant(self.edit)
            self._pause.wait(self._rng.uniform(0.0, MAX_LOCK_S))

    def full_disk(self) -> None:
        """For a while the disk is full, as far as the worker can see: none of its files may be
        written.
        """
        workers = [pid for pid, kind in self._crash.processes() if kind == "worker"]
        for limit in (0, resource.RLIM_INFINITY):
            for pid in workers:
                with contextlib.suppress(ProcessLookupError):
                    resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
            if not limit:
                _tolerant(self.edit)
                self._pause.wait(self._rng.uniform(0.5, MAX_LOCK_S))

    # -- helpers --------------------------------------------------------------------------------

    def add_file(self) -> None:
        """A file in both libraries, with its scene."""
        self._crash.scene(self._new_name())

    def _create_for(self, file_id: int) -> None:
        fields = self._crash.stash_input(self._fields())
        query = "mutation($input: SceneCreateInput!) { sceneCreate(input: $input) { id } }"
        self._edits += 1
        self._crash.stash.graphql(query, {"input": {**fields, "file_ids": [str(file_id)]}})

    def _new_name(self) -> str:
        self._files += 1
        return f"file-{self._files}.mp4"

    def _any_scene(self) -> int:
        return int(self._rng.choice(self._crash.stash.library.scene_ids()))

    def _some(self, names: tuple[str, ...]) -> list[str]:
        return self._rng.sample(names, self._rng.randint(0, len(names)))

    def _fields(self) -> dict[str, object]:
        fields: dict[str, object] = {
            "title": f"Title {self._edits}",
            "details": f"Details {self._edits}" if self._rng.random() < 0.8 else "",
            "date": f"20{self._rng.randint(10, 24)}-0{self._rng.randint(1, 9)}-11",
            "tags": self._some(TAGS),
            "performers": self._some(PERFORMERS),
            "studio": self._rng.choice(STUDIOS),
        }
        kept = self._rng.sample(sorted(fields), self._rng.randint(1, len(fields)))
        return {name: fields[name] for name in {*kept, "title"}}


def _tolerant(action: Callable[[], None]) -> None:
    """Ignore what a user's request may meet when servers and hooks are killed."""
    with contextlib.suppress(GraphqlFailure, OSError, KeyError, ValueError):
        action()


def run_soak(
    root: Path, seed: int, kills: int, seconds: float, *, creates: bool = True
) -> dict[str, int]:
    """One whole day in `root`; how many processes of which kind were killed."""
    crash = CrashHarness(root)
    with running(crash):
        soak = ProcessSoak(crash, seed, creates=creates)
        soak.run(kills, time.monotonic() + seconds)
        soak.wait_until_idle()
        return soak.kills


def main(arguments: list[str]) -> int:
    """Days of a hundred kills future until there were enough; the seed of a bad one is printed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--per-day", type=int, default=100)
    options = parser.parse_args(arguments)
    done, seed = 0, options.seed
    while done < options.kills:
        print(f"seed {seed}: ", end="", flush=True)
        with tempfile.TemporaryDirectory(prefix="plexsync-soak-") as folder:
            kills = run_soak(Path(folder), seed, min(options.per_day, options.kills - done), 3600.0)
        done += sum(kills.values())
        print(
            ", ".join(f"{count} x {kind} killed" for kind, count in kills.items())
            + f"; {done} in all",
            flush=True,
        )
        seed += 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
