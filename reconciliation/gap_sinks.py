"""Take what a sweep finds: into the queue, or, for a dry run, into a report."""

from collections.abc import Callable, Sequence
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
    """Receives every gap and every position of a sweep."""

    def dead_letter_reason(self, scene_id: int) -> str:
        """Return the reason of the scene's dead letter; "" when it has none."""

    def accept(self, scene_id: int, gaps: Sequence[Gap], title: str) -> bool:
        """Take one scene's gaps; return True if a job should close them.

        `title` is what the user knows the scene by, "" where Stash no longer has it.
        """

    def save_record(self, record: SyncRecord) -> None:
        """Save a record that the comparison has completed."""

    def commit(self, run: Run) -> None:
        """Keep the run's position together with everything that was accepted before."""


class KnownScenes:
    """What the queue knows about a scene: whether it waits, and how it failed before."""

    def __init__(self, store: JobStore, dead_letters: DeadLetters) -> None:
        self._store = store
        self._dead_letters = dead_letters

    def dead_letter_reason(self, scene_id: int) -> str:
        """Return the reason of the scene's dead letter; "" when it has none."""
        return self._dead_letters.reason_of(scene_subject(scene_id))

    def should_enqueue(self, scene_id: int, gaps: Sequence[Gap]) -> bool:
        """Return False if the scene is queued already or is known to fail."""
        if self._store.is_queued(scene_subject(scene_id)):
            return False
        kinds = frozenset(gap.kind for gap in gaps)
        return should_enqueue(self.dead_letter_reason(scene_id), kinds)


class QueueGapSink:
    """Turns gaps into jobs, in the transaction that moves the run's position."""

    def __init__(self, store: JobStore, dead_letters: DeadLetters, records: Records) -> None:
        self._store = store
        self._known = KnownScenes(store, dead_letters)
        self._records = records
        self._accepted: list[str] = []

    def dead_letter_reason(self, scene_id: int) -> str:
        """Return the reason of the scene's dead letter; "" when it has none."""
        return self._known.dead_letter_reason(scene_id)

    def accept(self, scene_id: int, gaps: Sequence[Gap], title: str) -> bool:
        """Enqueue the scene with the next `commit`, unless it is queued or known to fail."""
        if not self._known.should_enqueue(scene_id, gaps):
            return False
        self._accepted.append(scene_subject(scene_id))
        return True

    def save_record(self, record: SyncRecord) -> None:
        """Save a record that the comparison has completed."""
        self._records.save(record)

    def commit(self, run: Run) -> None:
        """Enqueue what was accepted and save the position, in one transaction."""
        self._store.enqueue_many(
            self._accepted, CAUSE, PRIORITY_BACKFILL, meta=(RUN, run.stored_text())
        )
        self._accepted.clear()


class DryRunGapSink:
    """Counts what a run would enqueue and keeps the first `max_examples` gaps of each kind.

    `on_gap` gets every gap, with the title of its scene.
    """

    def __init__(
        self,
        store: JobStore,
        dead_letters: DeadLetters,
        max_examples: int,
        on_gap: Callable[[Gap, str], object] = lambda gap, title: None,
    ) -> None:
        self._known = KnownScenes(store, dead_letters)
        self._max_examples = max_examples
        self._on_gap = on_gap
        self.examples: dict[str, list[Gap]] = {}

    def dead_letter_reason(self, scene_id: int) -> str:
        """Return the reason of the scene's dead letter; "" when it has none."""
        return self._known.dead_letter_reason(scene_id)

    def accept(self, scene_id: int, gaps: Sequence[Gap], title: str) -> bool:
        """Keep the first examples; return True if a run would enqueue the scene."""
        for gap in gaps:
            examples = self.examples.setdefault(gap.kind, [])
            if len(examples) < self._max_examples:
                examples.append(gap)
            self._on_gap(gap, title)
        return self._known.should_enqueue(scene_id, gaps)

    def save_record(self, record: SyncRecord) -> None:
        """Save nothing: a dry run writes nothing."""

    def commit(self, run: Run) -> None:
        """Save nothing: a dry run writes nothing."""
