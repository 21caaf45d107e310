"""Runs a plugin the way Stash does: pipes, threads and the moments at which it lets go of a
process.

What a child process may hold open, and what its exit leaves behind, decides whether a save in
Stash freezes. These rules are therefore copied in detail.
"""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import IO, Any, Protocol

from tests.emulators.stash_output import decode_output, exit_text, parse_line
from tests.emulators.stash_pipes import LineSplitter, Pump


class Process(Protocol):
    """A started process with its three pipes, of which nothing is buffered here."""

    pid: int

    @property
    def stdin(self) -> IO[bytes] | None: ...
    @property
    def stdout(self) -> IO[bytes] | None: ...
    @property
    def stderr(self) -> IO[bytes] | None: ...
    def wait(self) -> int:
        """Wait for its exit; return its status."""

    def kill(self) -> None:
        """End it now."""


Spawn = Callable[[Sequence[str], Mapping[str, str]], Process]


def spawn_process(argv: Sequence[str], env: Mapping[str, str]) -> Process:
    """Start a process as Stash does: no new session or process group, the server's own folder.

    Raises:
        OSError: there is no such program.
    """
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, env=env, bufsize=0)


@dataclass
class PluginRun:
    """One run of a plugin, filled in while it lasts."""

    plugin: str
    trigger: str
    argv: tuple[str, ...]
    args: dict[str, Any]
    stdin: bytes = field(default=b"", repr=False)
    pid: int = 0
    started: float = 0.0
    ended: float | None = None
    stdout: bytes = b""
    stderr: list[str] = field(default_factory=list)
    status: int | None = None
    output: Any = None
    error: str | None = None
    cancelled: bool = False


class Cancellation:
    """A context in Go's sense: cancelled once; every listener is called immediately."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._listeners: list[Callable[[], None]] = []
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        return self._cancelled

    def cancel(self) -> None:
        with self._lock:
            if self._cancelled:
                return
            self._cancelled = True
            listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener()

    def listen(self, listener: Callable[[], None]) -> None:
        with self._lock:
            if not self._cancelled:
                self._listeners.append(listener)
                return
        listener()

    def forget(self, listener: Callable[[], None]) -> None:
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)


@dataclass(frozen=True)
class Reports:
    """Where a run reports what happens."""

    line: Callable[[str | None, str], None]
    warn: Callable[[str], None]
    clock: Callable[[], float]
    drain_stderr: bool = True


class RunningPlugin:
    """A started process; `wait` returns when Stash would continue."""

    def __init__(
        self, run: PluginRun, env: Mapping[str, str], reports: Reports, spawn: Spawn
    ) -> None:
        """Raises OSError if the process cannot be started."""
        self.run = run
        self._reports = reports
        self._released = Event()
        self._done = Event()
        self._stdout = io.BytesIO()
        run.started = reports.clock()
        self._process = spawn(run.argv, env)
        run.pid = self._process.pid
        splitter = LineSplitter(self._line)
        pipes = (self._process.stdin, self._process.stdout, self._process.stderr)
        assert pipes[0] is not None and pipes[1] is not None and pipes[2] is not None
        self._writer = Thread(
            target=self._write, args=(pipes[0],), name="plugin stdin", daemon=True
        )
        self._writer.start()
        self._stderr_pump = Pump(pipes[2], splitter.feed, splitter.end)
        self._stdout_pump = Pump(pipes[1], self._collect, self._finish)

    @property
    def done(self) -> Event:
        """Set when the process has ended and everything about it is known."""
        return self._done

    def wait(self, cancel: Cancellation) -> bool:
        """True when the process ended by itself, False when it was cancelled and killed."""
        cancel.listen(self._cancelled)
        self._released.wait()
        cancel.forget(self._cancelled)
        return not self.run.cancelled

    def after(self, then: Callable[[], None]) -> None:
        """Call `then` once everything about the run is known, without waiting here."""

        def wait() -> None:
            self._done.wait()
            then()

        Thread(target=wait, name="plugin end", daemon=True).start()

    def kill(self) -> None:
        """End this one process; its children live on."""
        self._process.kill()

    def abandon(self) -> None:
        """As when Stash itself goes away: the pipes close and the process is left alone."""
        self._stderr_pump.detach(drain=False)
        self._stdout_pump.detach(drain=False)

    def _cancelled(self) -> None:
        if not self._done.is_set():
            self.run.cancelled = True
            self.kill()
        self._released.set()

    def _write(self, pipe: IO[bytes]) -> None:
        try:
            pipe.write(self.run.stdin)
            pipe.close()
        except OSError as error:
            self._reports.warn(f"error writing input to plugin: {error}")
            try:
                pipe.close()
            except OSError:
                pass  # closing flushes once more into the same broken pipe

    def _line(self, line: bytes) -> None:
        level, text = parse_line(line)
        self.run.stderr.append(text)
        self._reports.line(level, text)

    def _collect(self, data: bytes) -> bool:
        self._stdout.write(data)
        return True

    def _finish(self) -> None:
        status = self._process.wait()
        self._stderr_pump.detach(drain=self._reports.drain_stderr)
        self._stderr_pump.thread.join()
        self._writer.join(timeout=1.0)
        self.run.stdout = self._stdout.getvalue()
        self.run.error, self.run.output = decode_output(self.run.stdout)
        if self.run.error is None:
            self.run.error = exit_text(status)
        self.run.status = status
        self.run.ended = self._reports.clock()
        self._done.set()
        self._released.set()
