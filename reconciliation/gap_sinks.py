"""Where a sweep's findings go: into the queue, or, for a dry run, nowhere."""

from collections.abc import Sequence
from typing import Protocol

from core.job import PRIORITY_BACKFILL, scene_subject
from core.record import SyncRecord
from reconciliation.detectors import Gap
from reconciliation.gap_filter import should_enqueue
from reconciliation.run import RUN, Run
from sync_queue.dead_letters import DeadLetters
from sync_queue.records import Records
from sync_queue.store import JobStore

CAUSE = "reconcile"


class GapSink(Protocol):
    """Hears of every gap, and of every position."""

    def dead_letter_reason(self, scene_id: int) -> str:
        """The reason of the scene's dead letter; "" when it has none."""

    def accept(self, scene_id: int, gaps: Sequence[Gap]) -> bool:
        """Hear of one scene's gaps; whether they are news that a job should mend."""

    def save_record(self, record: SyncRecord) -> None:
        """Keep a record that was mended in passing."""

    def commit(self, run: Run) -> None:
        """The run has come this far; what was taken before is kept together with it."""


class QueueGapSink:
    """Gaps become jobs, in the transaction that moves the run's position."""

    def __init__(self, store: JobStore, dead_letters: DeadLetters, records: Records) -> None:
        self._store = store
        self._dead_letters = dead_letters
        self._records = records
        self._taken: list[str] = []

    def dead_letter_reason(self, scene_id: int) -> str:
        """The reason of the scene's dead letter; "" when it has none."""
        return self._dead_letters.reason_of(scene_subject(scene_id))

    def accept(self, scene_id: int, gaps: Sequence[Gap]) -> bool:
        """Queue the scene with the next `commit`, unless it waits already or is known to fail."""
        subject = scene_subject(scene_id)
        kinds = frozenset(gap.kind for gap in gaps)
        if self._store.is_queued(subject) or not should_enqueue(
            self.dead_letter_reason(scene_id), kinds
        ):
            return False
        self._taken.append(subject)
        return True

    def save_record(self, record: SyncRecord) -> None:
        """Keep a record that was mended in passing."""
        self._records.save(record)

    def commit(self, run: Run) -> None:
        """Note what was taken, and the position, in one transaction."""
        self._store.enqueue_many(
            self._taken, CAUSE, PRIORITY_BACKFILL, meta=(RUN, run.model_dump_json())
        )
        self._taken.clear()


class DryRunGapSink:
    """Counts what a run would queue and keeps the first gaps of each kind."""

    def __init__(self, store: JobStore, dead_letters: DeadLetters, most: int) -> None:
        self._store = store
        self._dead_letters = dead_letters
        self._most = most
        self.examples: dict[str, list[Gap]] = {}

    def dead_letter_reason(self, scene_id: int) -> str:
        """The reason of the scene's dead letter; "" when it has none."""
        return self._dead_letters.reason_of(scene_subject(scene_id))

    def accept(self, scene_id: int, gaps: Sequence[Gap]) -> bool:
        """Keep the first ones; whether a run would queue the scene."""
        for gap in gaps:
            kept = self.examples.setdefault(gap.kind, [])
            kept.extend([gap] if len(kept) < self._most else [])
        kinds = frozenset(gap.kind for gap in gaps)
        is_known = self._store.is_queued(scene_subject(scene_id)) or not should_enqueue(
            self.dead_letter_reason(scene_id), kinds
        )
        return not is_known

    def save_record(self, record: SyncRecord) -> None:
        """Nothing is kept."""

    def commit(self, run: Run) -> None:
        """Nothing is kept."""
