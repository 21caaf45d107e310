"""What changed in Stash since the watermark and is not known here: a hook that never ran is a delay, not a loss.

Scenes first, then what scenes show of performers, studios, tags and groups.

Stash compares timestamps as texts in its own zone, so the question is asked with a wide margin and each
answer is decided by parsing it.
"""

from collections.abc import Callable, Iterator

from core.clock import Clock
from core.entity import KINDS
from core.errors import StashQueryError
from core.job import PRIORITY_BACKFILL, scene_subject
from core.log import EventLog
from core.units import DAY_S
from stash.client import SceneState, StashClient
from stash.times import SETTLED_S, is_settled, parse_time, since_text
from sync_queue import statements as sql
from sync_queue.entities import EntityIndex
from sync_queue.meta import MetaStore, parse_float
from sync_queue.records import Records
from sync_queue.store import JobStore

WATERMARK = sql.WATERMARK
FIRST_START = "first_start"  # what changed before it is nobody's edit
PAGE = 500
OVERLAP_S = 120.0  # clocks differ a little, and a transaction commits after its timestamp


class CatchUp:
    """Asks Stash what changed, and notes what the records do not know."""

    def __init__(
        self,
        store: JobStore,
        facts: MetaStore,
        records: Records,
        index: EntityIndex,
        clock: Clock,
        log: EventLog,
        checkpoint: Callable[[str], object] = str,
    ) -> None:
        self._store = store
        self._facts = facts
        self._records = records
        self._index = index
        self._clock = clock
        self._log = log
        self._checkpoint = checkpoint

    def run(self, stash: StashClient, server: str) -> int:
        """Note what changed since the watermark and move it to now; how many changes were noted.

        The first run ever only sets the watermark: nothing is touched before the first edit.

        Raises:
            StashUnavailable: the watermark stays where it was.
        """
        now = self._clock.wall()
        kept = self._facts.get(WATERMARK)
        watermark = parse_float(kept)
        if watermark is None and kept:
            watermark = now - DAY_S  # damaged; beginning now would repair nothing
        if watermark is None:
            self._facts.set(FIRST_START, repr(now))
            self._facts.set(WATERMARK, repr(now))
            return 0
        floor = parse_float(self._facts.get(FIRST_START)) or 0.0
        if (
            floor > now
        ):  # a clock that was ahead at the first start must not hide what happens from now on
            floor = now
            self._facts.set(FIRST_START, repr(now))
        since = max(min(watermark, now) - OVERLAP_S, floor - SETTLED_S)
        noted = 0
        after = 0
        while True:
            page = stash.scene_file_states(after, PAGE, since_text(since))
            subjects = [
                scene_subject(one.scene_id)
                for one in page
                if self._has_changed(one, since, server, now)
            ]
            last = len(page) < PAGE
            if last:
                subjects += self._changed_entities(stash, since, now)
            if subjects or last:
                meta = (WATERMARK, repr(now)) if last else None
                noted += self._store.enqueue_many(
                    subjects, "catch_up", PRIORITY_BACKFILL, meta=meta
                )
            self._checkpoint("catch_up.page")
            if last:
                break
            after = page[-1].scene_id
        if noted:
            self._log.info("catch_up.enqueued", changes=noted)
        return noted

    def _has_changed(self, scene: SceneState, since: float, server: str, now: float) -> bool:
        """Whether a scene moved after `since` and no record proves that its state was read since."""
        updated = parse_time(scene.updated_at)
        if updated is not None and updated <= since:
            return False
        known, read_at = self._records.last_synced_update(scene.scene_id, server, scene.oshash)
        if known == scene.updated_at and is_confirmed_read(updated, read_at, now):
            return False
        return not self._is_waiting(scene_subject(scene.scene_id), updated, now)

    def _changed_entities(self, stash: StashClient, since: float, now: float) -> list[str]:
        """Entities that moved after `since`, and not before the name that indexed scenes show was read.

        A Stash that does not answer this question must not keep the scenes from being caught up with.
        """
        try:
            return list(self._iter_changed_entities(stash, since, now))
        except StashQueryError as error:
            self._log.info("catch_up.failed", detail=str(error))
            return []

    def _iter_changed_entities(self, stash: StashClient, since: float, now: float) -> Iterator[str]:
        oldest, kinds, number = since_text(since), list(KINDS), 1
        while kinds:
            pages = stash.newest_entities(kinds, number, PAGE)
            rows = [row for kind in kinds for row in pages[kind]]
            yield from (
                subject
                for subject, text in rows
                if self._has_entity_changed(subject, text, since, now)
            )
            kinds = [
                kind for kind in kinds if len(pages[kind]) == PAGE and pages[kind][-1][1] > oldest
            ]
            number += 1

    def _has_entity_changed(self, subject: str, text: str, since: float, now: float) -> bool:
        updated, known = parse_time(text), self._index.known(subject)
        if known is None or (updated is not None and updated <= since):
            return False  # no scene that was written shows it
        if known.updated_at in ("", text) and is_confirmed_read(
            updated, known.read_at, now, is_same=known.updated_at == text
        ):
            return False
        return not self._is_waiting(subject, updated, now)

    def _is_waiting(self, subject: str, updated: float | None, now: float) -> bool:
        """Queued, or a dead letter that is younger; a time that lies ahead or makes no sense dates none."""
        dated = updated if updated is not None and updated <= now else 0.0
        return self._store.has_pending_change(subject, since=dated)


def is_confirmed_read(
    updated: float | None, read_at: float, now: float, *, is_same: bool = True
) -> bool:
    """Whether a state of this time was read long enough after it; a time that lies ahead is believed once."""
    return is_settled(updated, read_at) or (updated is not None and is_same and updated > now)


def first_start(facts: MetaStore) -> float | None:
    """When the first catch-up ran here, epoch seconds; None before."""
    return parse_float(facts.get(FIRST_START))
