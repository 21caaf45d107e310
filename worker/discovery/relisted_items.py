"""Enqueue the scenes whose item in Plex was replaced, split or lost.

Plex gives a file another rating key when its mount was away, when it was replaced by a better one,
or when an item is split. No hook reports that: it shows when a library is listed.
"""

from collections.abc import Iterable

from core.clock import Clock
from core.job import PRIORITY_BACKFILL, RELISTED, scene_subject
from core.log import EventLog
from core.units import DAY_S
from plex.client import PlexClient
from plex.finder import Finder
from plex.index_changes import IndexChange
from sync.batch import BatchRead, SceneJob
from sync_queue.meta import MetaStore, parse_float
from sync_queue.records import UNASSIGNED, Records
from sync_queue.store import JobStore

# Keys of meta rows: since when and until when Plex is watched, epoch seconds.
WATCHED_SINCE = "library_watched_since"
WATCHED_UNTIL = "library_watched_until"
# A file that changed shows in Plex soon; what vanished may be on a disk that is away. After a week
# the reconciliation compares every scene anyway.
CHANGED_FILE_WATCH_S = DAY_S
VANISHED_WATCH_S = 7 * DAY_S
# The scenes of more items than this wait for a listing instead of a job each: their disk is away.
MAX_VANISHED_JOBS = 100


class RelistedItems:
    """Compares what changed in the index with the records."""

    def __init__(
        self, store: JobStore, records: Records, meta: MetaStore, clock: Clock, log: EventLog
    ) -> None:
        self._store = store
        self._records = records
        self._meta = meta
        self._clock = clock
        self._log = log

    def enqueue_affected(self, finder: Finder, plex: PlexClient) -> int:
        """Enqueue the scenes that the index's changes affect; return how many. Send nothing.

        The scenes are enqueued first and the changes forgotten then: a kill in between repeats it.

        Raises:
            PlexError: Plex did not say which server it is.
        """
        enqueued = 0
        for section, change in finder.changes():
            server = plex.machine_identifier()
            scenes = self._affected_scenes(server, section.uuid, change)
            vanished = self._recorded_scenes(server, change.vanished)
            if len(vanished) <= MAX_VANISHED_JOBS:
                scenes |= vanished
            if vanished:
                self._watch(VANISHED_WATCH_S)
            if scenes:
                subjects = map(scene_subject, sorted(scenes))
                enqueued += self._store.enqueue_many(subjects, RELISTED, PRIORITY_BACKFILL)
            if scenes or vanished:
                self._log.info(
                    "library.relisted",
                    section=section.key,
                    enqueued=len(scenes),
                    vanished=len(vanished),
                )
            finder.forget_change(section, change)
        return enqueued

    def on_batch_read(self, event: BatchRead) -> None:
        """Watch the libraries if Plex has yet to see that a recorded file changed or moved."""
        if any(_has_changed_file(event, case) for case in event.batch.cases.values()):
            self._watch(CHANGED_FILE_WATCH_S)

    def watched_for(self) -> float | None:
        """Return for how many seconds the libraries have been watched; None if they are not."""
        since = parse_float(self._meta.get(WATCHED_SINCE))
        until = parse_float(self._meta.get(WATCHED_UNTIL))
        now = self._clock.wall()
        # A time in the future is the trace of a clock that was set back.
        if since is None or until is None or not since <= now < until:
            return None
        return now - since

    def _watch(self, seconds: float) -> None:
        now = self._clock.wall()
        until = parse_float(self._meta.get(WATCHED_UNTIL)) or 0.0
        kept = until if until <= now + VANISHED_WATCH_S else 0.0
        self._meta.set(WATCHED_UNTIL, repr(max(kept, now + seconds)))
        self._meta.set(WATCHED_SINCE, repr(now))

    def _affected_scenes(self, server: str, section: str, change: IndexChange) -> set[int]:
        """Return the scenes of which another item plays a file now."""
        scenes = self._recorded_scenes(server, change.replaced_items)
        for item in change.replaced_items | change.vanished:
            scenes |= self._records.claims(server, item)
        items = change.items_by_gained_path
        if items:
            for place in self._records.places(server):
                is_here = place.section in ("", section)
                if is_here and place.item not in items.get(place.path, {place.item}):
                    scenes.add(place.scene_id)
        return scenes

    def _recorded_scenes(self, server: str, items: Iterable[int]) -> set[int]:
        records = self._records.of_items(sorted(items), server)
        return {record.scene_id for record in records if record.scene_id != UNASSIGNED}


def _has_changed_file(event: BatchRead, case: SceneJob) -> bool:
    """Return True if a recorded file was replaced, or is still at its old path in Plex. Pure."""
    if case.scene is None or case.match is None:
        return False
    hashes = {file.oshash for file in case.scene.files if file.oshash}
    records = event.batch.records.of_scene(case.scene.scene_id)
    is_replaced = any(record.oshash and record.oshash not in hashes for record in records)
    return case.match.is_recorded or (bool(hashes) and is_replaced)
