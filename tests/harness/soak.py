"""Run both servers and an in-process worker for weeks of a clock that the test moves.

Hooks are simulated: they enqueue a job and store a session exactly as the real ones do, but at the
time of this clock, which is weeks away from the real one. The worker can be killed at any
checkpoint.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from random import Random

from core.job import scene_subject
from core.log import open_log
from sync_queue import statements as sql
from sync_queue.hook_queue import connect, insert_job, job_row, session_parameters, write_spill
from sync_queue.store import JobStore
from tests.harness.images import picture
from tests.harness.in_process import InProcessHarness
from tests.harness.servers import LOG
from wiring import Environment, build_worker
from worker.lifecycle.loop import ExitReason

SESSION_S = 3600
LOG_FILES = (LOG, f"{LOG}.1", f"{LOG}.2", f"{LOG}.3")
SETTLE_S = 1.0
WINDOW_S = 4.0


class SimulatedKill(BaseException):
    """Stands for SIGKILL of the worker; nothing in the worker may catch it."""


class SoakHarness(InProcessHarness):
    """A Stash that wants a login, and a worker that comes and goes."""

    def __init__(self, root: Path, seed: int) -> None:
        super().__init__(root, username="ada", password="lovelace", max_session_age=SESSION_S)
        self.rng = Random(seed)
        # checkpoints that the worker passes before it is killed; 0: it is not
        self.points_left = 0
        self.crashes = 0
        self.workers = 0
        self.exits = 0

    # -- the worker -----------------------------------------------------------------------------

    def begin_worker(self, checkpoint: Callable[[str], object] | None = None) -> None:
        """Begin a worker that can be killed."""
        self.workers += 1
        self.points_left = 0
        log, self._close_log = open_log(self.data / LOG)
        env = Environment(
            self.plugin, self.data, self.clock, Random(self.workers), self._pass_point
        )
        self.process = build_worker(env, log, "soak", lambda: None)

    def schedule_kill(self, points: int) -> None:
        """Kill the worker after it has passed so many checkpoints."""
        self.points_left = points

    def _pass_point(self, name: str) -> None:
        if self.points_left:
            self.points_left -= 1
            if not self.points_left:
                raise SimulatedKill(name)

    def wake(self) -> None:
        """Store the session and begin a worker if none runs, as every hook and task does."""
        with contextlib.closing(connect(str(self.data))) as connection:
            connection.execute(sql.SAVE_SESSION, self._session() or {})
        if self.process is None:
            self.begin_worker()

    def live(self, seconds: float) -> None:
        """Let time pass: a tick twice a second while the worker can work, else now and then."""
        self.plex.reset_counts()  # the books would grow for weeks
        self.stash.reset_counts()
        self.clock.sleeps.clear()
        end = self.clock.monotonic() + seconds
        while (left := end - self.clock.monotonic()) > 0.0:
            busy = self.process is not None and self._can_work()
            self.clock.advance(
                min(left, self.rng.uniform(0.3, 1.0) if busy else self.rng.uniform(1.0, 30.0))
            )
            self._turn()

    def _can_work(self) -> bool:
        # During an outage of Plex every job is due and none can run.
        return self.components.circuit.max_jobs != 0 and self.store.is_due()

    def _turn(self) -> None:
        if self.process is None:
            return
        try:
            reason = self.process.loop.tick()
        except SimulatedKill:
            self.crashes += 1
            self.end_worker()
            return
        if reason is not None:
            assert reason is ExitReason.STASH_UNREACHABLE, reason
            self.exits += 1
            self.end_worker()

    # -- hooks ----------------------------------------------------------------------------------

    def hook(self, *scenes: int) -> None:
        """Run the hooks of one save."""
        with contextlib.closing(connect(str(self.data))) as connection:
            for scene in scenes:
                insert_job(connection, self._row(scene), self._session())
        if self.process is None:
            self.begin_worker()

    def spilling_hook(self, scene: int) -> None:
        """Run a hook that cannot write to the database."""
        write_spill(str(self.data), self._row(scene), self._session())
        if self.process is None:
            self.begin_worker()

    def backfill(self, scenes: list[int]) -> None:
        """Enqueue every scene, as the task does."""
        with contextlib.closing(connect(str(self.data))) as connection:
            JobStore(connection, self.clock).enqueue_many(map(scene_subject, scenes), "sync_all")

    def _row(self, scene: int) -> dict[str, object]:
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

    # -- the state ------------------------------------------------------------------------------

    def differences(self) -> list[str]:
        """Return every field in which Plex does not show what Stash holds."""
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
                f"scene {number} {name}: {desired!r} / {current!r}"
                for name, (desired, current) in pairs.items()
                if desired != current
            ]
        return found

    def cover(self) -> bytes:
        """Return a picture that no scene had before."""
        return picture(self.rng.randrange(1 << 31))

    def log_bytes(self) -> int:
        """Return the size of the worker's log in bytes, rotated files included."""
        return sum(
            (self.data / name).stat().st_size for name in LOG_FILES if (self.data / name).exists()
        )

    def running(self) -> int:
        """Return how many jobs are in progress; between two ticks there is none, unless a worker
        was killed.
        """
        return len(self.rows(f"SELECT 1 FROM {sql.QUEUE} WHERE status = 2"))
