"""Two operations that must be as light as a hook: waking the worker, and saying a line in Stash's
log.

Standard library only.
"""

from __future__ import annotations

import _sqlite3 as sqlite3  # why: sync_queue/hook_queue.py
import os

from core.stash_log import LEVELS, write_log
from hooks.entry import print_notices, print_pending_message
from sync_queue.hook_queue import (
    is_worker_alive,
    save_session,
    session_parameters,
    write_spill,
)

TYPE_CHECKING = False  # `typing` and `collections.abc` cost a hook more than its own work
if TYPE_CHECKING:
    from collections.abc import Callable

    from hooks.entry import PollProcess

WAKE = "wake"
SAY = "say"
MAX_LINE_CHARS = 2_000


def run_wake(
    message: dict[str, object],
    data_dir: str,
    now: float,
    start_worker: Callable[[str], PollProcess],
    write_error: Callable[[bytes], object],
) -> dict[str, object]:
    """Hand over the session and make sure that a worker is running."""
    session = session_parameters(message.get("server_connection"), now)
    try:
        os.makedirs(data_dir, mode=0o700, exist_ok=True)
        _save_or_spill_session(data_dir, session, now, write_error)
        print_pending_message(data_dir, write_error)
        alive = is_worker_alive(data_dir)
        if not alive:
            start_worker(WAKE)
    except (OSError, sqlite3.Error) as error:
        return {
            "error": f"PlexSync could not wake its worker: {error}. "
            "Check that its data folder is writable."
        }
    return {"output": {"worker": "alive" if alive else "started"}}


def run_log_line(
    arguments: dict[str, object], write_error: Callable[[bytes], object]
) -> dict[str, object]:
    """Write one line to Stash's log on behalf of the detached worker."""
    level, text = arguments.get("level"), arguments.get("text")
    if not isinstance(level, str) or level not in LEVELS or level == "progress":
        return {"error": "PlexSync has nothing to say: mode say takes a level of Stash's log."}
    if not isinstance(text, str) or not text.strip():
        return {"error": "PlexSync has nothing to say: mode say takes a text."}
    write_log(write_error, level, text[:MAX_LINE_CHARS])
    return {"output": "ok"}


def _save_or_spill_session(
    data_dir: str,
    session: dict[str, object] | None,
    now: float,
    write_error: Callable[[bytes], object],
) -> None:
    """Store the session where the worker finds it, and print the notices that are still pending."""
    try:
        is_saved = save_session(
            data_dir, session, lambda connection: print_notices(connection, now, write_error)
        )
    except sqlite3.Error:
        # Locked or full: that is no reason to leave the worker asleep.
        is_saved = False
    if not is_saved and session is not None:
        write_spill(data_dir, None, session)
