"""Both servers and an in-process worker for weeks of a clock that only moves when told.

Hooks are played: they note a job and hand over a session exactly as the real ones do, but at the time of
this clock, which is weeks away from the real one. The worker can die at any of its checkpoints.
"""

from __future__ import annotations

import contextlib
import gc
import os
from pathlib import Path
from random import Random
from typing import Any

from core.job import scene_subject
from core.log import open_log
from sync_queue import statements as sql
from sync_queue.hook_queue import connect, insert_job, job_row, session_parameters, write_spill
from sync_queue.store import JobStore
from tests.flow.house import LOG, Workroom, picture
from wiring import Environment, build_worker
from worker.lifecycle.loop import ExitReason

SESSION_S = 3600
LOG_FILES = (LOG, f"{LOG}.1", f"{LOG}.2", f"{LOG}.3")
SETTLE_S = 1.0
WINDOW_S = 4.0


class Died(BaseException):
    """The worker's process was killed. Nothing in the worker may catch it."""


class World(Workroom):
    """A workroom whose Stash wants a login, and whose worker comes and goes."""

    def __init__(self, root: Path, seed: int) -> None:
        super().__init__(root, username="ada", password="lovelace", max_session_age=SESSION_S)
        self.rng = Random(seed)
        self.points_left = (
            0  # checkpoints that the worker still passes before it dies; 0: it does not
        )
        self.crashes = 0
        self.lives = 0
        self.farewells = 0

    # -- the worker -----------------------------------------------------------------------------

    def begin_worker(self) -> None:
        """A worker that may be made to die."""
        self.lives += 1
        self.points_left = 0
        log, self._close_log = open_log(self.data / LOG)
        env = Environment(self.plugin, self.data, self.clock, Random(self.lives), self._pass_point)
        self.worker = build_worker(env, log, "soak", lambda: None)

    def doom(self, points: int) -> None:
        """Let the worker die at one of its next checkpoints."""
        self.points_left = points

    def _pass_point(self, name: str) -> None:
        if self.points_left:
            self.points_left -= 1
            if not self.points_left:
                raise Died(name)

    def wake(self) -> None:
        """What every hook and task does: hand the session over, and make sure that a worker lives."""
        with contextlib.closing(connect(str(self.data))) as connection:
            connection.execute(sql.SAVE_SESSION, self._session() or {})
        if self.worker is None:
            self.begin_worker()

    def live(self, seconds: float) -> None:
        """Let time pass with a worker in it, if one lives: twice a second while it has work, else now and then."""
        self.plex.reset_counts()  # the books would grow for weeks
        self.stash.reset_counts()
        self.clock.sleeps.clear()
        end = self.clock.monotonic() + seconds
        while (left := end - self.clock.monotonic()) > 0.0:
            busy = self.worker is not None and self.worker.components.store.is_due()
            self.clock.advance(
                min(left, self.rng.uniform(0.3, 1.0) if busy else self.rng.uniform(1.0, 30.0))
            )
            self._turn()

    def _turn(self) -> None:
        if self.worker is None:
            return
        try:
            farewell = self.worker.loop.tick()
        except Died:
            self.crashes += 1
            self.end_worker()
            return
        if farewell is not None:
            assert farewell is ExitReason.STASH_UNREACHABLE, farewell
            self.farewells += 1
            self.end_worker()

    # -- hooks ----------------------------------------------------------------------------------

    def hook(self, *scenes: int) -> None:
        """The hooks of one save."""
        with contextlib.closing(connect(str(self.data))) as connection:
            for scene in scenes:
                insert_job(connection, self._note(scene), self._session())
        if self.worker is None:
            self.begin_worker()

    def spilling_hook(self, scene: int) -> None:
        """A hook that could not write to the database."""
        write_spill(str(self.data), self._note(scene), self._session())
        if self.worker is None:
            self.begin_worker()

    def backfill(self, scenes: list[int]) -> None:
        """What the button for all scenes does."""
        with contextlib.closing(connect(str(self.data))) as connection:
            JobStore(connection, self.clock).enqueue_many(map(scene_subject, scenes), "sync_all")

    def _note(self, scene: int) -> dict[str, object]:
        return job_row(f"scene:{scene}", "update", 0, self.clock.wall(), SETTLE_S, WINDOW_S)

    def _session(self) -> dict[str, object] | None:
        value = self.stash.cookie().partition("=")[2]
        connection = {
            "Scheme": "http",
            "Host": "0.0.0.0",
            "Port": self.stash.port,
            "SessionCookie": {"Value": value},
        }
        return session_parameters(connection, self.clock.wall())

    def change(self, scene: int, **fields: Any) -> None:
        """A save in Stash, without its hooks."""
        library, given = self.stash.library, dict(fields)
        given["tag_ids"] = tuple(library.tag_id(name) for name in given.pop("tags"))
        given["performer_ids"] = tuple(
            library.performer_id(name) for name in given.pop("performers")
        )
        studio = given.pop("studio")
        given["studio_id"] = library.studio_id(studio) if studio else None
        library.change_scene(scene, touch=True, **given)

    # -- how it is ------------------------------------------------------------------------------

    def differences(self) -> list[str]:
        """Every field in which Plex does not show what Stash holds."""
        items = {path: item for item in self.plex.library.items() for path in item.files}
        found = []
        for number in self.stash.library.scene_ids():
            scene = self.stash.library.scene(number)
            item = items[scene.files[0].path.replace("/data", "/media", 1)]
            pairs: dict[str, tuple[object, object]] = {
                "title": (
                    scene.title or item.title,
                    item.title,
                ),  # an untitled scene leaves Plex's title alone
                "summary": (scene.details, item.summary or ""),
                "studio": (scene.studio or "", item.studio or ""),
                "date": (scene.date or "", item.date or ""),
                "performers": (sorted(scene.performers), sorted(item.roles)),
                "tags": (sorted(scene.tags), sorted(item.genres)),
                "collections": ([scene.studio] if scene.studio else [], list(item.collections)),
            }
            if scene.cover is not None:  # without one Plex keeps a frame of its own
                pairs["cover"] = (scene.cover[-4:], (item.poster_bytes or b"")[-4:])
            found += [
                f"scene {number} {name}: {one!r} / {other!r}"
                for name, (one, other) in pairs.items()
                if one != other
            ]
        return found

    def cover(self) -> bytes:
        """A picture that no scene had before."""
        return picture(self.rng.randrange(1 << 31))

    def log_bytes(self) -> int:
        """How large the worker's log is, with what was rotated."""
        return sum(
            (self.data / name).stat().st_size for name in LOG_FILES if (self.data / name).exists()
        )

    def running(self) -> int:
        """Jobs that are marked as in progress; between two turns none is, unless their worker died."""
        return len(self.rows(f"SELECT 1 FROM {sql.QUEUE} WHERE status = 2"))


def objects() -> int:
    """How many objects live."""
    gc.collect()
    return len(gc.get_objects())


def descriptors() -> int:
    """How many files and sockets are open; 0 where that cannot be seen."""
    folder = Path(f"/proc/{os.getpid()}/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0
