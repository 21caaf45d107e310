"""The task table: what a button in Stash does. The manifest is generated from it.

Stash shows a task's description, a progress bar and log lines, and nothing of its answer. So a task
writes log lines for people and answers one JSON document for whoever calls it through the API.
"""

import logging
import sqlite3
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import PlexSyncError
from core.log import EventLog
from core.obfuscate import hide_paths
from core.stash_log import write_log
from reconcile_tasks import dry_run, reconcile_all, reconcile_recent, reconcile_week
from sync_queue.hook_queue import session_parameters
from sync_queue.meta import Facts
from sync_queue.records import Records
from validation.config import read_config
from wiring import Outside, build_bench, build_plex, work_here
from worker import task_letters, task_looks, task_queue, task_restore, task_stats
from worker.task_context import Answer, Context, stash_of


@dataclass(frozen=True, slots=True)
class Task:
    """One row: the button's name and description, the mode it calls, and what it does."""

    name: str
    description: str
    mode: str
    run: Callable[[Context], Answer]


# fmt: off
TASKS: tuple[Task, ...] = (
    Task("Process Queue", "Work off what waits now, with a progress bar. PlexSync does this by itself; "
         "the button lets you watch.", "process", task_queue.process_queue),
    Task("View Queue Status", "Write what waits, what failed and why into the log (Settings > Logs).",
         "status", task_looks.view_status),
    Task("View Worker Log", "Write the newest lines of the worker's own log into Stash's log.",
         "log", task_looks.view_log),
    Task("Health Check", "Check the connection to Stash and to Plex, the token, the libraries and the paths.",
         "health", task_looks.health_check),
    Task("Test One Scene", "Say what the scene of the setting 'Task: scene to test' would be matched with and "
         "what would be written. Writes nothing.", "test_scene", task_looks.test_scene),
    Task("Sync All Scenes", "Send every scene's metadata to Plex, except what is proven current. Replaces titles, "
         "summaries, tags and posters there.", "sync_all", task_queue.sync_all),
    Task("Sync All: Dry Run", "Count by field what Sync All Scenes would write, with examples. Writes nothing.",
         "dry_run", task_looks.dry_run),
    Task("Sync Recent Scenes (24 h)", "Send the scenes that were created or changed within 24 "
         "hours, except what is proven current.",
         "sync_recent", task_queue.sync_recent),
    Task("Force Sync All", "Send every scene, whatever PlexSync remembers of it.",
         "force_sync", task_queue.force_sync_all),
    Task("Reconcile Library (All)", "Compare every scene with Plex by content and send what is out of step, whatever "
         "changed it.", "reconcile_all", reconcile_all),
    Task("Reconcile Library (Recent)", "Compare the scenes that were created or changed within 24 hours, and send "
         "what is out of step.", "reconcile_recent", reconcile_recent),
    Task("Reconcile Library (Last 7 Days)", "Compare the scenes that were created or changed within seven days, and "
         "send what is out of step.", "reconcile_week", reconcile_week),
    Task("Reconcile: Dry Run", "Count by kind and field what a reconciliation of everything would send, with examples. "
         "Writes nothing.", "reconcile_dry_run", dry_run),
    Task("Outage Summary Report", "Write into the log when Plex was away, for how long, and how often.",
         "outages", task_looks.outage_report),
    Task("Recover Outage Jobs", "Put scenes back into the queue whose sync failed because Plex was away.",
         "recover", task_letters.recover_down),
    Task("Recover Outage Jobs: Temporary Errors", "The same, and also scenes that failed with a passing fault of "
         "Plex during a recorded outage.", "recover_temporary", task_letters.recover_temporary),
    Task("List Dead Letters", "Write the newest dead letters into the log, with what to do about them.",
         "list_dead", task_letters.list_letters),
    Task("Retry Dead Letters", "Put every dead letter back into the queue.",
         "retry_dead", task_letters.retry_letters),
    Task("Purge Old Dead Letters", "Delete old dead letters. Run it twice: the first run only says how many.",
         "purge_dead", task_letters.purge_letters),
    Task("Clear Dead Letter Queue", "Delete all dead letters. Their scenes are sent again at their next change. "
         "Run it twice: the first run only says how many.", "clear_dead", task_letters.clear_letters),
    Task("Clear Pending Queue", "Forget every change that waits. Run it twice: the first run only says how many.",
         "clear_waiting", task_queue.clear_waiting),
    Task("Clear Match Cache", "Forget which item plays which file; Plex is listed anew at the next change.",
         "clear_matches", task_looks.clear_matches),
    Task("Reset Statistics", "Begin counting anew: jobs, errors, times and requests. Run it twice: the first run only "
         "says what would be deleted.", "reset_stats", task_stats.reset_stats),
    Task("Restore Plex Values", "Give items in Plex back what they showed before PlexSync's first write; later hand "
         "edits stay. Switch Enabled off first. Run it twice: the first run only says how many.",
         "restore", task_restore.restore_values),
)
# fmt: on


def run_task(
    message: Mapping[str, object],
    arguments: Mapping[str, object],
    root: str,
    data_dir: str,
    start_worker: Callable[[str], object],
    write: Callable[[bytes], object],
) -> dict[str, object]:
    """Run the task whose mode was asked for; the answer for Stash. Foreseeable trouble is an `error`."""
    mode = arguments.get("mode")
    task = next((row for row in TASKS if row.mode == mode), None)
    if task is None:
        known = ", ".join(row.mode for row in TASKS)
        return {"error": f"PlexSync does not know the mode {mode!r}. Known modes: {known}, wake, say."}
    outside = Outside(Path(root), Path(data_dir))
    shown = _shown_by(message, outside)
    context = build_context(outside, message, start_worker, write, shown)
    try:
        return {"output": _jsonable(task.run(context))}
    except (PlexSyncError, sqlite3.Error, OSError) as error:
        return {"error": shown(f"{task.name}: {error}")}
    except Exception as error:  # noqa: BLE001 broad on purpose: whoever pressed the button gets an answer, not a traceback
        context.say("error", f"{task.name} ended in a bug of PlexSync; please report it. {traceback.format_exc()}")
        return {"error": shown(f"{task.name}: a bug, {type(error).__name__}: {error}. The log has its trace.")}


def build_context(
    outside: Outside,
    message: Mapping[str, object],
    start_worker: Callable[[str], object],
    write: Callable[[bytes], object],
    shown: Callable[[str], str] = str,
) -> Context:
    """What the task works with. Sends nothing."""
    log = EventLog(logging.Logger("plexsync-task", logging.CRITICAL))  # a task speaks through Stash's log
    now = outside.clock.wall()
    return Context(
        data_dir=outside.data_dir,
        clock=outside.clock,
        session=session_parameters(message.get("server_connection"), now),
        start_worker=start_worker,
        say=lambda level, text: write_log(write, level, shown(text)),
        progress=lambda share: write_log(write, "progress", f"{share:.4f}"),
        build_plex=lambda config: build_plex(outside, config),
        build_bench=lambda config, stash, store: build_bench(outside, config, stash, Records(store), Facts(store), log),
        work_here=lambda look, limit_s: work_here(outside, look, limit_s),
        started_at=now,
    )


def _shown_by(message: Mapping[str, object], outside: Outside) -> Callable[[str], str]:
    """What becomes of a text before anybody sees it; where the settings cannot be read it stays as it is."""
    session = session_parameters(message.get("server_connection"), outside.clock.wall())
    if session is None:
        return str
    try:
        hides = read_config(stash_of(session).settings()).config.obfuscate_paths
    except PlexSyncError:
        return str
    return hide_paths if hides else str


def _jsonable(document: Mapping[str, object]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in document.items()}
