"""Warnings of the worker's own log that nobody else carries into Stash's log: what happened, what to do.

The log tells this module, and the worker lets it speak between two jobs: a warning may be written at any
moment, also within a transaction, where no notice can be kept.
"""

from collections import defaultdict
from collections.abc import Mapping

from core.clock import Clock
from sync_queue.notices import Notices
from validation.settings import BY_NAME

SCOPE = BY_NAME["reconcile_scope"].display_name
DISK = "Is the disk full, or the folder not writable?"
UNKNOWN = "(not known)"  # whoever warns is in trouble already: a fact that is not there must not stop a worker

TEXTS = {
    "backup.failed": f"The nightly copy of PlexSync's queue could not be made: {{detail}}. The old copy stays. {DISK}",
    "listener.failed": "A bug in what counts and reports finished jobs; the jobs are done: {detail}. Please report it.",
    "paths.contradicted": "The learned path pair {source} => {target} led to another file and is dropped. "
    "Enter the right one under Path mapping if scenes end as AmbiguousMatch.",
    "state.save_failed": f"{{file}} could not be saved: {{detail}}. {{lost}} {DISK}",
    "plex.scan_failed": "Plex could not be asked to scan {folder} for a new scene: {detail}. Scan the library in Plex.",
    "reconcile.failed": "The comparison of Stash and Plex ended early: {detail}. Does the library exist that "
    f"the setting '{SCOPE}' names? The next comparison begins anew.",
    "reconcile.skipped": "Plex failed five times to show the items of {scenes} scenes; the comparison left them out. "
    "If it repeats, look at Plex's own log.",
    "worker.killed": "PlexSync's worker ended without a word in the middle of its work, which is tried again. "
    "If it repeats, look whether memory is short; plexsync.log names what it had in hand.",
    "worker.killed_reading": "PlexSync's worker ended without a word while it read for {jobs} changes together, which "
    "are tried again. If it repeats, look whether memory is short.",
}
"""By log event; `{...}` is one of the event's facts."""

LOST = {
    "circuit_breaker.json": "A restarted worker asks Plex again, even during an outage.",
    "learned_paths.json": "The learned path mappings are lost when the worker ends.",
    "outages.json": "The newest outages are lost when the worker ends.",
    "ramp.json": "A restarted worker resumes at full speed.",
    "reconciliation.json": "The list of past comparisons is outdated.",
    "stats.json": "The readable copy of the statistics is outdated; the counters are safe.",
}
"""What a failed save of each JSON document costs, by file name."""


class LogAlerts:
    """The log's listener. One notice per event and hour."""

    def __init__(self, notices: Notices, clock: Clock) -> None:
        self._notices = notices
        self._clock = clock
        self._heard: dict[str, str] = {}

    def on_log_event(self, event: str, facts: Mapping[str, object]) -> None:
        """A warning or an error was written."""
        if event not in TEXTS:
            return
        file = str(facts.get("file", ""))
        known = {**facts, "lost": LOST.get(file, "")}
        notice_class = f"trouble:{event}:{file}" if file else f"trouble:{event}"
        self._heard[notice_class] = TEXTS[event].format_map(defaultdict(lambda: UNKNOWN, known))

    def flush(self) -> None:
        """Make notices of what was heard; called where no transaction is open."""
        heard, self._heard = self._heard, {}
        for notice_class, text in heard.items():
            self._notices.add(notice_class, "warning", text, self._clock.wall())
