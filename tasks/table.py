"""List the tasks that Stash shows, one row each; the manifest is generated from it."""

from collections.abc import Callable
from dataclasses import dataclass

from tasks import (
    dead_letters,
    diagnostics,
    queue,
    reconcile,
    reconcile_dry_run,
    restore,
    statistics,
    sync_dry_run,
)
from tasks.context import TaskContext, TaskResult


@dataclass(frozen=True, slots=True)
class Task:
    """One task: its name in Stash, the mode it is called with, its function and its description."""

    name: str
    mode: str
    run: Callable[[TaskContext], TaskResult]
    description: str


# fmt: off
TASKS: tuple[Task, ...] = (
    Task(
        "Health Check", "health", diagnostics.health_check,
        "Check the connections to Stash and Plex, the token, the libraries and the paths.",
    ),
    Task(
        "Sync All Scenes", "sync_all", queue.sync_all,
        "Send the metadata of every scene to Plex, except scenes that are known to be up to date. "
        "Replaces titles, summaries, tags and posters in Plex.",
    ),
    Task(
        "Sync All: Dry Run", "dry_run", sync_dry_run.dry_run,
        "Count by field what Sync All Scenes would write, with examples. Writes nothing.",
    ),
    Task(
        "Sync Recent Scenes (24 h)", "sync_recent", queue.sync_recent,
        "Send the scenes that were created or changed within 24 hours, except scenes that are "
        "known to be up to date.",
    ),
    Task(
        "Force Sync All", "force_sync", queue.force_sync_all,
        "Send every scene, also those that PlexSync has recorded as up to date.",
    ),
    Task(
        "Reconcile Library (All)", "reconcile_all", reconcile.reconcile_all,
        "Compare every scene with Plex by content and send what differs.",
    ),
    Task(
        "Reconcile Library (Recent)", "reconcile_recent", reconcile.reconcile_recent,
        "Compare the scenes that were created or changed within 24 hours with Plex, and send what "
        "differs.",
    ),
    Task(
        "Reconcile Library (Last 7 Days)", "reconcile_week", reconcile.reconcile_week,
        "Compare the scenes that were created or changed within seven days with Plex, and send "
        "what differs.",
    ),
    Task(
        "Reconcile: Dry Run", "reconcile_dry_run", reconcile_dry_run.dry_run,
        "Count by kind and field what Reconcile Library (All) would send, with examples. Writes "
        "nothing.",
    ),
    Task(
        "Recover Outage Jobs", "recover", dead_letters.recover_down,
        "Put scenes back into the queue whose sync failed because Plex was unavailable.",
    ),
    Task(
        "Recover Outage Jobs: Temporary Errors", "recover_temporary",
        dead_letters.recover_temporary,
        "Like Recover Outage Jobs, and also scenes that failed with a temporary error of Plex "
        "during a recorded outage.",
    ),
    Task(
        "Retry Dead Letters", "retry_dead", dead_letters.retry_dead_letters,
        "Put every dead letter back into the queue.",
    ),
    Task(
        "Purge Old Dead Letters", "purge_dead", dead_letters.purge_dead_letters,
        "Delete old dead letters. Run it twice: the first run only counts them.",
    ),
    Task(
        "Clear Dead Letter Queue", "clear_dead", dead_letters.clear_dead_letters,
        "Delete all dead letters. Their scenes are sent again when they change next. Run it "
        "twice: the first run only counts them.",
    ),
    Task(
        "Clear Pending Queue", "clear_waiting", queue.clear_waiting,
        "Delete every queued change. Run it twice: the first run only counts them.",
    ),
    Task(
        "Clear Match Cache", "clear_matches", diagnostics.clear_matches,
        "Delete what PlexSync knows about Plex's files; it lists Plex again at the next change.",
    ),
    Task(
        "Reset Statistics", "reset_stats", statistics.reset_stats,
        "Reset all counters: jobs, errors, times and requests. Run it twice: the first run only "
        "shows what would be deleted.",
    ),
    Task(
        "Restore Plex Values", "restore", restore.restore_values,
        "Restore what items in Plex showed before PlexSync's first write; later edits by hand "
        "stay. Switch Enabled off first. Run it twice: the first run only counts the items.",
    ),
    # The page shows what these write into the log.
    Task(
        "Test One Scene", "test_scene", diagnostics.test_scene,
        f"Show which Plex item the scene of the setting '{diagnostics.TEST_SCENE}' matches and "
        "what would be written. Writes nothing.",
    ),
    Task(
        "Process Queue", "process", queue.process_queue,
        "Process the queued changes now and show the progress. PlexSync does this by itself; run "
        "the task to watch it.",
    ),
    Task(
        "View Queue Status", "status", diagnostics.view_status,
        "Write into the log (Settings > Logs) what is queued, what failed, and why.",
    ),
    Task(
        "Outage Summary Report", "outages", diagnostics.outage_report,
        "Write into the log when Plex was unavailable, for how long, and how often.",
    ),
    Task(
        "List Dead Letters", "list_dead", dead_letters.list_dead_letters,
        "Write the newest dead letters into the log, with what to do about each.",
    ),
    Task(
        "View Worker Log", "log", diagnostics.view_log,
        "Write the newest lines of the worker's own log into Stash's log.",
    ),
)
# fmt: on
