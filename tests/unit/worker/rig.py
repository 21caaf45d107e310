"""A worker's own parts between both emulators, on a clock that moves only when told."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from core.job import PRIORITY_EDIT, scene_subject
from core.log import EventLog
from core.version import VERSION
from sync.context import SyncContext
from sync_queue.dead_letters import DeadLetter
from sync_queue.records import Records
from tests.emulators.plex_server import PlexEmulator
from tests.emulators.stash_server import StashEmulator
from tests.support import FakeClock
from wiring import Environment, Worker, build_worker
from worker.lifecycle.job_outcomes import DrainReport

NOW = 1_780_000_000.0
MOST_BEATS = 50_000  # far more than any test needs; a worker that spins ends here


class Lines(logging.Handler):
    """Keeps every line that is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def kept_log() -> tuple[EventLog, list[str]]:
    """A log and the lines that were written to it."""
    logger, handler = logging.Logger("test"), Lines()
    logger.addHandler(handler)
    return EventLog(logger), handler.lines


class Rig:
    """One installation between two servers."""

    def __init__(
        self, folder: Path, plex: PlexEmulator, stash: StashEmulator, clock: FakeClock
    ) -> None:
        self.plex, self.stash, self.clock = plex, stash, clock
        self.section = plex.library.add_section("Scenes", ["/media/scenes"]).key
        self.root, self.data_dir = folder / "root", folder / "data"
        self.data_dir.mkdir()
        self.install(VERSION)
        self.beats = 0
        self.on_beat: Callable[[], object] = str
        self.log, self.lines = kept_log()
        self.worker = self.new_worker()
        self.configure()
        self.hand_over()

    def new_worker(self) -> Worker:
        """A worker with a newer epoch, as after a restart."""
        env = Environment(self.root, self.data_dir, self.clock, Random(7))
        return build_worker(env, self.log, "test", self._heartbeat)

    def restart(self) -> None:
        """The worker dies and another one begins."""
        self.worker.close()
        self.worker = self.new_worker()

    def _heartbeat(self) -> None:
        self.beats += 1
        self.on_beat()  # with every answer of Plex, among others
        assert self.beats < MOST_BEATS, "the worker lives for ever"

    def install(self, version: str) -> None:
        (self.root / "core").mkdir(parents=True, exist_ok=True)
        (self.root / "core" / "version.py").write_text(f'"""."""\n\nVERSION = "{version}"\n')

    def configure(self, **settings: Any) -> None:
        connection = {
            "a_plex_url": self.plex.url,
            "a_plex_token": self.plex.token,
            "b_path_map": "/data => /media",
        }
        self.stash.configure(**{**connection, **settings})

    def hand_over(self, cookie: str | None = None) -> None:
        """A hook's session."""
        value = self.stash.cookie().partition("=")[2] if cookie is None else cookie
        where = {
            "scheme": "http",
            "host": "0.0.0.0",
            "port": self.stash.port,
            "cookie": value,
            "now": self.clock.now,
        }
        self.worker.components.facts.keep_session(where)

    # -- scenes and items -----------------------------------------------------------------------

    def scene(self, name: str = "a", *, in_plex: bool = True, **fields: Any) -> int:
        """A scene, and the item that plays its file."""
        if in_plex:
            self.item(name)
        fields.setdefault("title", f"Title {name}")
        return self.stash.library.add_scene(f"/data/scenes/{name}.mp4", size=1000, **fields)

    def item(self, name: str = "a") -> int:
        return self.plex.library.add_item(self.section, [(f"/media/scenes/{name}.mp4", 1000)])

    def title(self, item: int) -> str:
        return self.plex.library.item(item).title

    def item_of(self, name: str) -> Any:
        path = f"/media/scenes/{name}.mp4"
        return next(item for item in self.plex.library.items() if path in item.files)

    # -- the queue ------------------------------------------------------------------------------

    def note(self, *scenes: int, priority: int = PRIORITY_EDIT) -> None:
        for scene in scenes:
            self.worker.components.store.enqueue(scene_subject(scene), "update", priority)

    def ctx(self) -> SyncContext:
        ctx = self.worker.components.settings.sync_context()
        assert ctx is not None
        return ctx

    def drain(self) -> DrainReport:
        return self.worker.components.drain.run(self.ctx(), lambda: False)

    def drain_all(self) -> int:
        """Drain again and again, a second apart, until nothing is due; how many jobs were done."""
        done = 0
        for _ in range(200):
            done += self.drain().done
            self.clock.advance(1.0)
            if not self.counts[0]:
                return done
        raise AssertionError("the queue was never empty")

    def sync(self, *scenes: int) -> DrainReport:
        self.note(*scenes)
        return self.drain()

    def turn(self, seconds: float = 0.5) -> None:
        """One look around, then time passes."""
        assert self.worker.loop.tick() is None
        self.clock.advance(seconds)

    @property
    def dead_letters(self) -> list[DeadLetter]:
        return self.worker.components.dead_letters.newest()

    @property
    def counts(self) -> tuple[int, int, int]:
        return self.worker.components.store.counts()

    def row(self, scene: int) -> tuple[float, int, str]:
        """(seconds until it is due, attempts, reason) of a waiting job."""
        query = "SELECT due_at, attempts, reason FROM scene_ack_queue_default WHERE status < 2 AND subject = ?"
        due_at, attempts, reason = self.worker.components.store.connection.execute(
            query, (f"scene:{scene}",)
        ).fetchone()
        return due_at - self.clock.now, attempts, reason

    def notices(self) -> dict[str, str]:
        rows = self.worker.components.store.connection.execute(
            "SELECT class, text FROM notices"
        ).fetchall()
        return dict(rows)

    def record(self, scene: int) -> Any:
        return next(iter(self.records.of_scene(scene, self.plex.machine_identifier).values()), None)

    @property
    def records(self) -> Records:
        return Records(self.worker.components.store)


@contextmanager
def rigged(folder: Path, **stash_options: Any) -> Iterator[Rig]:
    """Both servers and a worker between them."""
    clock = FakeClock(NOW)
    with (
        PlexEmulator(clock=clock.wall) as plex,
        StashEmulator(folder / "stash", clock=clock.wall, **stash_options) as s,
    ):
        rig = Rig(folder, plex, s, clock)
        yield rig
        rig.worker.close()
    assert plex.violations == []
