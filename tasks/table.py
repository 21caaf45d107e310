"""Lists what each button in Stash does, one row per task; the manifest is generated from it."""

from collections.abc import Callable
from dataclasses import dataclass

from tasks import dead_letters, diagnostics, queue, reconcile, restore, statistics
from tasks.context import TaskContext, TaskResult


@dataclass(frozen=True, slots=True)
class Task:
    """One row: the button's name and description, the mode it calls, and what it does."""

    name: str
    description: str
    mode: str
    run: Callable[[TaskContext], TaskResult]


# fmt: off
TASKS: tuple[Task, ...] = (
    Task("Process Queue", "Work off what waits now, with a progress bar. PlexSync does this by itself; "
         "the button lets you watch.", "process", queue.process_queue),
    Task("View Queue Status", "Write what waits, what failed and why into the log (Settings > Logs).",
         "status", diagnostics.view_status),
    Task("View Worker Log", "Write the newest lines of the worker's own log into Stash's log.",
         "log", diagnostics.view_log),
    Task("Health Check", "Check the connection to Stash and to Plex, the token, the libraries and the paths.",
         "health", diagnostics.health_check),
    Task("Test One Scene", "Say what the scene of the setting 'Task: scene to test' would be matched with and "
         "what would be written. Writes nothing.", "test_scene", diagnostics.test_scene),
    Task("Sync All Scenes", "Send every scene's metadata to Plex, except what is proven current. Replaces titles, "
         "summaries, tags and posters there.", "sync_all", queue.sync_all),
    Task("Sync All: Dry Run", "Count by field what Sync All Scenes would write, with examples. Writes nothing.",
         "dry_run", diagnostics.dry_run),
    Task("Sync Recent Scenes (24 h)", "Send the scenes that were created or changed within 24 "
         "hours, except what is proven current.",
         "sync_recent", queue.sync_recent),
    Task("Force Sync All", "Send every scene, whatever PlexSync remembers of it.",
         "force_sync", queue.force_sync_all),
    Task("Reconcile Library (All)", "Compare every scene with Plex by content and send what is out of step, whatever "
         "changed it.", "reconcile_all", reconcile.reconcile_all),
    Task("Reconcile Library (Recent)", "Compare the scenes that were created or changed within 24 hours, and send "
         "what is out of step.", "reconcile_recent", reconcile.reconcile_recent),
    Task("Reconcile Library (Last 7 Days)", "Compare the scenes that were created or changed within seven days, and "
         "send what is out of step.", "reconcile_week", reconcile.reconcile_week),
    Task("Reconcile: Dry Run", "Count by kind and field what a reconciliation of everything would send, with examples. "
         "Writes nothing.", "reconcile_dry_run", reconcile.dry_run),
    Task("Outage Summary Report", "Write into the log when Plex was away, for how long, and how often.",
         "outages", diagnostics.outage_report),
    Task("Recover Outage Jobs", "Put scenes back into the queue whose sync failed because Plex was away.",
         "recover", dead_letters.recover_down),
    Task("Recover Outage Jobs: Temporary Errors", "The same, and also scenes that failed with a passing fault of "
         "Plex during a recorded outage.", "recover_temporary", dead_letters.recover_temporary),
    Task("List Dead Letters", "Write the newest dead letters into the log, with what to do about them.",
         "list_dead", dead_letters.list_dead_letters),
    Task("Retry Dead Letters", "Put every dead letter back into the queue.",
         "retry_dead", dead_letters.retry_dead_letters),
    Task("Purge Old Dead Letters", "Delete old dead letters. Run it twice: the first run only says how many.",
         "purge_dead", dead_letters.purge_dead_letters),
    Task("Clear Dead Letter Queue", "Delete all dead letters. Their scenes are sent again at their next change. "
         "Run it twice: the first run only says how many.", "clear_dead", dead_letters.clear_dead_letters),
    Task("Clear Pending Queue", "Forget every change that waits. Run it twice: the first run only says how many.",
         "clear_waiting", queue.clear_waiting),
    Task("Clear Match Cache", "Forget which item plays which file; Plex is listed anew at the next change.",
         "clear_matches", diagnostics.clear_matches),
    Task("Reset Statistics", "Begin counting anew: jobs, errors, times and requests. Run it twice: the first run only "
         "says what would be deleted.", "reset_stats", statistics.reset_stats),
    Task("Restore Plex Values", "Give items in Plex back what they showed before PlexSync's first write; later hand "
         "edits stay. Switch Enabled off first. Run it twice: the first run only says how many.",
         "restore", restore.restore_values),
)
# fmt: on
