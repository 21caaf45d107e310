"""Time that a test moves, for real processes: an hour takes seconds, a busy machine alters nothing.

Every Python process that is started with `environment` takes its clock from here and sleeps here.
The time moves only within `pass_until` and `pass_time`, and only while every process sleeps: then
the one that would wake first continues, alone. So what happens, and how often, depends on no
machine's speed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.emulators.sample_plugins import alive
from tests.emulators.stash_jobs import Job
from tests.emulators.stash_process import PluginRun, spawn_process
from tests.emulators.stash_runner import LOAD_SITE
from tests.harness.processes import ProcessHarness
from tests.harness.waiting import LIMIT_S, wait_for

REAL_LIMIT_S = 240.0
POLL_S = 0.05
FRAME = 9
_CLIENT = Path(__file__).resolve().parent / "simulated_process"


class _Process:
    """One connected process. `wake_at` is None while it works."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.pid = 0
        self.wake_at: float | None = None


class SimulatedTime:
    """The clock, and the processes that use it."""

    def __init__(self, start: float, *, tick_s: float = 0.0) -> None:
        """`tick_s`: by how much a process's clock moves at each look, so that work takes time."""
        self._now = start
        self._changed = threading.Condition()
        self._processes: list[_Process] = []
        self._pids: set[int] = set()
        self._expected: set[int] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.environment = {
            "PYTHONPATH": str(_CLIENT),
            "SIMULATED_TIME_PORT": str(self._listener.getsockname()[1]),
            "SIMULATED_TICK_S": repr(tick_s),
            LOAD_SITE: "1",
        }
        threading.Thread(target=self._accept, name="simulated time", daemon=True).start()

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        return self._now

    def expect(self, pid: int) -> None:
        """Let no time pass before this process has connected, or ended."""
        with self._changed:
            if pid not in self._pids:
                self._expected.add(pid)

    def is_running(self, pid: int) -> bool:
        """Whether this process is being started or has not ended yet."""
        with self._changed:
            return pid in self._expected or any(one.pid == pid for one in self._processes)

    def pass_until(
        self,
        condition: Callable[[], Any],
        what: str = "",
        limit_s: float = 3_600.0,
        *,
        at_work: bool = False,
    ) -> None:
        """Let time pass until the condition holds; AssertionError after so many seconds.

        It is looked at while every process sleeps; `at_work`: and while one works.
        """
        end = self._now + limit_s
        while True:
            self._settle(condition if at_work else bool)
            if condition():
                return
            assert self._now < end, f"never came true: {what or condition}"
            self._wake_next(end)

    def pass_time(self, seconds: float) -> None:
        """Let so much time pass."""
        end = self._now + seconds
        self._settle()
        while self._wake_next(end):
            self._settle()

    def jump(self, seconds: float) -> None:
        """Move the clock while no process runs."""
        self._settle()
        assert not self._processes, "a process would see the time jump"
        self._now += seconds

    def close(self) -> None:
        """Let go of every process; each one ends."""
        self._listener.close()
        with self._changed:
            for process in self._processes:
                with contextlib.suppress(OSError):
                    process.connection.shutdown(socket.SHUT_RDWR)

    # -- moving ---------------------------------------------------------------------------------

    def _settle(self, or_until: Callable[[], Any] = bool) -> None:
        """Wait until every process sleeps, those included that are being started."""

        def is_settled() -> bool:
            self._expected = {pid for pid in self._expected if alive(pid)}
            return not self._expected and all(one.wake_at is not None for one in self._processes)

        with self._changed:
            waited = 0.0
            while not is_settled() and not or_until():
                self._changed.wait(POLL_S)
                waited += POLL_S
                busy = [one.pid for one in self._processes if one.wake_at is None]
                assert waited < REAL_LIMIT_S, f"never at rest: {busy}, {self._expected}"

    def _wake_next(self, end: float) -> bool:
        """Wake the process that is due first; if none does before `end`, the time is `end`."""
        with self._changed:
            asleep = [one for one in self._processes if one.wake_at is not None]
            first = min(asleep, key=lambda one: one.wake_at or 0.0, default=None)
            if first is None or first.wake_at is None or first.wake_at > end:
                self._now = end
                return False
            self._now = max(self._now, first.wake_at)
            first.wake_at = None
            self._answer(first)
            return True

    # -- listening ------------------------------------------------------------------------------

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            process = _Process(connection)
            threading.Thread(target=self._serve, args=(process,), daemon=True).start()

    def _serve(self, process: _Process) -> None:
        try:
            while frame := _read_frame(process.connection):
                self._take(process, frame)
        except OSError:
            pass  # it was killed
        with self._changed:
            if process in self._processes:
                self._processes.remove(process)
            self._changed.notify_all()
        process.connection.close()

    def _take(self, process: _Process, frame: bytes) -> None:
        tag, value = frame[:1], frame[1:]
        with self._changed:
            if tag == b"S":
                (process.wake_at,) = struct.unpack("!d", value)
            elif tag == b"C":
                self.expect(struct.unpack("!q", value)[0])
                self._answer(process)
            else:
                (process.pid,) = struct.unpack("!q", value)
                self._processes.append(process)
                self._pids.add(process.pid)
                self._expected.discard(process.pid)
                self._answer(process)
            self._changed.notify_all()

    def _answer(self, process: _Process) -> None:
        with contextlib.suppress(OSError):  # it was killed meanwhile; its thread notices
            process.connection.sendall(struct.pack("!d", self._now))


def _read_frame(connection: socket.socket) -> bytes:
    """Return one whole frame; b"" at the end."""
    frame = b""
    while len(frame) < FRAME:
        part = connection.recv(FRAME - len(frame))
        if not part:
            return b""
        frame += part
    return frame


class SimulatedServers(ProcessHarness):
    """Both servers and the plugin's real processes, all in simulated time."""

    def __init__(self, root: Path, time: SimulatedTime, **stash_options: Any) -> None:
        # an interpreter takes the simulated clock from its `sitecustomize`
        options = {"spawn": spawn_process, "extra_env": time.environment, **stash_options}
        super().__init__(root, clock=time.now, **options)
        self.time = time

    def wait_until_drained(self, limit: float = 3_600.0) -> None:
        """Let time pass until the queue is drained."""
        self.time.pass_until(self.is_drained, "the queue is drained", limit)

    def run_task(self, name: str) -> Job:
        """Press a button and let time pass until the task has ended."""
        return self.follow_task(name)[0]

    def ask(self, name: str) -> dict[str, Any]:
        """Press a button; what the task answers."""
        run = self.follow_task(name)[1]
        assert run.error is None, f"{name}: {run.error}"
        answer: dict[str, Any] = run.output
        return answer

    def follow_task(self, name: str) -> tuple[Job, PluginRun]:
        """Press a button and let the task end; Stash's job and the plugin's run."""
        before = len(self.stash.plugin_runs)
        job_id = self.stash.run_task(name)
        wait_for(lambda: len(self.stash.plugin_runs) > before, "the task's process")
        run = self.stash.plugin_runs[before]
        self.time.expect(run.pid)
        self.time.pass_until(lambda: not self.time.is_running(run.pid), name)
        return self.stash.wait_job(job_id, LIMIT_S), run

    def kill_worker(self) -> None:
        """End the worker as a machine does that loses its power."""
        pid = self.worker_pid
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not alive(pid), "the worker's end")
