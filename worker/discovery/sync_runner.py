"""Enqueue the scenes of a sync that the user has asked for, page by page.

It needs only Stash, so it also runs while Plex is away. An edit goes first: a page is read only
while no job of a higher priority is due, or while no job can run.
"""

from collections.abc import Callable

from core.clock import Clock
from core.errors import StashQueryError, StashSchemaError
from core.job import PRIORITY_BACKFILL, SYNC_RECENT
from core.log import EventLog
from core.timers import IntervalTimer
from stash.client import StashClient
from sync_queue import statements as sql
from sync_queue.meta import SERVER, MetaStore
from sync_queue.records import Records
from sync_queue.store import JobStore
from sync_queue.sync_run import SyncRun, read_sync
from worker.discovery.sync_selection import PAGE, select_scenes, selection_of

# Between two checks whether the jobs of a sync are done, after which its row is removed.
CLEAN_INTERVAL_S = 60.0
# A query that Stash fails so often in a row, with pauses between, ends the sync.
MAX_FAILURES = 5


class SyncRunner:
    """Carries out the sync in the queue's row; one at a time, the newest request."""

    def __init__(
        self,
        store: JobStore,
        facts: MetaStore,
        records: Records,
        clock: Clock,
        log: EventLog,
        page_size: int = PAGE,
    ) -> None:
        self._store = store
        self._facts = facts
        self._records = records
        self._clock = clock
        self._log = log
        self._page_size = page_size
        self._run: SyncRun | None = None
        # the row's text, which may be another version's
        self._stored = ""
        self._data_version = -1
        self._failures = 0
        self._clean_timer = IntervalTimer(clock, CLEAN_INTERVAL_S)

    def is_due(self, *, yields: bool = True) -> bool:
        """Return True if a page can be enqueued now; cheap.

        Args:
            yields: wait while an edit is due; an edit that cannot run now is not waited for.
        """
        self._look()
        if self._run is None:
            return False
        if self._run.is_enqueued:
            self._remove_when_done(self._run)
            return False
        return not (yields and self._store.has_higher_priority_due(PRIORITY_BACKFILL))

    def run_if_due(
        self, stash: StashClient | None, must_stop: Callable[[], bool], *, yields: bool = True
    ) -> bool:
        """Enqueue pages until all are, an edit is due, or it must stop; return whether any was.

        `yields`: as for `is_due`.

        Raises:
            StashUnavailable, StashQueryError: the page is read later.
        """
        has_run = False
        while stash is not None and self.is_due(yields=yields) and not (has_run and must_stop()):
            assert self._run is not None
            try:
                self._step(stash, self._run)
                self._failures = 0
            except StashQueryError as error:
                self._on_query_failed(self._run, error)
            has_run = True
        return has_run

    def _look(self) -> None:
        # Another process commits a request or a cancellation.
        data_version = self._store.data_version()
        if data_version != self._data_version:
            self._data_version = data_version
            self._read()

    def _read(self) -> None:
        self._stored = self._facts.get(sql.SYNC_RUN)
        self._run = read_sync(self._stored)

    def _step(self, stash: StashClient, run: SyncRun) -> None:
        if not run.started_at:
            self._begin(stash, run)
            return
        selection = selection_of(run.kind, run.asked_at)
        page = stash.scene_file_states(run.cursor, self._page_size, selection.since)
        chosen = select_scenes(self._records, self._facts.get(SERVER), page, selection)
        moved = run.model_copy(
            update={
                "cursor": page[-1].scene_id if page else run.cursor,
                "done": run.done + len(page),
                "queued": run.queued + len(chosen.subjects),
                "is_enqueued": not page,
            }
        )
        if self._save(run, moved, chosen.subjects) and moved.is_enqueued:
            self._log.info("sync_run.end", kind=run.kind, scenes=run.done, queued=run.queued)

    def _on_query_failed(self, run: SyncRun, error: StashQueryError) -> None:
        """End a sync that Stash does not serve: otherwise no other job would be processed.

        Raises:
            StashQueryError: it may be served later.
        """
        self._failures += 1
        if not isinstance(error, StashSchemaError) and self._failures < MAX_FAILURES:
            raise error
        self._failures = 0
        self._log.error("sync_run.failed", kind=run.kind, detail=str(error))
        self._save(run, None)

    def _begin(self, stash: StashClient, run: SyncRun) -> None:
        total = 0
        if run.kind != SYNC_RECENT:
            total = stash.scene_count()
            self._facts.set(sql.SYNC_ALL_REQUESTED, repr(self._clock.wall()))
        begun = run.model_copy(update={"started_at": self._clock.wall(), "total": total})
        if self._save(run, begun):
            self._log.info("sync_run.start", kind=run.kind, scenes=total)

    def _save(self, run: SyncRun, moved: SyncRun | None, subjects: tuple[str, ...] = ()) -> bool:
        """Enqueue the jobs and move the row, unless it was cancelled or replaced meanwhile."""
        value = moved.model_dump_json() if moved is not None else ""
        self._store.enqueue_many(
            subjects,
            run.kind,
            PRIORITY_BACKFILL,
            meta=(sql.SYNC_RUN, value),
            expected=self._stored,
        )
        self._read()
        return self._run == moved

    def _remove_when_done(self, run: SyncRun) -> None:
        if self._clean_timer.fire() and not self._store.count_caused_by(run.kind):
            self._save(run, None)
