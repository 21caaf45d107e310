"""Runs what this start of the plugin is for: a hook, a task or operation, or the worker.

Each way imports its own side only: a hook must be gone in milliseconds, a worker loads everything.
"""

import gc
import os
import sys
import time

TYPE_CHECKING = False  # `typing` and `collections.abc` cost a hook more than its own work
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

ROOT = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(ROOT, "data")
# The worker's thresholds of the three generations; Python's are 700, 10 and 10.
COLLECTIONS = (10_000, 20, 20)
MAX_INPUT = 64 * 1024 * 1024  # a cover in a hook's input can be megabytes; this is nonsense


def read_message(raw: bytes) -> dict[str, object]:
    """Return Stash's JSON object from stdin.

    Raises:
        ValueError: it is not one JSON object.
    """
    import json

    message = json.loads(raw.decode("utf-8", "replace"))
    if not isinstance(message, dict):
        raise ValueError("not a JSON object")
    return message


def start_worker(started_by: str) -> "Callable[[], int | None]":
    """Start a worker; `subprocess` is loaded only on this way."""
    from core.launch import launch_worker

    return launch_worker(ROOT, started_by).poll


def answer(document: dict[str, object]) -> int:
    """Print Stash's answer: one JSON object, ASCII whatever encoding the system has chosen."""
    text = '{"output": "ok"}'  # most answers are this one, and `json` costs more than the rest
    if document != {"output": "ok"}:
        import json

        text = json.dumps(document)
    sys.stdout.buffer.write(text.encode("ascii"))
    sys.stdout.flush()
    return 0


def end_process(status: int) -> "NoReturn":
    """Exit without tearing the interpreter down, which would cost a hook a tenth of its time."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            pass  # Stash no longer reads
    os._exit(status)


def run_worker_process(started_by: str) -> int:
    """Run the worker, unless another process does; nothing heavy is loaded before the lease."""
    import sqlite3
    from pathlib import Path

    from sync_queue.hook_queue import write_pending_message
    from sync_queue.lease import Lease

    os.makedirs(DATA, mode=0o700, exist_ok=True)
    lease = Lease(Path(DATA))
    try:
        if not lease.acquire():
            return 0
    except sqlite3.Error as error:
        write_pending_message(DATA, "error", f"PlexSync's worker cannot begin: {error}")
        return 1
    from dependencies.install import DependencyError, ensure_dependencies

    try:
        warning = ensure_dependencies(ROOT, DATA)
    except DependencyError as error:
        write_pending_message(DATA, "error", str(error))
        lease.release()
        return 1
    if warning:
        write_pending_message(DATA, "warning", warning)
    gc.disable()
    from wiring import Environment, run_worker

    collect_rarely()
    return run_worker(Environment(Path(ROOT), Path(DATA)), lease, started_by)


def collect_rarely() -> None:
    """Look for unused cycles of objects less often, and not among those that are there now.

    A batch holds many objects until its end, and each collection looked at all of them and at
    every module: that took a quarter of the worker's time.
    """
    gc.freeze()
    gc.set_threshold(*COLLECTIONS)
    gc.enable()


def load_site() -> None:
    """Make installed packages importable: Stash starts the script with `-S`, for hooks' sake."""
    if sys.flags.no_site:
        import site

        site.main()


def run_task_process(message: dict[str, object], arguments: dict[str, object]) -> dict[str, object]:
    """Run one task or operation; return the answer for Stash."""
    from hooks.operations import SAY, WAKE, run_log_line, run_wake

    if arguments.get("mode") == SAY:
        return run_log_line(arguments, sys.stderr.buffer.write)
    if arguments.get("mode") == WAKE:
        return run_wake(message, DATA, time.time(), start_worker, sys.stderr.buffer.write)
    from hooks.snapshot import CALL, MODE, run_snapshot

    if arguments.get("mode") == MODE and arguments.get("call") == CALL:
        return run_snapshot(DATA, time.time())
    from hooks import scene_states

    if arguments.get("mode") == MODE and arguments.get("call") == scene_states.CALL:
        return scene_states.run_scene_states(arguments, DATA)
    load_site()
    from core.stash_log import write_log
    from dependencies.install import DependencyError, ensure_dependencies

    try:
        os.makedirs(DATA, mode=0o700, exist_ok=True)
        warning = ensure_dependencies(ROOT, DATA)
    except (DependencyError, OSError) as error:
        return {"error": str(error)}
    if warning:
        write_log(sys.stderr.buffer.write, "warning", warning)
    if arguments.get("mode") == MODE:
        from page.run import run_call

        return run_call(message, arguments, ROOT, DATA, start_worker, sys.stderr.buffer.write)
    from tasks.run import run_task

    return run_task(message, arguments, ROOT, DATA, start_worker, sys.stderr.buffer.write)


def main(arguments: list[str]) -> int:
    """Run what this start is for; return the exit status."""
    os.umask(0o077)  # whatever is kept is readable by its owner only
    if arguments[:1] == ["worker"]:
        return run_worker_process(arguments[1] if len(arguments) > 1 else "hand")
    gc.disable()  # a hook has ended before a collection would free anything
    raw = sys.stdin.buffer.read(MAX_INPUT) if sys.stdin else b""  # None where it is closed
    from hooks.message import read_hook

    try:
        message = read_hook(raw) or read_message(raw)
    except (ValueError, RecursionError) as error:
        return answer({"error": f"PlexSync could not read its input from Stash: {error}"})
    inputs = message.get("args")
    if isinstance(inputs, dict) and "hookContext" in inputs:
        from hooks.entry import run_hook

        write_error = sys.stderr.buffer.write
        end_process(answer(run_hook(message, DATA, time.time(), start_worker, write_error)))
    gc.enable()
    return answer(run_task_process(message, inputs if isinstance(inputs, dict) else {}))
