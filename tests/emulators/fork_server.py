"""Start plugin processes as copies of one that has loaded the checkout's modules already.

Loading them is most of what a call of the page costs, and a browser test asks for dozens. The
copies are real processes with their own pipes, environment and exit. The installed plugin has to
be a copy of the checkout, of which only the script and `startup` are run from their place. What
depends on how an interpreter starts, such as its options, needs `subprocess` instead.
"""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import IO, Any

# Elsewhere multiprocessing has no fork server, or forks badly; every process then starts from scratch.
IS_AVAILABLE = sys.platform == "linux"
# What `startup` loads for operations, tasks and hooks.
_MODULES = (
    "asyncio",
    "dependencies.install",
    "hooks.entry",
    "hooks.operations",
    "hooks.scene_states",
    "hooks.snapshot",
    "page.run",
    "tasks.run",
)

# Above what the server itself had open when it was copied.
_MAX_DESCRIPTOR = 256


class ForkedProcess:
    """A process that runs one Python script, with what the emulator needs of `Popen`."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str]) -> None:
        """Start it; `argv` begins with the interpreter and its options."""
        context = get_context("forkserver")
        context.set_forkserver_preload([*_MODULES, __name__])
        pipes = [os.pipe() for _ in range(3)]
        (stdin, self_in), (self_out, stdout), (self_err, stderr) = pipes
        theirs = (stdin, stdout, stderr)
        self._process = context.Process(target=_start, args=(_Start(argv, env, theirs),))
        self._process.start()
        for descriptor in theirs:
            os.close(descriptor)
        self.pid = self._process.pid or 0
        self.stdin: IO[bytes] = os.fdopen(self_in, "wb", 0)
        self.stdout: IO[bytes] = os.fdopen(self_out, "rb", 0)
        self.stderr: IO[bytes] = os.fdopen(self_err, "rb", 0)

    def wait(self) -> int:
        """Wait for its exit; return its status, negative for the signal that ended it."""
        self._process.join()
        status = self._process.exitcode
        assert status is not None
        return status

    def kill(self) -> None:
        """End it now."""
        self._process.kill()


class _Start:
    """What a copy has to become. The streams travel with it, as descriptors of the copy."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], streams: Sequence[int]) -> None:
        self.argv, self.env = list(argv), dict(env)
        self.folder = Path.cwd()
        self.streams: Sequence[Any] = streams

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "streams": [DupFd(descriptor) for descriptor in self.streams]}


def _start(start: _Start) -> None:
    for number, descriptor in enumerate(start.streams):
        os.dup2(descriptor.detach(), number)
    os.closerange(3, _MAX_DESCRIPTOR)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w", 1)
    os.environ.clear()
    os.environ.update(start.env)
    os.chdir(start.folder)
    script = next(number for number, word in enumerate(start.argv[1:], 1) if word[0] != "-")
    sys.argv = start.argv[script:]
    added = [path for path in start.env.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.path[:] = [str(Path(sys.argv[0]).parent), *added, *sys.path]
    runpy.run_path(sys.argv[0], run_name="__main__")
