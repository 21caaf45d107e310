"""Keep the collections that PlexSync made in step with their groups, between jobs.

A job of a group and an edit of an item only mark rows as due, so a bulk edit costs nothing here,
and a kill at any moment leaves the rows due.
"""

from collections.abc import Callable
from functools import partial

from core.checkpoint import Checkpoint, no_checkpoint
from core.clock import Clock
from core.errors import PlexError, PlexUnavailable, StashQueryError
from core.log import EventLog
from core.own_collection import OwnCollection
from sync.context import SyncContext
from sync.group_collections import CollectionWriter, GroupCollections
from sync.made_collections import GROUP
from sync_queue.entities import EntityIndex
from sync_queue.records import Records
from worker.resilience.throttle import Throttle

# One group is in as many libraries at most in one step.
PER_STEP = 50
# After a failure the next step is due after this long; all due rows may be of another server.
PAUSE_S = 60.0
MAX_FAILURES = 3


class CollectionUpkeep:
    """A background task of the worker: each step does the collections of one group."""

    def __init__(
        self,
        records: Records,
        index: EntityIndex,
        throttle: Throttle,
        clock: Clock,
        log: EventLog,
        checkpoint: Checkpoint = no_checkpoint,
    ) -> None:
        self._rows = records.collections
        self._index = index
        self._throttle = throttle
        self._clock = clock
        self._log = log
        self._checkpoint = checkpoint
        self._not_before = 0.0
        self._failures: dict[str, int] = {}
        self._writer: CollectionWriter | None = None

    def is_due(self) -> bool:
        """Return True if a collection is due and no pause is left."""
        if self._clock.monotonic() < self._not_before:
            return False
        is_due = self._rows.has_due()
        if not is_due:
            self._writer = None  # its listings are outdated by the next time
        return is_due

    def step(self, ctx: SyncContext) -> None:
        """Bring the collections of one group in step.

        Raises:
            PlexError, StashUnavailable: a server failed; the step is repeated later.
        """
        self._not_before = self._clock.monotonic() + PAUSE_S
        due = self._rows.due(ctx.plex.machine_identifier(), PER_STEP)
        if not due:
            return
        mine = [row for row in due if row.subject == due[0].subject]
        if self._writer is None or self._writer.plex is not ctx.plex:
            before_write = partial(self._before_write, ctx.check_epoch)
            self._writer = CollectionWriter(ctx.plex, self._rows, self._log, before_write)
        collections = GroupCollections(
            ctx.stash,
            self._writer,
            ctx.libraries,
            ctx.plan_rules().limits,
            self._group_names,
            self._checkpoint,
        )
        try:
            with ctx.watch.step("collections"):
                collections.bring_in_step(mine)
        except (PlexError, StashQueryError) as error:
            self._writer = None
            if not self._is_failed(mine, error):
                if isinstance(error, StashQueryError):
                    return
                raise
        self._failures.pop(due[0].subject, None)
        self._not_before = 0.0

    def _group_names(self) -> dict[str, str]:
        return {group.subject: group.shown for group in self._index.entities_of_kind(GROUP)}

    def _before_write(self, check_epoch: Callable[[], None]) -> None:
        self._throttle.rest(lambda: False)
        check_epoch()

    def _is_failed(self, rows: list[OwnCollection], error: Exception) -> bool:
        """Count the failure; return True if the group is left alone until it changes."""
        if isinstance(error, PlexUnavailable):
            return False
        subject = rows[0].subject
        self._failures[subject] = self._failures.get(subject, 0) + 1
        if self._failures[subject] < MAX_FAILURES:
            return False
        for row in rows:
            self._log.warning(
                "collection.refused",
                title=row.title,
                what="synopsis and front image",
                detail=str(error),
            )
        self._rows.settle(rows)
        return True
