"""Both servers with a library of any size, and the worker in a process of its own, without the plugin's hooks."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path

from benchmarks.lone_worker import Cost, Measured, Order
from benchmarks.stage import PAGE, PROJECT, described, picture
from benchmarks.traffic import Traffic, counted
from core.clock import SystemClock
from core.job import PRIORITY_BACKFILL, scene_subject
from sync_queue.hook_queue import connect, session_parameters
from sync_queue.meta import MetaStore
from sync_queue.schema import open_database
from sync_queue.store import JobStore
from tests.emulators.plex_server import PlexEmulator
from tests.emulators.stash_server import StashEmulator

FIRST_SIZE = 700_000_000
NAME = "scene-{:06}.mp4"  # as the emulator of Plex names items that are made in numbers


class BigLibrary:
    """Plex with `items`, Stash with scenes for the first of them, and a data folder without a worker."""

    def __init__(self, stash: StashEmulator, plex: PlexEmulator, folder: Path, items: int) -> None:
        self.stash = stash
        self.plex = plex
        self.data = folder / "data"
        self.scenes: list[int] = []
        self.names = tuple(f"/media/{NAME.format(number)}" for number in range(items))
        section = plex.library.add_section("Scenes", ["/media"]).key
        self.items = plex.library.add_items(section, items, "/media", FIRST_SIZE)
        stash.configure(a_plex_url=plex.url, a_plex_token=plex.token, b_path_map="/data => /media")
        self._keep_session()

    def add_scenes(self, count: int) -> None:
        """Scenes whose files are spread evenly over the items, older than any edit."""
        step = len(self.items) // count
        self.scenes += [self._add_scene(place * step) for place in range(count)]

    def change(self, scenes: Iterable[int], covers_every: int = 10) -> None:
        """Another title for each, another cover for every so many, without a hook."""
        mark = f"{time.time():.3f}"
        for place, scene in enumerate(scenes):
            fields: dict[str, object] = {"title": f"Changed {mark} {scene}"}
            if (place + 1) % covers_every == 0:
                fields["cover"] = picture(int(time.time()) % 1_000_000_000 + scene)
            self.stash.library.change_scene(scene, touch=True, **fields)

    def note(self, scenes: Iterable[int]) -> None:
        """Put scenes into the queue as "Sync All Scenes" does."""
        subjects = [scene_subject(scene) for scene in scenes]
        with closing(connect(str(self.data), timeout_s=30.0)) as connection:
            store = JobStore(connection, SystemClock())
            for start in range(0, len(subjects), PAGE):
                store.enqueue_many(subjects[start : start + PAGE], "sync_all", PRIORITY_BACKFILL)

    def sync(self, scenes: Iterable[int], action: str = "drain") -> tuple[Measured, Traffic]:
        """Note these scenes and work them off.

        Raises:
            RuntimeError: not every scene was carried over, so the figures mean nothing.
        """
        self.note(scenes)
        measured, traffic = self.run(action)
        with closing(connect(str(self.data), timeout_s=30.0)) as connection:
            due, waiting, running = JobStore(connection, SystemClock()).counts()
        if due or waiting or running:
            raise RuntimeError(f"not done: {due} jobs due, {waiting} waiting, {running} running")
        return measured, traffic

    def run(self, action: str, names: tuple[str, ...] = ()) -> tuple[Measured, Traffic]:
        """One piece of the worker's work in a process of its own, and what it asked.

        Raises:
            RuntimeError: it failed.
        """
        self.stash.reset_counts()
        self.plex.reset_counts()
        order = Order(action, str(self.data), self.plex.url, self.plex.token, names)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.lone_worker"],
            input=json.dumps(asdict(order)).encode(),
            capture_output=True,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr.decode(errors="replace"))
        answer = json.loads(done.stdout)
        answer["profile"] = tuple(
            tuple(Cost(**cost) for cost in costs) for costs in answer["profile"]
        )
        return Measured(**answer), counted(self.stash.requests, list(self.plex.requests))

    def forget_index(self) -> None:
        """Delete the cache folder, as a person may at any time."""
        shutil.rmtree(self.data / "cache", ignore_errors=True)

    def _keep_session(self) -> None:
        self.data.mkdir()
        opened = open_database(self.data)
        here = {"Scheme": "http", "Host": "127.0.0.1", "Port": self.stash.core.connection.port}
        session = session_parameters(here, time.time())
        assert session is not None
        MetaStore(JobStore(opened.queue.connection, SystemClock())).keep_session(session)
        opened.queue.close()

    def _add_scene(self, number: int) -> int:
        return self.stash.library.add_scene(
            f"/data/{NAME.format(number)}",
            FIRST_SIZE + number,
            oshash=f"{number:016x}",
            **described(number),
        )


@contextmanager
def open_big_library(items: int, scenes: int = 0) -> Iterator[BigLibrary]:
    """So many items, so many of them with a scene; afterwards no process and no file is left."""
    with tempfile.TemporaryDirectory(prefix="plexsync-bench-") as name:
        folder = Path(name)
        with PlexEmulator() as plex, StashEmulator(folder / "stash") as stash:
            library = BigLibrary(stash, plex, folder, items)
            if scenes:
                library.add_scenes(scenes)
            yield library
