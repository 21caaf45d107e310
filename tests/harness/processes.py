"""Run the real thing: hooks, tasks and a detached worker, all of them processes."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from sync_queue.hook_queue import is_worker_alive
from tests.emulators.fork_server import IS_AVAILABLE, ForkedProcess
from tests.emulators.sample_plugins import alive
from tests.emulators.stash_process import Spawn, spawn_process
from tests.harness.measured import VARIABLE
from tests.harness.plugin_copy import changed_files, copy_plugin, keep_original_in
from tests.harness.servers import ServerPair
from tests.harness.waiting import LIMIT_S, wait_for


class ProcessHarness(ServerPair):
    """Both servers and the installed plugin; hooks and tasks start the worker, never this class.

    Processes are copies of one that has loaded the checkout. A test whose subject is how one
    starts, or that changes the installed files, asks for `spawn_process`.
    """

    def __init__(self, root: Path, *, spawn: Spawn | None = None, **options: Any) -> None:
        """`spawn` starts what Stash starts; None for the cheapest way."""
        self._spawn = spawn or cheapest_spawn()
        super().__init__(root, spawn=self._spawn, **options)

    def install(self) -> None:
        """Put the plugin where Stash looks for it."""
        copy_plugin(self.plugin, is_linked=self._spawn is not spawn_process)

    @property
    def worker_pid(self) -> int:
        """The process of the newest worker; 0 before there is one."""
        rows = self.rows("SELECT pid FROM worker")
        return int(rows[0][0]) if rows else 0

    @property
    def status(self) -> str:
        """What the worker reports that it does; "" before there is one."""
        rows = self.rows("SELECT doing FROM worker")
        return str(rows[0][0]) if rows else ""

    def is_worker_running(self) -> bool:
        """Return True while a worker holds the lease."""
        return is_worker_alive(str(self.data))

    def is_drained(self) -> bool:
        """Return True when nothing waits, is in progress or spilled, and the worker is idle."""
        spill = self.data / "spill"
        is_spilled = spill.is_dir() and any(spill.glob("*"))
        return self.status == "idle" and not self.jobs() and not is_spilled

    def wait_until_drained(self, limit: float = LIMIT_S) -> None:
        """Wait until the queue is drained."""
        wait_for(self.is_drained, "the queue is drained", limit)

    def run_task(self, name: str) -> Any:
        """Run a task and wait for its end; return the job as Stash knows it."""
        return self.stash.wait_job(self.stash.run_task(name), LIMIT_S)

    def stop_worker(self, number: int = signal.SIGTERM) -> None:
        """Send the worker a signal as soon as its process is known, and wait for its exit."""
        signaled: set[int] = set()

        def is_gone() -> bool:
            pid = self.worker_pid
            if pid and pid not in signaled and alive(pid):
                signaled.add(pid)
                os.kill(pid, number)
            return not self.is_worker_running() and not any(map(alive, signaled))

        wait_for(is_gone, "the worker has ended")

    def close(self) -> None:
        """Terminate the worker, which then writes its coverage, and kill what remains."""
        with contextlib.suppress(AssertionError):
            self.stop_worker()
        self.stash.kill_plugin_processes()
        super().close()


def cheapest_spawn() -> Spawn:
    """Return how processes start where only their work matters; coverage measures real starts."""
    return ForkedProcess if IS_AVAILABLE and VARIABLE not in os.environ else spawn_process


@pytest.fixture
def spawn() -> Spawn:
    """How processes start; a test replaces it whose subject is their start, or that changes the
    installed files.
    """
    return cheapest_spawn()


@pytest.fixture(scope="session", autouse=True)
def _plugin_original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Make copies of the plugin within the file system of the tests' folders."""
    keep_original_in(tmp_path_factory.getbasetemp())
    yield
    assert changed_files() == [], "a test has written into a file that all copies share"


Harness = TypeVar("Harness", bound=ServerPair)


@contextlib.contextmanager
def running(harness: Harness, **settings: Any) -> Iterator[Harness]:
    """Open a harness with these settings and close it at the end, whatever happened."""
    try:
        harness.open(**settings)
        yield harness
    finally:
        harness.close()
