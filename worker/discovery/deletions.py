"""Find scenes and entities that were deleted in Stash without a hook.

Stash calls no hook for the sources of a merge, nor while the plugin is disabled. The sweep reads
Stash's ids page by page and enqueues what is recorded here and missing there.
"""

from core.clock import Clock
from core.entity import KINDS
from core.errors import StashQueryError
from core.job import LAST_ID, scene_subject
from core.log import EventLog
from core.timers import IntervalTimer
from core.units import DAY_S
from stash.client import StashClient
from sync.context import SyncContext
from sync_queue.records import Records
from sync_queue.store import JobStore
from worker.discovery.fan_out import GONE, FanOut

PAGE = 1_000
# If the worker runs no step although one is due, because writing is disabled, the next one is due
# after this long.
REPEAT_AFTER_S = 120.0


class DeletionSweep:
    """A background task of the worker: runs at its start and once a day."""

    def __init__(
        self, store: JobStore, records: Records, fan_out: FanOut, clock: Clock, log: EventLog
    ) -> None:
        self._store = store
        self._records = records
        self._fan_out = fan_out
        self._log = log
        self._day_timer = IntervalTimer(clock, DAY_S)
        self._step_timer = IntervalTimer(clock, REPEAT_AFTER_S)
        self._after: int | None = None
        self._kinds: list[str] = []

    def is_due(self) -> bool:
        """Return True if a sweep is in progress or starts now."""
        if self._after is None and not self._kinds and self._day_timer.fire():
            self._after, self._kinds = 0, list(KINDS)
        return (self._after is not None or bool(self._kinds)) and self._step_timer.fire()

    def step(self, ctx: SyncContext) -> None:
        """Compare one page of scenes, or one kind of entities.

        Raises:
            StashUnavailable: Stash failed; the step is repeated later.
        """
        self._step_timer.expire()
        try:
            enqueued = self._step(ctx.stash)
        except StashQueryError as error:
            # Stash does not support the query: the next sweep is tomorrow's.
            self._after, self._kinds = None, []
            self._log.info("deletions.failed", detail=str(error))
        else:
            if enqueued:
                self._log.info("deletions.enqueued", changes=enqueued)

    def _step(self, stash: StashClient) -> int:
        if self._after is None:
            enqueued = self._fan_out.enqueue_deleted(stash, self._kinds[0])
            del self._kinds[0]
            return enqueued
        if self._records.known_scenes(self._after, LAST_ID, 1):
            return self._enqueue_deleted_scenes(stash, self._after)
        self._after = None
        return 0

    def _enqueue_deleted_scenes(self, stash: StashClient, after: int) -> int:
        """Enqueue recorded scenes in the range of this page that are not on it; return how many."""
        page = [scene_id for scene_id, _ in stash.scene_page(after, PAGE)]
        is_last = len(page) < PAGE
        last_id = LAST_ID if is_last else page[-1]
        deleted = sorted(set(self._records.known_scenes(after, last_id, LAST_ID)) - set(page))
        subjects = [
            subject for subject in map(scene_subject, deleted) if not self._store.is_queued(subject)
        ]
        enqueued = self._store.enqueue_many(subjects, GONE) if subjects else 0
        self._after = None if is_last else last_id
        return enqueued
