"""Both servers with the plugin installed, so that a test of the whole path is a few lines.

`House` has the real thing: hooks and a detached worker, all of them processes. `Workroom` runs the worker
in the test's process on a clock that the test moves, for waits that nobody wants to sit through; edits
still run real hooks, which see its lease and leave the work to it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from core.log import open_log
from sync_queue import statements as sql
from sync_queue.hook_queue import DATABASE, connect, is_worker_alive
from sync_queue.lease import Lease
from sync_queue.store import JobStore
from tests.emulators.plex_model import Item
from tests.emulators.plex_server import PlexEmulator
from tests.emulators.plex_switches import PlexSwitches
from tests.emulators.stash_server import StashEmulator
from tests.emulators.stash_toys import alive
from tests.support import FakeClock, copy_plugin
from wiring import Environment, Worker, build_worker

TOKEN = "pLeX-t0ken-of-the-house"
LOOK_S = 0.02
LIMIT_S = 240.0  # nobody who succeeds waits so long; a stalled machine may
PNG = b"\x89PNG\r\n\x1a\n"
SETTLED_S = 5.0
LOG = "plexsync.log"


def wait_for(condition: Callable[[], Any], what: str = "", limit: float = LIMIT_S) -> None:
    """Look again and again until the condition holds; AssertionError when it never does."""
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, f"never came true: {what or condition}"
        time.sleep(LOOK_S)


def picture(number: int) -> bytes:
    """A cover that is not the same as one of another number."""
    return PNG + number.to_bytes(4, "big") * 50


class Home:
    """What `House` and `Workroom` share: the servers, the installed plugin, and a look into its data."""

    def __init__(
        self, root: Path, *, clock: Callable[[], float] = time.time, **stash_options: Any
    ) -> None:
        self.plex = PlexEmulator(token=TOKEN, clock=clock, switches=PlexSwitches())
        self.section = self.plex.library.add_section("Scenes", ["/media"]).key
        self.stash = StashEmulator(
            root / "stash", clock=clock, python_path=sys.executable, **stash_options
        )
        self.plugin = self.stash.plugins_path / "PlexSync"
        self.data = self.plugin / "data"

    def open(self, **settings: Any) -> None:
        """Start both servers, install the plugin, fill in the settings."""
        self.plex.start()
        self.stash.start()
        self.install()
        self.stash.reload_plugins()
        standard = {
            "a_plex_url": self.plex.url,
            "a_plex_token": TOKEN,
            "b_path_map": "/data => /media",
        }
        self.configure(**{**standard, **settings})

    def install(self) -> None:
        """Put the plugin where Stash looks for it."""
        copy_plugin(self.plugin)

    def close(self) -> None:
        """End everything that was started; the emulators must have seen nothing that is forbidden."""
        self.stash.stop()
        self.stash.kill_plugin_processes()  # whoever was being started while the others were ended
        self.plex.stop()
        assert self.plex.violations == []

    def configure(self, **settings: Any) -> None:
        """Save these settings, as the settings page does."""
        self.stash.configure(**settings)

    # -- the libraries --------------------------------------------------------------------------

    def scene(
        self, name: str = "a.mp4", size: int = 1_000, *, in_plex: bool = True, **fields: Any
    ) -> int:
        """A scene at /data/<name>, and Plex's item at /media/<name> unless it is to have none; the scene's id."""
        if in_plex:
            self.plex.library.add_item(self.section, [(f"/media/{name}", size)])
        return self.stash.library.add_scene(f"/data/{name}", size, **fields)

    def item(self, name: str = "a.mp4") -> Item:
        """Plex's item at /media/<name>."""
        return next(item for item in self.plex.library.items() if f"/media/{name}" in item.files)

    def edit(self, scene: int, **fields: Any) -> None:
        """Save these fields of a scene, and no others; performers, tags and the studio by their names."""
        self.stash.update_scene(scene, **self._input(fields))

    def edit_all(self, scenes: list[int], **fields: Any) -> None:
        """The bulk edit; tags and performers replace those that are there."""
        values = self._input(fields)
        lists = {
            key: {"mode": "SET", "ids": value}
            for key, value in values.items()
            if isinstance(value, list)
        }
        self.stash.bulk_update(scenes, **{**values, **lists})

    def _input(self, fields: dict[str, Any]) -> dict[str, Any]:
        library, given = self.stash.library, dict(fields)
        if "studio" in given:
            studio = given.pop("studio")
            given["studio_id"] = None if studio is None else str(library.studio_id(studio))
        if "performers" in given:
            given["performer_ids"] = [
                str(library.performer_id(name)) for name in given.pop("performers")
            ]
        if "tags" in given:
            given["tag_ids"] = [str(library.tag_id(name)) for name in given.pop("tags")]
        return given

    # -- what PlexSync keeps and says -----------------------------------------------------------

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the queue's database; [] while there is none."""
        path = self.data / DATABASE
        if not path.exists():
            return []
        with contextlib.closing(
            sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10.0)
        ) as connection:
            try:
                return connection.execute(query, values).fetchall()
            except sqlite3.OperationalError:
                return []  # its tables are about to be made

    def jobs(self) -> list[tuple[str, int, str]]:
        """(subject, attempts spent, reason it waits for) of every job that waits or is in progress."""
        return self.rows(
            f"SELECT subject, attempts, reason FROM {sql.QUEUE} WHERE status <= 2 ORDER BY subject"
        )

    def reasons(self) -> set[str]:
        """What the waiting jobs wait for."""
        return {reason for _, _, reason in self.jobs()}

    def dead_letters(self) -> list[dict[str, Any]]:
        """The dead letters, by subject."""
        names = ("subject", "title", "reason", "message", "attempts", "candidates")
        found = self.rows(f"SELECT {', '.join(names)} FROM dead_letters ORDER BY subject")
        return [dict(zip(names, row, strict=True)) for row in found]

    def records(self, scene: int) -> list[int]:
        """The items that the records say this scene was written to."""
        return [
            row[0]
            for row in self.rows("SELECT item FROM records WHERE scene_id = ? ORDER BY item", scene)
        ]

    def worker_log(self) -> str:
        """The worker's own log; "" before there is one."""
        path = self.data / LOG
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def said(self, text: str, *levels: str) -> list[str]:
        """The lines of Stash's log that hold the text, at these levels or any."""
        return [
            one.message
            for one in self.stash.log
            if text in one.message and one.level in (levels or (one.level,))
        ]

    def edits(self, name: str | None = None) -> list[str]:
        """The targets of the PUTs that edit items, all or those of one item."""
        key = "" if name is None else f"id={self.item(name).rating_key}"
        puts = [
            one.target
            for one in self.plex.writes()
            if one.method == "PUT" and "/all?" in one.target
        ]
        return [target for target in puts if not key or key in target.replace("?", "&").split("&")]


class House(Home):
    """The real thing; the worker is started by hooks and tasks, never by this class."""

    @property
    def worker_pid(self) -> int:
        """The process of the newest worker; 0 before there is one."""
        found = self.rows("SELECT pid FROM worker")
        return int(found[0][0]) if found else 0

    @property
    def doing(self) -> str:
        """What the worker says it does."""
        found = self.rows("SELECT doing FROM worker")
        return str(found[0][0]) if found else ""

    def is_alive(self) -> bool:
        """Whether a worker lives."""
        return is_worker_alive(str(self.data))

    def is_drained(self) -> bool:
        """Whether nothing waits, nothing is in progress, and what was written has been read once more."""
        is_spilled = (
            any((self.data / "spill").glob("*")) if (self.data / "spill").is_dir() else False
        )
        return self.doing == "idle" and not self.jobs() and not is_spilled

    def drained(self, limit: float = LIMIT_S) -> None:
        """Wait until it is."""
        wait_for(self.is_drained, "the queue is drained", limit)

    def run_task(self, name: str) -> Any:
        """Press a button and wait until the task has ended; the job as Stash knows it."""
        return self.stash.wait_job(self.stash.run_task(name), LIMIT_S)

    def stop_worker(self, number: int = signal.SIGTERM) -> None:
        """Send the worker a signal, as soon as it has said who it is, and wait for its end."""
        told: set[int] = set()

        def is_gone() -> bool:
            pid = self.worker_pid
            if pid and pid not in told and alive(pid):
                told.add(pid)
                os.kill(pid, number)
            return not self.is_alive() and not any(map(alive, told))

        wait_for(is_gone, "the worker has ended")

    def close(self) -> None:
        """A terminated worker still writes down what of it was covered; whoever does not go is killed."""
        with contextlib.suppress(AssertionError):
            self.stop_worker()
        self.stash.kill_plugin_processes()
        super().close()


class Workroom(Home):
    """The worker in this process, turn by turn; its clock and the servers' are moved only by the test."""

    def __init__(self, root: Path, *, patience_s: float = 30.0, **stash_options: Any) -> None:
        """`patience_s`: how long the worker waits for an answer of Stash."""
        # It begins now, because hooks look at the real clock; in the middle of a second, because Stash's
        # times are whole ones.
        self.clock = FakeClock(int(time.time()) + 0.5)
        super().__init__(root, clock=self.clock.wall, **stash_options)
        self.worker: Worker | None = None
        self._patience_s = patience_s
        self._lease: Lease | None = None
        self._close_log: Callable[[], None] = lambda: None

    def open(self, **settings: Any) -> None:
        """Besides, take the lease, build the worker, and tell it where Stash is."""
        super().open(**settings)
        self.data.mkdir(mode=0o700)
        self._lease = Lease(self.data)
        assert self._lease.acquire()
        self.begin_worker()
        self.stash.run_operation({"mode": "wake"})

    def begin_worker(self) -> None:
        """A worker on what an earlier one has left."""
        log, self._close_log = open_log(self.data / LOG)
        timeouts = (5.0, self._patience_s)
        env = Environment(self.plugin, self.data, self.clock, Random(7), stash_timeout_s=timeouts)
        self.worker = build_worker(env, log, "test", lambda: None)

    def end_worker(self) -> None:
        """Its connections are closed, as by the end of its process."""
        if self.worker is not None:
            self.worker.close()
            self.worker = None
        self._close_log()

    def note(self, scene: int) -> None:
        """Queue a scene without a hook, due at once."""
        with contextlib.closing(connect(str(self.data))) as connection:
            JobStore(connection, self.clock).enqueue(f"scene:{scene}", "test")

    def pass_time(self, seconds: float = SETTLED_S) -> None:
        """Move the clock, at least until what hooks have noted is due.

        Hooks write down the real time, and a slow machine may have spent much of it: the clock never stays behind.
        """
        self.clock.advance(max(seconds, time.time() + SETTLED_S - self.clock.wall()))

    def work(self, seconds: float = SETTLED_S) -> None:
        """Let time pass and let the worker look around once: it works off all that is due."""
        assert self.worker is not None
        if seconds:
            self.pass_time(seconds)
        assert self.worker.loop.tick() is None

    def work_for(self, seconds: float, step: float = SETTLED_S) -> None:
        """Let time pass in small steps."""
        for _ in range(int(seconds / step)):
            self.work(step)

    def work_until(
        self, condition: Callable[[], Any], limit: float = 600.0, step: float = SETTLED_S
    ) -> None:
        """Let time pass until the condition holds; AssertionError when it does not in so many steps.

        Steps are counted, not seconds: on a slow machine the clock has to leap after the hooks.
        """
        for _ in range(int(limit / step) + 1):
            if condition():
                return
            self.work(step)
        assert condition(), f"never came true: {condition}"

    def close(self) -> None:
        """End the worker, give the lease up."""
        self.end_worker()
        if self._lease is not None:
            self._lease.release()
        self.stash.kill_plugin_processes()
        super().close()


@contextlib.contextmanager
def opened(home: House | Workroom, **settings: Any) -> Iterator[None]:
    """The home open; afterwards closed, whatever happened."""
    try:
        home.open(**settings)
        yield
    finally:
        home.close()
