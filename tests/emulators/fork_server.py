"""Start plugin processes as copies of a server that has loaded the checkout already.

Loading them is most of what a process costs, and the tests start thousands. The copies are real
processes with their own pipes, environment and exit; so are the workers that they launch, which
the server starts for them. The installed plugin has to be a copy of the checkout, of which only
the script and `startup` are run from their place. What depends on how an interpreter starts, such
as its options, needs `spawn_process` instead.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import IO, Any, NoReturn

# Only there are sockets that keep messages apart.
IS_AVAILABLE = sys.platform == "linux"
# What `startup` loads for hooks, operations, tasks and the worker.
_MODULES = (
    "asyncio",
    "dependencies.install",
    "hooks.entry",
    "hooks.message",
    "hooks.operations",
    "hooks.scene_states",
    "hooks.snapshot",
    "page.run",
    "sync_queue.lease",
    "tasks.run",
    "wiring",
)
_ROOT = Path(__file__).resolve().parent.parent.parent
# More than any environment takes; the system refuses to send twice as much.
_MAX_MESSAGE = 100_000
# Above what the server itself had open when it was copied.
_MAX_DESCRIPTOR = 256


@dataclass(frozen=True)
class _Start:
    """What a copy has to become."""

    argv: Sequence[str]
    env: Mapping[str, str]
    folder: str
    launched_by: int = 0
    """The process that launches a worker by this; 0 for one that Stash starts, with pipes."""

    @property
    def script(self) -> int:
        """Return its place in `argv`: the first word after the interpreter's options."""
        return next(number for number, word in enumerate(self.argv[1:], 1) if word[0] != "-")


@dataclass(frozen=True)
class _Find:
    """A request for the copies whose script is below a folder."""

    folder: str
    is_kill: bool


class ForkedProcess:
    """A process that runs one Python script, with what the emulator needs of `Popen`."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str]) -> None:
        """Start it; `argv` begins with the interpreter and its options."""
        pipes = [os.pipe() for _ in range(3)]
        (stdin, self_in), (self_out, stdout), (self_err, stderr) = pipes
        theirs = (stdin, stdout, stderr)
        self._line = _connect(_server())
        start = _Start(argv, dict(env), str(Path.cwd()))
        socket.send_fds(self._line, [_packed(asdict(start))], theirs)
        for descriptor in theirs:
            os.close(descriptor)
        self.pid: int = _receive(self._line)
        self._status: int | None = None
        self.stdin: IO[bytes] = os.fdopen(self_in, "wb", 0)
        self.stdout: IO[bytes] = os.fdopen(self_out, "rb", 0)
        self.stderr: IO[bytes] = os.fdopen(self_err, "rb", 0)

    def wait(self) -> int:
        """Wait for its exit, in one thread; return its status, negative for a signal."""
        if self._status is None:
            with self._line:
                status: int = _receive(self._line)
            self._status = status
        return self._status

    def kill(self) -> None:
        """End it now."""
        if self._status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


def find_forked(folder: Path) -> list[tuple[int, list[str]]]:
    """Return (process id, argv) of every running copy whose script is below `folder`."""
    return _find(folder, is_kill=False)


def kill_forked(folder: Path) -> list[int]:
    """SIGKILL every copy whose script is below `folder`; none of them starts a worker any more.

    Return the process ids.
    """
    return [pid for pid, _ in _find(folder, is_kill=True)]


def _find(folder: Path, *, is_kill: bool) -> list[tuple[int, list[str]]]:
    if not _server.cache_info().currsize:
        return []
    with _connect(_server()) as line:
        line.send(_packed(asdict(_Find(str(folder.resolve()), is_kill))))
        return [(pid, argv) for pid, argv in _receive(line)]


@cache
def _server() -> str:
    """Start the server of this process; return its address. It ends when this process has ended."""
    folder = tempfile.mkdtemp(prefix="forks-")
    address = str(Path(folder) / "socket")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(address)
    listener.listen(64)
    theirs, ours = os.pipe()
    code = f"from {__name__} import main; main()"
    command = [sys.executable, "-c", code, str(listener.fileno()), str(theirs)]
    server = subprocess.Popen(command, pass_fds=(listener.fileno(), theirs), cwd=_ROOT)
    listener.close()
    os.close(theirs)

    def end() -> None:
        os.close(ours)
        server.wait()
        Path(address).unlink()
        Path(folder).rmdir()

    atexit.register(end)
    return address


def _connect(address: str) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    line.connect(address)
    return line


def _packed(message: object) -> bytes:
    return json.dumps(message).encode()  # ASCII, so that undecodable file names survive


def _receive(line: socket.socket) -> Any:
    return json.loads(line.recv(_MAX_MESSAGE))


class _LaunchedWorker:
    """Stands for `subprocess.Popen` in `launch_worker`: the server starts the worker."""

    def __init__(self, address: str, command: Sequence[str], *, cwd: str, **_options: Any) -> None:
        self._line = _connect(address)
        start = _Start(command, dict(os.environ), cwd, os.getpid())
        self._line.send(_packed(asdict(start)))
        self.pid: int = _receive(self._line)
        self._status: int | None = None

    def __del__(self) -> None:
        self._line.close()

    def poll(self) -> int | None:
        """Return the exit status; None while it runs."""
        if self._status is None and select.select([self._line], [], [], 0)[0]:
            self._status = _receive(self._line)
        return self._status


# -- the server -----------------------------------------------------------------------------------


@dataclass
class _Server:
    """Copies itself on request, and reports how the copies ended."""

    listener: socket.socket
    owner: int
    """A pipe that ends with the process that started the server."""
    _running: dict[int, tuple[_Start, socket.socket]] = field(default_factory=dict)

    def run(self) -> None:
        """Serve until the owner has ended; a copy leaves by its own exit."""
        awake, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        while True:
            awaited = [self.listener.fileno(), self.owner, awake]
            ready = select.select(awaited, [], [])[0]
            if self.owner in ready:
                return
            if awake in ready:
                os.read(awake, _MAX_MESSAGE)
            self._reap()
            if self.listener.fileno() in ready:
                self._serve()

    def _reap(self) -> None:
        while self._running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            _, line = self._running.pop(pid)
            _answer(line, os.waitstatus_to_exitcode(status))
            line.close()

    def _serve(self) -> None:
        line, _ = self.listener.accept()
        message, streams, _, _ = socket.recv_fds(line, _MAX_MESSAGE, 3)
        request = json.loads(message or b"{}")  # empty where who asks was killed before it asked
        if "argv" in request:
            self._start(_Start(**request), streams, line)
            return
        if request:
            _answer(line, self._found(_Find(**request)))
        line.close()

    def _start(self, start: _Start, streams: list[int], line: socket.socket) -> None:
        if start.launched_by and start.launched_by not in self._running:
            line.close()  # killed since it asked
            return
        pid = os.fork()
        if pid == 0:
            address = self.listener.getsockname()
            for used in (self.listener, line, *(other for _, other in self._running.values())):
                used.detach()  # `_become` closes the descriptors
            _become(start, streams, address)
        for descriptor in streams:
            os.close(descriptor)
        self._running[pid] = start, line
        _answer(line, pid)

    def _found(self, request: _Find) -> list[tuple[int, list[str]]]:
        inside = request.folder + os.sep
        found = [
            (pid, list(start.argv))
            for pid, (start, _) in self._running.items()
            if os.path.realpath(start.argv[start.script]).startswith(inside)
        ]
        for pid, _ in found if request.is_kill else ():
            os.kill(pid, signal.SIGKILL)
            start, line = self._running[pid]
            os.waitpid(pid, 0)
            del self._running[pid]
            _answer(line, -int(signal.SIGKILL))
            line.close()
        return found


def _answer(line: socket.socket, answer: object) -> None:
    with contextlib.suppress(OSError):  # who asked has ended
        line.send(_packed(answer), socket.MSG_DONTWAIT)


def _become(start: _Start, streams: list[int], address: str) -> NoReturn:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if start.launched_by:
        os.setsid()
        streams = [os.open(os.devnull, os.O_RDWR)] * 3
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
    os.closerange(3, _MAX_DESCRIPTOR)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, closefd=False)
    os.environ.clear()
    os.environ.update(start.env)
    time.tzset()
    os.chdir(start.folder)
    sys.argv = list(start.argv[start.script :])
    added = [path for path in start.env.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.path[:] = [str(Path(sys.argv[0]).parent), *added, *sys.path]
    # Every module that launches a worker holds this one function.
    launch = importlib.import_module("core.launch").launch_worker
    launch.__defaults__ = (sys.platform, partial(_LaunchedWorker, address))
    runpy.run_path(sys.argv[0], run_name="__main__")
    sys.exit()


def main() -> None:
    """Load everything and serve."""
    sys.path[0] = str(_ROOT)  # it was the current folder, which the copies change
    for name in _MODULES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a collection in a copy would write to what it shares with the others
    listener, owner = map(int, sys.argv[1:])
    with socket.socket(fileno=listener) as accepting:
        _Server(accepting, owner).run()
