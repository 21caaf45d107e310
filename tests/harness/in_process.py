"""Run the worker in the test's process, on a clock that only the test moves.

With hooks, the plugin is installed, edits run real hooks, and those see the worker's lease and
leave the work to it. Without hooks, no process is started: tests enqueue jobs directly, which is
faster.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from core.job import PRIORITY_BACKFILL, PRIORITY_EDIT, scene_subject
from core.log import EventLog, open_log
from core.record import SyncRecord
from core.version import VERSION
from sync.context import SyncContext
from sync_queue.hook_queue import connect
from sync_queue.lease import Lease
from sync_queue.store import JobStore
from tests.emulators.plex_control import describe
from tests.emulators.plex_model import Item
from tests.harness.captured_log import CapturedLog
from tests.harness.clocks import FakeClock
from tests.harness.database import save_session
from tests.harness.processes import running
from tests.harness.requests import written_items
from tests.harness.servers import LOG, ServerPair
from wiring import Environment, Worker, build_worker
from worker.discovery.first_trace import FIRST_TRACE
from worker.lifecycle.components import WorkerComponents
from worker.lifecycle.job_outcomes import DrainReport
from worker.lifecycle.loop import WorkerLoop
from worker.resilience.pacing import LEVELS

NOW = 1_780_000_000.0
SETTLED_S = 5.0  # what a hook has enqueued is due by then; Stash's times are whole seconds
POLL_S = 30.0
MAX_HEARTBEATS = 50_000  # far more than any test needs; a worker that spins ends here

Snapshot = Mapping[int, object]


class InProcessHarness(ServerPair):
    """Both servers and a worker in this process."""

    def __init__(
        self,
        root: Path,
        *,
        hooks: bool = True,
        start: float | None = None,
        stash_timeout_s: float = 30.0,
        **stash_options: Any,
    ) -> None:
        """Build both servers.

        Args:
            root: an empty folder.
            hooks: whether the plugin is installed and Stash runs its hooks.
            start: the first time of the clock. None is now where there are hooks, which read the
                real clock.
            stash_timeout_s: how long the worker waits for an answer of Stash.
        """
        # in the middle of a second, because Stash's times are whole ones
        first = start or (int(time.time()) + 0.5 if hooks else NOW + 0.5)
        self.clock = FakeClock(first)
        data = None if hooks else root / "data"
        super().__init__(root, clock=self.clock.wall, data=data, **stash_options)
        self.has_hooks = hooks
        self.root = self.plugin if hooks else root / "root"
        self.heartbeats = 0
        self.on_heartbeat: Callable[[], object] = lambda: None
        self.lines: list[str] = []
        self.process: Worker | None = None
        self._stash_timeout_s = stash_timeout_s
        self._lease: Lease | None = None
        self.log: EventLog
        self._close_log: Callable[[], None] | None = None

    def open(self, **settings: Any) -> None:
        """Start both servers and a worker that knows where Stash is."""
        if self.has_hooks:
            super().open(**settings)
            self.data.mkdir(mode=0o700)
            self._lease = Lease(self.data)
            assert self._lease.acquire()
            self.begin_worker()
            self.stash.run_operation({"mode": "wake"})
            return
        self.start_servers()
        self.data.mkdir(mode=0o700)
        self.install_version(VERSION)
        self.begin_worker()
        self.connect(**settings)
        self.store_session()

    def install_version(self, version: str) -> None:
        """Write the file that says which version is installed."""
        (self.root / "core").mkdir(parents=True, exist_ok=True)
        text = f'"""."""\n\nVERSION = "{version}"\n'
        (self.root / "core" / "version.py").write_text(text, encoding="utf-8")

    def close(self) -> None:
        """Close the worker, release the lease and stop both servers."""
        self.end_worker()
        if self._lease is not None:
            self._lease.release()
            self.stash.kill_plugin_processes()
        super().close()

    # -- the worker -----------------------------------------------------------------------------

    @property
    def components(self) -> WorkerComponents:
        """The components of the current worker."""
        assert self.process is not None
        return self.process.components

    @property
    def loop(self) -> WorkerLoop:
        """The loop of the current worker."""
        assert self.process is not None
        return self.process.loop

    @property
    def store(self) -> JobStore:
        """The store of the current worker."""
        return self.components.queue.store

    def new_worker(self, checkpoint: Callable[[str], object] = str) -> Worker:
        """Build a worker with a newer epoch, as after a restart; the caller closes it."""
        if self._close_log is None:
            self._open_log()
        timeouts = (5.0, self._stash_timeout_s)
        env = Environment(self.root, self.data, self.clock, Random(7), checkpoint, timeouts)
        return build_worker(env, self.log, "test", self._heartbeat)

    def _open_log(self) -> None:
        self.log, self._close_log = open_log(self.data / LOG)
        handler = CapturedLog()
        handler.lines = self.lines
        self.log._logger.addHandler(handler)

    def begin_worker(self, checkpoint: Callable[[str], object] = str) -> None:
        """Begin a worker on what an earlier one has left."""
        self.process = self.new_worker(checkpoint)

    def end_worker(self) -> None:
        """Close the worker's connections, as the end of its process does."""
        if self.process is not None:
            self.process.close()
            self.process = None
        if self._close_log is not None:
            self._close_log()
            self._close_log = None

    def restart(self) -> None:
        """End the worker and begin another one."""
        self.end_worker()
        self.begin_worker()

    def _heartbeat(self) -> None:
        self.heartbeats += 1
        self.on_heartbeat()  # among others with every answer of Plex
        assert self.heartbeats < MAX_HEARTBEATS, "the worker never ends"

    def store_session(self, cookie: str | None = None) -> None:
        """Store the session that a hook of Stash passes on; None is Stash's current cookie."""
        value = self.stash.cookie().partition("=")[2] if cookie is None else cookie
        session = {
            "scheme": "http",
            "host": "0.0.0.0",
            "port": self.stash.port,
            "cookie": value,
            "now": self.clock.now,
        }
        save_session(self.store, session)

    def set_first_trace(self) -> None:
        """Let PlexSync be here only since now, so that what Stash holds by now is older."""
        self.components.queue.facts.set(FIRST_TRACE, repr(self.clock.now))

    def context(self) -> SyncContext:
        """Return what a sync works with now."""
        ctx = self.components.settings.sync_context()
        assert ctx is not None
        return ctx

    # -- jobs and time --------------------------------------------------------------------------

    def enqueue(self, *scenes: int, priority: int = PRIORITY_EDIT, cause: str = "update") -> None:
        """Put scenes into the queue without a hook, due immediately."""
        subjects = list(map(scene_subject, scenes))
        if self.process is not None and not self.has_hooks:
            self.store.enqueue_many(subjects, cause, priority)
            return
        # another connection, as a hook has one: the worker notices its commits
        with contextlib.closing(connect(str(self.data))) as connection:
            JobStore(connection, self.clock).enqueue_many(subjects, cause, priority)

    def tick(self, after_s: float = 0.0) -> None:
        """Let time pass, then let the worker run one pass of its loop."""
        self.clock.advance(after_s)
        assert self.loop.tick() is None

    def run_once(self, seconds: float = 0.5) -> None:
        """Run one pass of the loop, then let time pass."""
        self.tick()
        self.clock.advance(seconds)

    def pass_time(self, seconds: float = SETTLED_S) -> None:
        """Move the clock, with hooks at least until what they have enqueued is due.

        Hooks store the real time, and a slow machine may have spent much of it: the clock never
        stays behind.
        """
        least = time.time() + SETTLED_S - self.clock.wall() if self.has_hooks else 0.0
        self.clock.advance(max(seconds, least))

    def work(self, seconds: float = SETTLED_S) -> None:
        """Let time pass and run one pass of the loop, which works off all that is due."""
        if seconds:
            self.pass_time(seconds)
        self.tick()

    def work_for(self, seconds: float, step: float = SETTLED_S) -> None:
        """Let time pass in small steps."""
        for _ in range(int(seconds / step)):
            self.work(step)

    def work_until(
        self, condition: Callable[[], Any], limit: float = 600.0, step: float = SETTLED_S
    ) -> None:
        """Let time pass until the condition holds.

        Steps are counted, not seconds: on a slow machine the clock has to leap after the hooks.

        Raises:
            AssertionError: it did not hold after that many steps.
        """
        for _ in range(int(limit / step) + 1):
            if condition():
                return
            self.work(step)
        assert condition(), f"never came true: {condition}"

    def run_until_idle(self, after_s: float = 0.0) -> None:
        """Let time pass, then run passes of the loop until nothing is due."""
        self.tick(after_s)
        for _ in range(1000):
            if not self.store.is_due():
                return
            self.tick(0.5)
        raise AssertionError("the queue is never worked off")

    def run_for(self, seconds: float, every_s: float = POLL_S) -> None:
        """Let a long time pass, with a pass of the loop now and then."""
        for _ in range(round(seconds / every_s)):
            self.run_until_idle(every_s)

    def sync(self, *scenes: int, priority: int = PRIORITY_EDIT) -> None:
        """Enqueue these scenes and work them off, a moment after they were last changed."""
        self.clock.advance(SETTLED_S)
        self.enqueue(*scenes, priority=priority)
        self.run_until_idle()

    def sync_all(self) -> None:
        """Enqueue every scene of Stash and work them off; the task leaves out those that are current."""
        self.sync(*self.stash.library.scene_ids(), priority=PRIORITY_BACKFILL)

    def is_stable(self, scene: int) -> bool:
        """Return True if further syncs of a scene, also forced ones, write nothing."""
        with self.writes_only():
            for _ in range(3):
                self.sync(scene)
                self.sync_all()
        return self.dead_letters() == []

    def drain(self) -> DrainReport:
        """Work off what is due, without the rest of the loop."""
        return self.components.drain.run(self.context(), lambda: False)

    def drain_scenes(self, *scenes: int) -> DrainReport:
        """Enqueue these scenes and drain one time, without letting time pass."""
        self.enqueue(*scenes)
        return self.drain()

    def drain_all(self) -> int:
        """Drain repeatedly, a second apart, until nothing waits; return how many jobs were done."""
        done = 0
        for _ in range(200):
            done += self.drain().done
            self.clock.advance(1.0)
            if not self.store.counts()[0]:
                return done
        raise AssertionError("the queue was never empty")

    def send_one_at_a_time(self) -> None:
        """Let Plex have looked overloaded, so that the next requests are sent one at a time."""
        for _ in LEVELS:
            self.components.throttle.on_response(0.01, 503)

    # -- the libraries --------------------------------------------------------------------------

    def add_scene(self, path: str, size: int = 1_000, **fields: Any) -> int:
        """Add a scene of Stash whose file has this path; its title makes it count as identified."""
        return self.stash.library.add_scene(path, size, **{"title": f"Scene of {path}", **fields})

    def titled_scene(self, name: str = "a", *, in_plex: bool = True, **fields: Any) -> int:
        """Add "Title <name>" with the file scenes/<name>.mp4, and its item; return the scene's id."""
        return self.scene(
            f"scenes/{name}.mp4", in_plex=in_plex, **{"title": f"Title {name}", **fields}
        )

    def titled_item(self, name: str = "a") -> Item:
        """Return the item of the scene that `titled_scene` added."""
        return self.item(f"scenes/{name}.mp4")

    def pair(self, name: str, size: int = 1_000, **fields: Any) -> tuple[int, int]:
        """Add a scene and its item below the folders of the path mapping; return both ids."""
        return self.add_scene(f"/data/{name}", size, **fields), self.add_item(
            f"/media/{name}", size
        )

    def shown(self, item: int) -> Item:
        """Return what Plex shows of an item now."""
        return self.plex.library.item(item)

    def genres(self, item: int) -> set[str]:
        """Return the genres that Plex shows of an item."""
        return set(self.shown(item).genres)

    # -- what was touched -----------------------------------------------------------------------

    def snapshot(self) -> dict[int, object]:
        """Return everything about every item, images included."""
        return {
            item.rating_key: (describe(item), item.poster_bytes, item.art_bytes, item.last_rated_at)
            for item in self.plex.library.items()
        }

    @contextmanager
    def writes_only(self, *items: int) -> Iterator[None]:
        """Assert that the block writes to each of these items and neither to nor changes any other."""
        seen = len(self.plex.writes())
        with self.touches_only(*items):
            yield
        assert written_items(self.plex.writes()[seen:]) == set(items)

    @contextmanager
    def touches_only(self, *items: int) -> Iterator[None]:
        """Assert that the block neither writes to nor changes any other item."""
        before = self.snapshot()
        seen = len(self.plex.writes())
        yield
        assert written_items(self.plex.writes()[seen:]) <= set(items)
        assert _without(self.snapshot(), items) == _without(before, items)

    def requests_of(self, act: Callable[[], object]) -> list[str]:
        """Return `METHOD path` of every request that Plex gets while `act` runs."""
        seen = len(self.plex.requests)
        act()
        return [f"{record.method} {record.path}" for record in self.plex.requests[seen:]]

    # -- what PlexSync keeps --------------------------------------------------------------------

    def records(self, scene: int) -> dict[int, SyncRecord]:
        """Return the scene's sync records by item."""
        return self.context().records.of_scene(scene, self.plex.machine_identifier)

    def record(self, scene: int) -> Any:
        """Return one sync record of the scene; None when it has none."""
        return next(iter(self.records(scene).values()), None)

    def job(self, scene: int) -> tuple[float, int, str]:
        """Return (seconds until it is due, attempts, reason) of the scene's waiting job."""
        query = (
            "SELECT due_at, attempts, reason FROM scene_ack_queue_default "
            "WHERE status < 2 AND subject = ?"
        )
        due_at, attempts, reason = self.rows(query, scene_subject(scene))[0]
        return due_at - self.clock.now, attempts, reason


def in_process(root: Path, **settings: Any) -> contextlib.AbstractContextManager[InProcessHarness]:
    """Open a harness without hooks, with these settings."""
    return running(InProcessHarness(root, hooks=False), **settings)


FULL: dict[str, Any] = {
    "title": "Night Train",
    "studio": "Aurora",
    "details": "Two strangers.",
    "date": "2024-03-09",
    "performers": ["Mia", "Jon"],
    "tags": ["train", "night"],
    "rating100": 80,
    "director": "Ada",
}
"""A scene with every value that is synced."""


@contextmanager
def among_bystanders(root: Path, tags_replace: bool) -> Iterator[InProcessHarness]:
    """Open a harness that writes every field, beside items of no scene that share names with
    `FULL`.
    """
    settings = {"c_sync_rating": True, "c_tagline_source": "director"}
    with in_process(root, **settings) as worker:
        worker.plex.switches.tags_replace = tags_replace
        for number in range(3):
            key = worker.add_item(
                f"/media/bystander/{number}.mp4",
                genres=["train", "keep"],
                roles=["Mia"],
                studio="Aurora",
            )
            worker.plex.library.change(key, collections=["Aurora", "Mine"])
        yield worker


def _without(snapshot: Snapshot, items: Iterable[int]) -> dict[int, object]:
    left_out = set(items)
    return {key: value for key, value in snapshot.items() if key not in left_out}
