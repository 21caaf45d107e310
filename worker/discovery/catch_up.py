"""Find what changed in Stash since the watermark and has not been synced.

A hook that never ran is therefore a delay, not a loss. Scenes come first, then the performers,
studios, tags and groups that scenes show. Stash compares timestamps as texts in its own time zone,
so the query has a wide margin and each row is decided by parsing its timestamp.
"""

from collections.abc import Iterator

from core.checkpoint import Checkpoint, no_checkpoint
from core.clock import Clock
from core.entity import KINDS, is_shown
from core.errors import StashQueryError
from core.job import CATCH_UP, PRIORITY_BACKFILL, scene_subject
from core.log import EventLog
from core.units import DAY_S
from stash.answers import SceneState
from stash.client import StashClient
from stash.groups import read_group_parents
from stash.times import SETTLED_S, is_settled, parse_time, since_text
from sync_queue import statements as sql
from sync_queue.entities import EntityIndex
from sync_queue.meta import MetaStore, parse_float
from sync_queue.records import Records
from sync_queue.store import JobStore
from worker.discovery.fan_out import GROUP
from worker.discovery.first_trace import first_trace
from worker.discovery.moved_entities import MovedEntities

WATERMARK = sql.WATERMARK
# Key of the meta row with the time of the first run.
FIRST_START = "first_start"
PAGE = 500
# Clocks differ a little, and Stash commits a transaction after it has set the timestamp.
OVERLAP_S = 120.0


class CatchUp:
    """Enqueues the changes that no record accounts for."""

    def __init__(
        self,
        store: JobStore,
        facts: MetaStore,
        records: Records,
        index: EntityIndex,
        clock: Clock,
        log: EventLog,
        checkpoint: Checkpoint = no_checkpoint,
    ) -> None:
        self._store = store
        self._facts = facts
        self._records = records
        self._index = index
        self._moved = MovedEntities(store, index)
        self._clock = clock
        self._log = log
        self._checkpoint = checkpoint

    def run(self, stash: StashClient, server: str) -> int:
        """Enqueue what changed since the watermark, then move it to now; return how many.

        The very first run only sets the watermark, to the first trace of PlexSync.

        Raises:
            StashUnavailable: Stash failed; the watermark stays where it was.
        """
        now = self._clock.wall()
        watermark = self._read_watermark(now)
        if watermark is None:
            self._facts.set(FIRST_START, repr(now))
            self._facts.set(WATERMARK, repr(first_trace(self._facts, now)))
            return 0
        floor = first_trace(self._facts, self._read_first_start(now))
        since = max(min(watermark, now) - OVERLAP_S, floor - SETTLED_S)
        enqueued = after = 0
        while True:
            page = stash.scene_file_states(after, PAGE, since_text(since))
            changed = [one for one in page if self._has_changed(one, since, server, now)]
            subjects = [scene_subject(scene.scene_id) for scene in changed]
            is_last = len(page) < PAGE
            if is_last:
                subjects += self._changed_entities(stash, since, now)
            # The watermark moves in the transaction of the last page: a crash repeats the run.
            if subjects or is_last:
                meta = (WATERMARK, repr(now)) if is_last else None
                enqueued += self._store.enqueue_many(
                    subjects, CATCH_UP, PRIORITY_BACKFILL, meta=meta
                )
            self._checkpoint("catch_up.page")
            if is_last:
                break
            after = page[-1].scene_id
        enqueued += self._enqueue_moved(stash)
        if enqueued:
            self._log.info("catch_up.enqueued", changes=enqueued)
        return enqueued

    def _enqueue_moved(self, stash: StashClient) -> int:
        """Enqueue tags and studios whose place has changed, which touches none of them."""
        try:
            return self._moved.reload(stash)
        except StashQueryError as error:
            self._log.info("catch_up.failed", detail=str(error))
            return 0

    def _read_watermark(self, now: float) -> float | None:
        """Return the watermark; None before the first run."""
        text = self._facts.get(WATERMARK)
        watermark = parse_float(text)
        # A corrupt watermark counts as a day old: starting now would repair nothing.
        return now - DAY_S if watermark is None and text else watermark

    def _read_first_start(self, now: float) -> float:
        """Return the time of the first run, corrected to now if the clock was ahead then."""
        floor = parse_float(self._facts.get(FIRST_START)) or 0.0
        if floor > now:
            floor = now
            self._facts.set(FIRST_START, repr(now))
        return floor

    def _has_changed(self, scene: SceneState, since: float, server: str, now: float) -> bool:
        """Return True if the scene changed after `since` and was not read since that change."""
        updated = parse_time(scene.updated_at)
        if updated is not None and updated <= since:
            return False
        known, read_at = self._records.last_synced_update(scene.scene_id, server, scene.oshash)
        if known == scene.updated_at and is_confirmed_read(updated, read_at, now):
            return False
        return not self._is_waiting(scene_subject(scene.scene_id), updated, now)

    def _changed_entities(self, stash: StashClient, since: float, now: float) -> list[str]:
        """Return the subjects of changed entities; [] if Stash rejects the query.

        A Stash that does not support the query must not prevent the catch-up of scenes.
        """
        try:
            changed = list(self._iter_changed_entities(stash, since, now))
            return list(dict.fromkeys([*changed, *self._regrouped(stash, now)]))
        except StashQueryError as error:
            self._log.info("catch_up.failed", detail=str(error))
            return []

    def _regrouped(self, stash: StashClient, now: float) -> list[str]:
        """Return the groups that other groups contain now than the index says.

        Stash runs no hook and moves no time when sub-groups are added or removed on their tab.
        """
        if not is_shown(GROUP, stash.selection.text):
            return []
        known = {group.subject: group.parent for group in self._index.entities_of_kind(GROUP)}
        return [
            subject
            for subject, parents in (read_group_parents(stash) if known else {}).items()
            if subject in known
            and known[subject] not in (None, parents)
            and not self._is_waiting(subject, None, now)
        ]

    def _iter_changed_entities(self, stash: StashClient, since: float, now: float) -> Iterator[str]:
        """Yield changed entities, newest first, until a page reaches what is older than `since`."""
        oldest, kinds, number = since_text(since), list(KINDS), 1
        while kinds:
            pages = stash.newest_entities(kinds, number, PAGE)
            for kind in kinds:
                for subject, updated_at in pages[kind]:
                    if self._has_entity_changed(subject, updated_at, since, now):
                        yield subject
            kinds = [
                kind for kind in kinds if len(pages[kind]) == PAGE and pages[kind][-1][1] > oldest
            ]
            number += 1

    def _has_entity_changed(self, subject: str, text: str, since: float, now: float) -> bool:
        updated, known = parse_time(text), self._index.known(subject)
        # An entity that is not in the index is shown by no scene that was written.
        if known is None or (updated is not None and updated <= since):
            return False
        is_same = known.updated_at == text
        if known.updated_at in ("", text) and is_confirmed_read(
            updated, known.read_at, now, is_same=is_same
        ):
            return False
        return not self._is_waiting(subject, updated, now)

    def _is_waiting(self, subject: str, updated: float | None, now: float) -> bool:
        """Return True if the subject is queued or has a newer dead letter.

        Treat invalid and future timestamps as 0.
        """
        changed_at = updated if updated is not None and updated <= now else 0.0
        return self._store.has_pending_change(subject, since=changed_at)


def is_confirmed_read(
    updated: float | None, read_at: float, now: float, *, is_same: bool = True
) -> bool:
    """Return True if the state was read long enough after it was updated.

    A timestamp in the future is accepted if it is the one that was read (`is_same`): it would
    never be confirmed otherwise.
    """
    return is_settled(updated, read_at) or (updated is not None and is_same and updated > now)


def first_start(facts: MetaStore) -> float | None:
    """Return when the first catch-up ran, in epoch seconds; None before it."""
    return parse_float(facts.get(FIRST_START))
