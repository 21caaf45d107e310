"""Set up both servers with a library of any size, and a worker process without hooks."""

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

from benchmarks.environment import PAGE, PROJECT, described, picture
from benchmarks.traffic import Traffic, counted
from benchmarks.worker_process import Cost, Measured, Order
from core.clock import SystemClock
from core.job import PRIORITY_BACKFILL, scene_subject
from sync_queue.hook_queue import connect, save_session, session_parameters
from sync_queue.schema import open_database
from sync_queue.store import JobStore
from tests.emulators.plex_server import PlexEmulator
from tests.emulators.stash_server import StashEmulator

FIRST_SIZE = 700_000_000
# The emulator of Plex names generated items like this.
NAME = "scene-{:06}.mp4"


class BigLibrary:
    """Plex with `items`, Stash with scenes for some of them, and a data folder without a worker."""

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
        """Add scenes whose files are spread evenly over the items, older than any edit."""
        step = len(self.items) // count
        self.scenes += [self._add_scene(position * step) for position in range(count)]

    def change(self, scenes: Iterable[int], covers_every: int = 10) -> None:
        """Change each title, and the cover of one in `covers_every`, without a hook."""
        mark = f"{time.time():.3f}"
        for position, scene in enumerate(scenes):
            fields: dict[str, object] = {"title": f"Changed {mark} {scene}"}
            if (position + 1) % covers_every == 0:
                fields["cover"] = picture(int(time.time()) % 1_000_000_000 + scene)
            self.stash.library.change_scene(scene, touch=True, **fields)

    def enqueue(self, scenes: Iterable[int]) -> None:
        """Put scenes into the queue as "Sync All Scenes" does."""
        subjects = [scene_subject(scene) for scene in scenes]
        with closing(connect(str(self.data), timeout_s=30.0)) as connection:
            store = JobStore(connection, SystemClock())
            for start in range(0, len(subjects), PAGE):
                store.enqueue_many(subjects[start : start + PAGE], "sync_all", PRIORITY_BACKFILL)

    def sync(self, scenes: Iterable[int], action: str = "drain") -> tuple[Measured, Traffic]:
        """Enqueue these scenes and process them.

        Raises:
            RuntimeError: not every scene was synced, so the figures are invalid.
        """
        self.enqueue(scenes)
        measured, traffic = self.run(action)
        with closing(connect(str(self.data), timeout_s=30.0)) as connection:
            due, waiting, running = JobStore(connection, SystemClock()).counts()
        if due or waiting or running:
            raise RuntimeError(f"not done: {due} jobs due, {waiting} waiting, {running} running")
        return measured, traffic

    def run(self, action: str, names: tuple[str, ...] = ()) -> tuple[Measured, Traffic]:
        """Run one part of the worker's work in its own process; return its figures and requests.

        Raises:
            RuntimeError: it failed.
        """
        self.stash.reset_counts()
        self.plex.reset_counts()
        order = Order(action, str(self.data), self.plex.url, self.plex.token, names)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.worker_process"],
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
        """Delete the cache folder, as a user may at any time."""
        shutil.rmtree(self.data / "cache", ignore_errors=True)

    def _keep_session(self) -> None:
        self.data.mkdir()
        opened = open_database(self.data)
        here = {"Scheme": "http", "Host": "127.0.0.1", "Port": self.stash.core.connection.port}
        session = session_parameters(here, time.time())
        assert session is not None
        save_session(str(self.data), session)
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
    """Yield a library with `items` items, `scenes` of them with a scene; remove all afterwards."""
    with tempfile.TemporaryDirectory(prefix="plexsync-benchmark-") as name:
        folder = Path(name)
        with PlexEmulator() as plex, StashEmulator(folder / "stash") as stash:
            library = BigLibrary(stash, plex, folder, items)
            if scenes:
                library.add_scenes(scenes)
            yield library
