"""The demo's environment: both servers with a small library, the plugin, and a way to stop all."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sqlite3
import struct
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sync_queue import statements as sql
from sync_queue.hook_queue import DATABASE, is_worker_alive
from tests.emulators.plex_model import Item
from tests.emulators.plex_server import PlexEmulator
from tests.emulators.stash_server import StashEmulator

PROJECT = Path(__file__).resolve().parent.parent
TOKEN = "demo-token"
POLL_S = 0.1
_PR_SET_CHILD_SUBREAPER = 36


class DemoFailed(Exception):
    """Something that PlexSync promises did not happen."""


@dataclass(frozen=True, slots=True)
class Film:
    """One scene of the library. `in_plex` are the paths under which Plex has its file."""

    path: str
    title: str
    in_plex: tuple[str, ...]
    performers: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """A size that no other file has."""
        return 700_000_000 + zlib.crc32(self.path.encode()) % 1_000_000


def _film(folder: str, name: str, title: str, *performers: str, in_plex: bool = True) -> Film:
    path = f"{folder}/{name}.mp4"
    return Film(f"/data/{path}", title, (f"/media/{path}",) if in_plex else (), performers)


SINGLE = _film("aurora", "night-train", "night train")
BULK = (
    _film("harbour", "low-tide", "Low Tide", "Ada Winter"),
    _film("harbour", "high-tide", "High Tide", "Ada Winter", "Jon Berg"),
    _film("harbour", "the-pier", "The Pier", "Mia Sol"),
)
DURING_OUTAGE = (
    _film("mill", "first-snow", "First Snow", "Jon Berg"),
    _film("mill", "last-light", "Last Light", "Mia Sol"),
)
LATE_FILE = _film("aurora", "early-bird", "Early Bird", "Ada Winter", in_plex=False)
AMBIGUOUS = Film(
    "/data/inbox/holiday.mp4", "Holiday", ("/media/2019/holiday.mp4", "/media/2024/holiday.mp4")
)
FILMS = (SINGLE, *BULK, *DURING_OUTAGE, LATE_FILE, AMBIGUOUS)


class DemoEnvironment:
    """Both servers and the installed plugin."""

    def __init__(self, stash: StashEmulator, plex: PlexEmulator) -> None:
        self.stash = stash
        self.plex = plex
        self.section = plex.library.add_section("Scenes", ["/media"]).key
        self.plugin: Path = stash.plugins_path / "PlexSync"
        self.ids = {film: self._add(film, number) for number, film in enumerate(FILMS, start=1)}

    @property
    def data(self) -> Path:
        """Where the installed plugin keeps its queue and its log."""
        return self.plugin / "data"

    def install(self) -> None:
        """Copy the plugin, load it and fill in the settings, as a user does."""
        self.stash.install_plugin(PROJECT)
        self.stash.configure(
            a_plex_url=self.plex.url, a_plex_token=TOKEN, b_path_map="/data => /media"
        )

    def item(self, film: Film) -> Item | None:
        """The Plex item that plays the film's file; None while there is none."""
        path = film.path.replace("/data/", "/media/")
        return next((item for item in self.plex.library.items() if path in item.files), None)

    def scan(self, film: Film) -> None:
        """Let Plex find the film's file."""
        self.plex.library.add_file_on_disk(film.path.replace("/data/", "/media/"), film.size)
        self.plex.library.scan(self.section)

    def waiting_for(self, reason: str) -> int:
        """How many jobs wait for this class of error."""
        return len(self._rows(f"SELECT 1 FROM {sql.QUEUE} WHERE status < 2 AND reason = ?", reason))

    def dead_letters(self) -> int:
        """How many dead letters there are."""
        return len(self._rows("SELECT 1 FROM dead_letters"))

    def worker_log(self) -> list[str]:
        """The lines of the worker's own log; [] before there is one."""
        path = self.data / "plexsync.log"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def end_worker(self) -> None:
        """End the detached worker, and make sure that nothing of the plugin runs any more.

        Raises:
            DemoFailed: a process is still running.
        """
        if is_worker_alive(str(self.data)):
            self._ask_to_end()
        wait_until(
            "every process of the plugin has ended",
            lambda: not self.stash.kill_plugin_processes(),
            10.0,
        )
        wait_until("the worker's lease is free", lambda: not is_worker_alive(str(self.data)), 5.0)

    def _ask_to_end(self) -> None:
        for (pid,) in self._rows("SELECT pid FROM worker"):
            os.kill(int(str(pid)), signal.SIGTERM)
        end = time.monotonic() + 5.0
        while is_worker_alive(str(self.data)) and time.monotonic() < end:
            time.sleep(POLL_S)

    def _add(self, film: Film, number: int) -> int:
        for path in film.in_plex:
            self.plex.library.add_item(self.section, [(path, film.size)])
        cover = picture(number * 23 % 256, number * 91 % 256, number * 151 % 256)
        return self.stash.library.add_scene(
            film.path, film.size, title=film.title, performers=film.performers, cover=cover
        )

    def _rows(self, query: str, *parameters: str) -> list[tuple[object, ...]]:
        path = self.data / DATABASE
        if not path.exists():
            return []
        try:
            with contextlib.closing(
                sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5.0)
            ) as connection:
                return connection.execute(query, parameters).fetchall()
        except sqlite3.OperationalError:
            return []  # the worker is about to create its tables


@contextlib.contextmanager
def open_environment() -> Iterator[DemoEnvironment]:
    """Open an environment in a temporary folder; afterwards no process and no file is left."""
    adopt_orphans()
    with (
        contextlib.ExitStack() as last,
        tempfile.TemporaryDirectory(prefix="plexsync-demo-") as folder,
        PlexEmulator(token=TOKEN) as plex,
        StashEmulator(Path(folder)) as stash,
    ):
        last.callback(reap_orphans)
        env = DemoEnvironment(stash, plex)
        try:
            yield env
        finally:
            env.end_worker()


def adopt_orphans() -> None:
    """Become the parent of processes that outlive their starter, as the worker does.

    Where process 1 reaps no child, as in many containers, each of them would end as a zombie.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_orphans() -> None:
    """Reap every child that has ended."""
    with contextlib.suppress(
        ChildProcessError, AttributeError
    ):  # no child is left; or Windows, which has no zombies
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def wait_until(what: str, is_so: Callable[[], object], limit_s: float) -> None:
    """Look again and again until it is so.

    Raises:
        DemoFailed: it was not so in time.
    """
    end = time.monotonic() + limit_s
    while not is_so():
        if time.monotonic() >= end:
            raise DemoFailed(f"not within {limit_s:g} s: {what}")
        time.sleep(POLL_S)


def picture(red: int, green: int, blue: int, width: int = 320, height: int = 180) -> bytes:
    """A PNG image of one colour."""
    rows = (b"\0" + bytes((red, green, blue)) * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
