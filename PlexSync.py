"""The one script Stash starts. It opens one of three doors: hook, worker or task.

Each door imports its own side only: a hook must be gone in milliseconds, a worker loads everything.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable

ROOT = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(ROOT, "data")
LONGEST_INPUT = 64 * 1024 * 1024  # a cover in a hook's input can be megabytes; this is nonsense


def read_message(raw: bytes) -> dict[str, object]:
    """Stash's JSON object from stdin.

    Raises:
        ValueError: it is not one JSON object.
    """
    message = json.loads(raw.decode("utf-8", "replace"))
    if not isinstance(message, dict):
        raise ValueError("not a JSON object")
    return message


def start_worker(started_by: str) -> Callable[[], int | None]:
    """Start a worker; `subprocess` is loaded only on this way."""
    from core.launch import launch_worker

    return launch_worker(ROOT, started_by).poll


def answer(document: dict[str, object]) -> int:
    """Print Stash's answer: one JSON object."""
    sys.stdout.write(json.dumps(document))
    sys.stdout.flush()
    return 0


def main(arguments: list[str]) -> int:
    """Open the door that this start is for; the exit status."""
    os.umask(0o077)  # whatever is kept is readable by its owner only
    if arguments[:1] == ["worker"]:
        from worker.door import open_worker

        return open_worker(ROOT, DATA, arguments[1] if len(arguments) > 1 else "hand")
    try:
        message = read_message(sys.stdin.buffer.read(LONGEST_INPUT))
    except (ValueError, RecursionError) as error:
        return answer({"error": f"PlexSync could not read its input from Stash: {error}"})
    inputs = message.get("args")
    if isinstance(inputs, dict) and "hookContext" in inputs:
        from hooks.entry import run_hook

        return answer(run_hook(message, DATA, time.time(), start_worker, sys.stderr.buffer.write))
    from tasks import run_task

    return answer(run_task(message, ROOT, DATA, start_worker, sys.stderr.buffer.write))


if __name__ == "__main__":
    sys.path.insert(0, ROOT)
    sys.exit(main(sys.argv[1:]))
