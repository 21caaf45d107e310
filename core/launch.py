"""Starts the worker so that Stash never waits for it. Standard library only.

Stash waits until the hook's stdout is closed everywhere. A child that inherited it would freeze the
user's save, so the worker gets the null device three times, its own session and absolute paths.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

_DETACHED_PROCESS = 0x00000008
_CREATE_NEW_PROCESS_GROUP = 0x00000200
_CREATE_BREAKAWAY_FROM_JOB = 0x01000000

Start = Callable[..., "subprocess.Popen[bytes]"]


class DetachedProcess(subprocess.Popen[bytes]):
    """A process that outlives this one on purpose, so that this one does not wait for it."""

    def __del__(self) -> None:
        """The standard library would warn of a process that still runs."""


def worker_command(root: str, started_by: str, python: str = sys.executable) -> list[str]:
    """Return the worker's argv. It holds no address and no secret: those are read from the
    database.
    """
    return [python, os.path.join(os.path.abspath(root), "PlexSync.py"), "worker", started_by]


def windows_flags() -> tuple[int, int]:
    """Creation flags to try in this order: leaving Stash's job object may be forbidden."""
    detached = _DETACHED_PROCESS | _CREATE_NEW_PROCESS_GROUP
    return detached | _CREATE_BREAKAWAY_FROM_JOB, detached


def launch_worker(
    root: str, started_by: str, platform: str = sys.platform, start: Start = DetachedProcess
) -> subprocess.Popen[bytes]:
    """Start a detached worker with `start` and return immediately.

    Raises:
        OSError: the interpreter could not be started.
    """
    command = worker_command(root, started_by)
    common: dict[str, object] = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
    }
    common.update(close_fds=True, cwd=os.path.abspath(root))
    if platform != "win32":
        return start(command, **common, start_new_session=True)
    with_breakaway, without = windows_flags()
    try:
        return start(command, **common, creationflags=with_breakaway)
    except OSError:
        return start(command, **common, creationflags=without)
