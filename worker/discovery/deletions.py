"""What is gone from Stash without a word: a merge of scenes or performers, a deletion while no hook could run.

A walk over the ids of Stash, a page at a time, finds what is remembered of scenes and entities that are not
there any more; their own jobs do the rest.
"""

from core.clock import Clock
from core.entity import KINDS
from core.errors import StashQueryError
from core.job import LAST_ID, scene_subject
from core.log import EventLog
from core.timers import IntervalTimer
from core.units import DAY_S
from sync.context import SyncContext
from sync_queue.records import Records
from sync_queue.store import JobStore
from worker.discovery.fan_out import GONE, FanOut

PAGE = 1_000
REFUSED_S = 120.0  # who said that it is due and was not let, because nothing may be written, asks again after this


class DeletionSweep:
    """A duty of the worker: at its start and once a day."""

    def __init__(
        self, store: JobStore, records: Records, fan_out: FanOut, clock: Clock, log: EventLog
    ) -> None:
        self._store = store
        self._records = records
        self._fan_out = fan_out
        self._log = log
        self._daily = IntervalTimer(clock, DAY_S)
        self._pause = IntervalTimer(clock, REFUSED_S)
        self._after: int | None = None
        self._kinds: list[str] = []

    def is_due(self) -> bool:
        """Whether a walk is under way, or it is time for one."""
        if self._after is None and not self._kinds and self._daily.fire():
            self._after, self._kinds = 0, list(KINDS)
        return (self._after is not None or bool(self._kinds)) and self._pause.fire()

    def step(self, ctx: SyncContext) -> None:
        """One page of scenes, or one kind of entities.

        Raises:
            StashUnavailable: the step is done again.
        """
        self._pause.expire()
        try:
            noted = self._step(ctx)
        except StashQueryError as error:
            self._after, self._kinds = None, []  # tomorrow again
            self._log.info("deletions.failed", detail=str(error))
        else:
            if noted:
                self._log.info("deletions.enqueued", changes=noted)

    def _step(self, ctx: SyncContext) -> int:
        if self._after is None:
            noted = self._fan_out.enqueue_deleted(ctx.stash, self._kinds[0])
            del self._kinds[0]
            return noted
        if self._records.known_scenes(self._after, LAST_ID, 1):
            return self._enqueue_deleted_scenes(ctx, self._after)
        self._after = None
        return 0

    def _enqueue_deleted_scenes(self, ctx: SyncContext, after: int) -> int:
        """Queue what is known between this page's ids and not among them; how many."""
        page = [scene_id for scene_id, _ in ctx.stash.scene_page(after, PAGE)]
        is_last = len(page) < PAGE
        upto = LAST_ID if is_last else page[-1]
        gone = sorted(set(self._records.known_scenes(after, upto, LAST_ID)) - set(page))
        subjects = [
            subject for subject in map(scene_subject, gone) if not self._store.is_queued(subject)
        ]
        noted = self._store.enqueue_many(subjects, GONE) if subjects else 0
        self._after = None if is_last else upto
        return noted
