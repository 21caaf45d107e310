"""Set up benchmarks: both servers, a library of any size, the plugin installed as in Stash."""

import json
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from core.clock import SystemClock
from core.job import scene_subject
from startup import collect_rarely
from sync_queue import statements as sql
from sync_queue.hook_queue import DATABASE, connect, is_worker_alive
from sync_queue.store import JobStore
from tests.emulators.plex_server import PlexEmulator
from tests.emulators.stash_images import png
from tests.emulators.stash_process import PluginRun
from tests.emulators.stash_server import StashEmulator

PROJECT = Path(__file__).resolve().parent.parent
POLL_S = 0.005
# Python keeps compiled files by default, also in Stash's image; developers often forbid it.
COMPILED_KEPT = {"PYTHONDONTWRITEBYTECODE": ""}
PAGE = 500
# Older than the watermark, so that the catch-up does not enqueue the scenes.
LONG_AGO = "2024-05-01T12:00:00Z"


class WaitTimeout(Exception):
    """A condition that the benchmark waits for did not become true in time."""


class BenchEnvironment:
    """Both servers and the installed plugin; `folder` is an unrelated working folder."""

    def __init__(
        self, stash: StashEmulator, plex: PlexEmulator, folder: Path, source: Path
    ) -> None:
        self.stash = stash
        self.plex = plex
        self.folder = folder
        self.section = plex.library.add_section("Scenes", ["/media"]).key
        self.items: dict[int, int] = {}
        stash.install_plugin(source)
        stash.configure(a_plex_url=plex.url, a_plex_token=plex.token, b_path_map="/data => /media")

    @property
    def plugin(self) -> Path:
        """Return the folder of the installed plugin."""
        return self.stash.plugins_path / "PlexSync"

    @property
    def data(self) -> Path:
        """Return the plugin's data folder."""
        return self.plugin / "data"

    # -- the library ----------------------------------------------------------------------------

    def add_scenes(self, count: int) -> list[int]:
        """Add scenes with a value in every field, and a Plex item for each; return their IDs."""
        return [
            self._add_scene(number) for number in range(len(self.items), len(self.items) + count)
        ]

    def _add_scene(self, number: int) -> int:
        path, size = f"folder {number % 97}/scene {number:06}.mp4", 700_000_000 + number
        item = self.plex.library.add_item(self.section, [(f"/media/{path}", size)])
        scene = self.stash.library.add_scene(
            f"/data/{path}",
            size,
            oshash=f"{number:016x}",
            **described(number),
        )
        self.items[scene] = item
        return scene

    def change(self, scene: int, title: str, cover: bytes | None = None) -> None:
        """Change a scene without any hook."""
        fields = {"title": title} if cover is None else {"title": title, "cover": cover}
        self.stash.library.change_scene(scene, touch=True, **fields)

    def title_in_plex(self, scene: int) -> str:
        """Return the title that Plex shows now."""
        return self.plex.library.item(self.items[scene]).title

    # -- the queue ------------------------------------------------------------------------------

    def enqueue(self, subjects: Iterable[str], cause: str, priority: int) -> None:
        """Put subjects into the queue, in one transaction."""
        with closing(connect(str(self.data), timeout_s=30.0)) as connection:
            JobStore(connection, SystemClock()).enqueue_many(subjects, cause, priority)

    def enqueue_scenes(self, scenes: Iterable[int], cause: str, priority: int) -> None:
        """Put scenes into the queue, in one transaction."""
        self.enqueue(map(scene_subject, scenes), cause, priority)

    def count(self, condition: str = "status < 5") -> int:
        """Count the rows of the queue under an SQL condition; by default all that are not done."""
        return int(str(self._value(f"SELECT count(*) FROM {sql.QUEUE} WHERE {condition}")))

    def empty_queue(self) -> None:
        """Delete every waiting job."""
        with closing(connect(str(self.data), timeout_s=30.0)) as connection:
            JobStore(connection, SystemClock()).clear_waiting()

    def _value(self, query: str) -> object:
        with closing(sqlite3.connect(self.data / DATABASE, timeout=30.0)) as connection:
            row = connection.execute(query).fetchone()
        return row[0] if row else None

    # -- the worker -----------------------------------------------------------------------------

    def hook_run(self) -> PluginRun:
        """Return the newest hook run, with the exact input and argv from Stash."""
        return [run for run in self.stash.plugin_runs if "hookContext" in run.args][-1]

    def worker_pid(self) -> int:
        """Return the worker's process ID."""
        return int(str(self._value("SELECT pid FROM worker")))

    def is_idle(self) -> bool:
        """Return True if everything is done, verifying reads included."""
        return not self.count() and self._value("SELECT doing FROM worker") == "idle"

    def wait_idle(self, limit_s: float = 60.0) -> None:
        """Wait until the worker has processed everything."""
        wait_until("the worker has done everything", self.is_idle, limit_s)

    def end_worker(self) -> None:
        """End the detached worker; nothing of the plugin runs afterwards."""
        self.stash.kill_plugin_processes()
        wait_until("the worker has ended", lambda: not is_worker_alive(str(self.data)), 10.0)

    def wake(self) -> None:
        """Make sure that a worker runs and has the newest session."""
        self.stash.run_operation({"mode": "wake"})
        wait_until("a worker runs", lambda: is_worker_alive(str(self.data)), 20.0)


@contextmanager
def open_environment(
    scenes: int = 0, source: Path = PROJECT, python: Path | None = None
) -> Iterator[BenchEnvironment]:
    """Yield an environment with 1 + `scenes` scenes, its worker started and Plex's library indexed.

    `source` is a revision of the project; `python` None: the benchmark's own. Processes and files
    are removed afterwards.
    """
    with tempfile.TemporaryDirectory(prefix="plexsync-benchmark-") as name:
        folder = Path(name)
        with (
            PlexEmulator() as plex,
            StashEmulator(
                folder / "stash",
                python_path=str(python) if python else None,
                extra_env=COMPILED_KEPT,
            ) as stash,
        ):
            env = BenchEnvironment(stash, plex, folder, source)
            first = env.add_scenes(1 + scenes)[0]
            # The emulated library would be looked at again and again while it is measured.
            collect_rarely()
            try:
                stash.update_scene(first, title="The first edit")
                wait_until(
                    "the first edit is in Plex",
                    lambda: env.title_in_plex(first) == "The first edit",
                    60.0,
                )
                env.wait_idle()
                yield env
            finally:
                env.end_worker()


def wait_until(what: str, is_so: Callable[[], object], limit_s: float) -> None:
    """Poll a condition until it is true.

    Raises:
        WaitTimeout: it was not true within `limit_s`.
    """
    end = time.monotonic() + limit_s
    while not is_so():
        if time.monotonic() >= end:
            raise WaitTimeout(f"not within {limit_s:g} s: {what}")
        time.sleep(POLL_S)


def picture(number: int) -> bytes:
    """Return a small PNG with unique bytes."""
    return png(number % 256) + number.to_bytes(4, "big")


def described(number: int) -> dict[str, Any]:
    """Return the metadata of scene `number`: partly shared with other scenes, its cover unique."""
    return {
        "title": f"Scene {number}",
        "details": f"What happens in scene {number}.",
        "date": f"20{number % 20:02}-{number % 12 + 1:02}-{number % 28 + 1:02}",
        "studio": f"Studio {number % 13}",
        "performers": [f"Performer {(number + step) % 97}" for step in range(3)],
        "tags": [f"Tag {(number * 7 + step) % 89}" for step in range(5)],
        "cover": picture(number),
        "created_at": LONG_AGO,
        "updated_at": LONG_AGO,
    }


def with_scene(stdin: bytes, scene: int) -> str:
    """Return a hook's input, changed to another scene."""
    message = json.loads(stdin)
    message["args"]["hookContext"]["id"] = scene
    return json.dumps(message)
