"""The stage of the benchmarks: both servers, a library of any size, the plugin installed as in Stash."""

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
from sync_queue import statements as sql
from sync_queue.hook_queue import DATABASE, connect, is_worker_alive
from sync_queue.store import JobStore
from tests.emulators.plex_server import PlexEmulator
from tests.emulators.stash_images import png
from tests.emulators.stash_process import PluginRun
from tests.emulators.stash_server import StashEmulator

PROJECT = Path(__file__).resolve().parent.parent
LOOK_S = 0.005
# Python keeps compiled files unless somebody forbids it, as developers do; Stash's image does not.
COMPILED_KEPT = {"PYTHONDONTWRITEBYTECODE": ""}
PAGE = 500
LONG_AGO = "2024-05-01T12:00:00Z"  # younger scenes would be the catch-up's business


class NeverHappened(Exception):
    """Something that the benchmark waits for did not come about."""


class Stage:
    """Both servers and the installed plugin. `folder` is neither the plugin's nor the project's."""

    def __init__(self, stash: StashEmulator, plex: PlexEmulator, folder: Path) -> None:
        self.stash = stash
        self.plex = plex
        self.folder = folder
        self.section = plex.library.add_section("Scenes", ["/media"]).key
        self.items: dict[int, int] = {}
        stash.install_plugin(PROJECT)
        stash.configure(a_plex_url=plex.url, a_plex_token=plex.token, b_path_map="/data => /media")

    @property
    def plugin(self) -> Path:
        """The installed plugin."""
        return self.stash.plugins_path / "PlexSync"

    @property
    def data(self) -> Path:
        """Where it keeps its queue."""
        return self.plugin / "data"

    # -- the library ----------------------------------------------------------------------------

    def add_scenes(self, count: int) -> list[int]:
        """Scenes with everything that is carried over, and a Plex item for each; their ids."""
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
        """What Plex shows now."""
        return self.plex.library.item(self.items[scene]).title

    # -- the queue ------------------------------------------------------------------------------

    def note(self, subjects: Iterable[str], cause: str, priority: int) -> None:
        """Put subjects into the queue, in one transaction."""
        with closing(connect(str(self.data), timeout_s=30.0)) as connection:
            JobStore(connection, SystemClock()).enqueue_many(subjects, cause, priority)

    def note_scenes(self, scenes: Iterable[int], cause: str, priority: int) -> None:
        """The same for scenes."""
        self.note(map(scene_subject, scenes), cause, priority)

    def count(self, condition: str = "status < 5") -> int:
        """How many rows of the queue fulfil the condition; by default all that are not done."""
        return int(str(self._value(f"SELECT count(*) FROM {sql.QUEUE} WHERE {condition}")))

    def empty_queue(self) -> None:
        """Forget every waiting job."""
        with closing(connect(str(self.data), timeout_s=30.0)) as connection:
            JobStore(connection, SystemClock()).clear_waiting()

    def _value(self, query: str) -> object:
        with closing(sqlite3.connect(self.data / DATABASE, timeout=30.0)) as connection:
            row = connection.execute(query).fetchone()
        return row[0] if row else None

    # -- the worker -----------------------------------------------------------------------------

    def hook_run(self) -> PluginRun:
        """The newest hook run, with the very input and argv that Stash gave it."""
        return [run for run in self.stash.plugin_runs if "hookContext" in run.args][-1]

    def is_idle(self) -> bool:
        """Whether everything is done, verifying reads included."""
        return not self.count() and self._value("SELECT doing FROM worker") == "idle"

    def wait_idle(self, limit_s: float = 60.0) -> None:
        """Wait until a worker has worked off everything."""
        wait_until("the worker has done everything", self.is_idle, limit_s)

    def end_worker(self) -> None:
        """End the detached worker; nothing of the plugin runs afterwards."""
        self.stash.kill_plugin_processes()
        wait_until("the worker has gone", lambda: not is_worker_alive(str(self.data)), 10.0)

    def wake(self) -> None:
        """Make sure that a worker lives and has the newest session."""
        self.stash.run_operation({"mode": "wake"})
        wait_until("a worker lives", lambda: is_worker_alive(str(self.data)), 20.0)


@contextmanager
def open_stage(scenes: int = 0) -> Iterator[Stage]:
    """A stage with one scene and so many more, whose worker has started once and has listed Plex's library.

    Afterwards no process and no file is left.
    """
    with tempfile.TemporaryDirectory(prefix="plexsync-bench-") as name:
        folder = Path(name)
        with (
            PlexEmulator() as plex,
            StashEmulator(folder / "stash", extra_env=COMPILED_KEPT) as stash,
        ):
            stage = Stage(stash, plex, folder)
            first = stage.add_scenes(1 + scenes)[0]
            try:
                stash.update_scene(first, title="The first edit")
                wait_until(
                    "the first edit is in Plex",
                    lambda: stage.title_in_plex(first) == "The first edit",
                    60.0,
                )
                stage.wait_idle()
                yield stage
            finally:
                stage.end_worker()


def wait_until(what: str, is_so: Callable[[], object], limit_s: float) -> None:
    """Look again and again until it is so.

    Raises:
        NeverHappened: it was not so in time.
    """
    end = time.monotonic() + limit_s
    while not is_so():
        if time.monotonic() >= end:
            raise NeverHappened(f"not within {limit_s:g} s: {what}")
        time.sleep(LOOK_S)


def picture(number: int) -> bytes:
    """A small picture with bytes of its own."""
    return png(number % 256) + number.to_bytes(4, "big")


def described(number: int) -> dict[str, Any]:
    """What Stash knows of scene `number`: some of it shared with others, its cover its own."""
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
    """A hook's input, as it would be for another scene."""
    message = json.loads(stdin)
    message["args"]["hookContext"]["id"] = scene
    return json.dumps(message)
