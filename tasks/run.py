"""Runs the task that Stash asked for.

Stash shows a task's description, a progress bar and log lines, and nothing of its answer. So a task
writes log lines for users and answers one JSON document for callers of the API.
"""

import logging
import sqlite3
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import PlexSyncError, reason_of
from core.log import EventLog
from core.obfuscate import hide_paths
from core.stash_log import write_log
from core.text import unchanged
from sync.build_context import build_plex, build_sync_context
from sync_queue.hook_queue import session_parameters
from tasks.context import TaskContext, stash_of
from tasks.table import TASKS
from validation.config import read_config
from wiring import Environment, drain_in_process


def run_task(
    message: Mapping[str, object],
    arguments: Mapping[str, object],
    root: str,
    data_dir: str,
    start_worker: Callable[[str], object],
    write: Callable[[bytes], object],
) -> dict[str, object]:
    """Run the task whose mode was requested; return the answer for Stash.

    A foreseeable fault is an `error`.
    """
    mode = arguments.get("mode")
    task = next((row for row in TASKS if row.mode == mode), None)
    if task is None:
        known = ", ".join(row.mode for row in TASKS)
        return {
            "error": f"PlexSync does not know the mode {mode!r}. Known modes: {known}, wake, say."
        }
    env = Environment(Path(root), Path(data_dir))
    shown = _shown_by(message, env)
    context = build_context(env, message, start_worker, write, shown)
    context = replace(context, confirmed=_confirmed(arguments.get("confirm")))
    try:
        return {"output": _jsonable(task.run(context))}
    except (PlexSyncError, sqlite3.Error, OSError) as error:
        return {"error": shown(f"{task.name}: {error}")}
    except Exception as error:  # noqa: BLE001 broad: a task must return an error, never a traceback
        context.log(
            "error",
            f"{task.name} ended in a bug of PlexSync; please report it. {traceback.format_exc()}",
        )
        return {
            "error": shown(
                f"{task.name}: a bug, {reason_of(error)}: {error}. The log has its trace."
            )
        }


def _confirmed(value: object) -> int | None:
    """Return the number that the caller has confirmed; None for anything that is not one."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number else None  # type: ignore[return-value]


def build_context(
    env: Environment,
    message: Mapping[str, object],
    start_worker: Callable[[str], object],
    write: Callable[[bytes], object],
    shown: Callable[[str], str] = unchanged,
) -> TaskContext:
    """Return what the task works with. Send nothing."""
    log = EventLog(
        logging.Logger("plexsync-task", logging.CRITICAL)
    )  # a task writes to Stash's log
    now = env.clock.wall()
    return TaskContext(
        data_dir=env.data_dir,
        clock=env.clock,
        session=session_parameters(message.get("server_connection"), now),
        start_worker=start_worker,
        log=lambda level, text: write_log(write, level, shown(text)),
        progress=lambda share: write_log(write, "progress", f"{share:.4f}"),
        build_plex=lambda config: build_plex(env.data_dir, env.clock, config),
        build_sync_context=lambda config, stash, store: build_sync_context(
            env.data_dir, env.clock, config, stash, store, log
        ),
        work_here=lambda look, limit_s: drain_in_process(env, look, limit_s),
        started_at=now,
    )


def _shown_by(message: Mapping[str, object], env: Environment) -> Callable[[str], str]:
    """What becomes of a text before anybody sees it; where the settings cannot be read it stays as
    it is.
    """
    session = session_parameters(message.get("server_connection"), env.clock.wall())
    if session is None:
        return str
    try:
        hides = read_config(stash_of(session).settings()).config.obfuscate_paths
    except PlexSyncError:
        return str
    return hide_paths if hides else str


def _jsonable(document: Mapping[str, object]) -> dict[str, Any]:
    return {
        key: list(value) if isinstance(value, tuple) else value for key, value in document.items()
    }
