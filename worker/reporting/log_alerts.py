"""Turns warnings of the worker's own log into notices for Stash's log, with what to do.

An event is only collected while it is logged, because a transaction may be open then. The worker
writes the notices between two jobs.
"""

from collections import defaultdict

from core.clock import Clock
from core.log import LogEvent
from sync_queue.notices import Notices
from validation.settings import BY_NAME

LIBRARIES = BY_NAME["plex_libraries"].display_name
SCOPE = BY_NAME["reconcile_scope"].display_name
RECONCILE_ALL = "Reconcile Library (All)"
DISK = "Free disk space, or make PlexSync's data folder writable."
MEMORY = "If this repeats, check available memory"
# stands for a fact that the event lacks: an incomplete warning must not stop the worker
UNKNOWN = "(not known)"
# what the class of each of these notices begins with; stored, so it never changes
ALERT = "trouble:"

TEXTS = {
    "backup.failed": (
        "PlexSync could not back up its queue: {detail}. The previous backup stays. " + DISK
    ),
    "collection.refused": (
        "The collection {title} in Plex does not show {what} of its group: {detail}. Change it in "
        "Stash; PlexSync then sends it again."
    ),
    "library.missing": (
        "{detail}. PlexSync continues with the other libraries; scenes that may be in a missing "
        f"one wait. Correct the setting '{LIBRARIES}', or bring the library back; put a name that "
        "has a comma in double quotes."
    ),
    "listener.failed": (
        "PlexSync has a bug in what counts and reports finished jobs: {detail}. "
        "The jobs are done. Please report this."
    ),
    "paths.contradicted": (
        "The learned path mapping {source} => {target} led to another file and was dropped. "
        "Set the right one under Path mapping if scenes fail with AmbiguousMatch."
    ),
    "paths.not_learned": (
        "PlexSync could not read a sample of files to learn the path mapping from: {detail}. "
        "Scenes are synced without it. Set Path mapping if scenes fail with PlexNotFound."
    ),
    "paths.reversed": "Scene {scene} was not matched. {detail} Then run Retry Dead Letters.",
    "plex.scan_failed": (
        "PlexSync could not ask Plex to scan {folder} for a new scene: {detail}. "
        "Scan the library in Plex."
    ),
    "reconcile.failed": (
        "The comparison of Stash and Plex ended early: {detail}. The next comparison starts from "
        f"the beginning. Check that the library that the setting '{SCOPE}' names exists."
    ),
    "reconcile.skipped": (
        "Plex failed five times to list the items of {scenes} scenes; the comparison skipped them. "
        "If this repeats, check Plex's own log."
    ),
    "stash.no_credentials": (
        "Stash does not say how long a session is valid, nor its API key: {detail}. PlexSync uses "
        "the sessions that Stash's hooks bring. If it stops, open Stash once."
    ),
    "server.recognized": (
        "Plex has another identifier, but the libraries and items that PlexSync wrote before: a "
        "restored or cloned database. PlexSync copied its {records} records and {originals} "
        "originals to it. If the database was restored from a backup, run "
        f"'{RECONCILE_ALL}' to send what is newer."
    ),
    "spill.unreadable": (
        "PlexSync cannot read {files} changes in its folder data/spill: {detail}. They wait there "
        "and are tried every minute. Let the user who runs Stash own PlexSync's data folder."
    ),
    "state.save_failed": "{file} could not be saved: {detail}. {lost}" + DISK,
    "sync_run.failed": (
        "Stash rejected the list of scenes for the sync that was asked for: {detail}. It ended; "
        "what it had queued is sent. Update PlexSync; if this is the newest version, report it."
    ),
    "worker.killed": (
        "The PlexSync worker was killed while processing a job; the job will be retried. "
        f"{MEMORY}; plexsync.log names the job."
    ),
    "worker.killed_reading": (
        "The PlexSync worker was killed while reading the scenes of {jobs} jobs; they will be "
        f"retried. {MEMORY}."
    ),
}
"""The notice of each event; `{...}` is a fact of the event."""

LOST = {
    "circuit_breaker.json": "A restarted worker sends requests to Plex even during an outage.",
    "learned_paths.json": "The learned path mappings are lost when the worker ends.",
    "outages.json": "The newest outages are lost when the worker ends.",
    "ramp.json": "A restarted worker resumes at full speed.",
    "reconciliation.json": "The list of past comparisons is outdated.",
    "stats.json": "The readable copy of the statistics is outdated; the counters are safe.",
}
"""What a failed save of each JSON document costs, by file name."""


class LogAlerts:
    """Collects log events that have a text for users; `Notices` limits each to one an hour."""

    def __init__(self, notices: Notices, clock: Clock) -> None:
        self._notices = notices
        self._clock = clock
        self._pending: dict[str, str] = {}

    def on_log_event(self, event: LogEvent) -> None:
        """Collect the event's notice; the newest replaces an uncollected one of its class."""
        if event.name not in TEXTS:
            return
        # each document has its own class, because each failed save has its own consequence
        file = str(event.facts.get("file", ""))
        lost = LOST.get(file, "")
        notice_class = f"{ALERT}{event.name}" + (f":{file}" if lost else "")
        facts = {**event.facts, "lost": f"{lost} " if lost else ""}
        self._pending[notice_class] = TEXTS[event.name].format_map(
            defaultdict(lambda: UNKNOWN, facts)
        )

    def flush(self) -> None:
        """Store the collected notices; call it where no transaction is open."""
        pending, self._pending = self._pending, {}
        for notice_class, text in pending.items():
            self._notices.add(notice_class, "warning", text, self._clock.wall())
