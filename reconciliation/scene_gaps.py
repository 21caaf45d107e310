"""Find the gaps of one scene: the plan of a sync, filtered, and the images of its items."""

from collections.abc import Sequence

from core.clock import Clock
from core.match import PlexFile
from core.record import SyncRecord
from reconciliation.detectors import Gap, Observation, gaps_of
from reconciliation.gap_filter import TRANSIENT, fixable
from reconciliation.gap_sinks import GapSink
from reconciliation.image_gaps import ImageChecker, ImageGaps
from reconciliation.item_buffer import ItemBuffer
from reconciliation.pending_scene import PendingScene
from sync.batch_records import BatchRecords
from sync.plan_items import PlannedItem
from sync.planner import SyncPlanner
from sync.targets import plays_file
from validation.metadata import SyncMetadata


class SceneGaps:
    """Decides scenes whose items were read.

    `is_partial`: only the items of one library were read, so records of other items prove nothing.
    """

    def __init__(
        self, planner: SyncPlanner, sink: GapSink, clock: Clock, *, is_partial: bool
    ) -> None:
        self._planner = planner
        self._sink = sink
        self._clock = clock
        self._is_partial = is_partial
        self._images = ImageChecker(
            planner.libraries, planner.stash, planner.plex, clock, planner.log
        )
        self._records: BatchRecords | None = None

    def load(self, scenes: Sequence[PendingScene], buffer: ItemBuffer) -> None:
        """Read the records of the scenes that are decided next.

        Raises:
            StashUnavailable: Stash did not say whether the scene that owns an item still exists.
        """
        targets = []
        for pending in scenes:
            if pending.scene is None:
                continue
            items = [buffer.item(file.item) for file in pending.files]
            targets.append((pending.scene_id, [item for item in items if item is not None]))
        self._records = self._planner.load_records(targets)

    def gaps_of_scene(self, pending: PendingScene, buffer: ItemBuffer) -> tuple[Gap, ...]:
        """Return the gaps of one loaded scene, one of each kind; () when all is in step.

        Raises:
            PlexError, StashUnavailable: a server failed.
        """
        scene_id = pending.scene_id
        if pending.is_gone:
            return gaps_of(Observation(scene_id, is_gone=True))
        if pending.exclusion is not None and pending.restorable:
            observed = Observation(scene_id, excluded=pending.exclusion.text)
            return gaps_of(observed)
        if pending.scene is None or self._records is None:
            return ()
        if pending.problem:
            return gaps_of(Observation(scene_id, problem=pending.problem))
        records = self._records.of_scene(scene_id)
        if any(pending.read_at < record.read_at <= self._clock.wall() for record in records):
            # The scene was synced since it was read here, with a newer state.
            return ()
        gaps: list[Gap] = []
        for file in pending.files:
            gaps += self._gaps_of_item(pending.scene, file, self._records, buffer)
        is_complete = not self._is_partial and not self._planner.finder.missing_libraries
        if pending.files and is_complete:
            gaps += _lost_items(pending, records)
        return _merged(gaps)

    def _gaps_of_item(
        self, scene: SyncMetadata, file: PlexFile, records: BatchRecords, buffer: ItemBuffer
    ) -> tuple[Gap, ...]:
        item = buffer.item(file.item)
        if item is None or not plays_file(item, file):
            self._planner.finder.forget(file)
            if records.get(scene.scene_id, file.item) is not None:
                return gaps_of(Observation(scene.scene_id, lost_item=file.item))
            problem = f"item {file.item} no longer plays its file"
            return gaps_of(Observation(scene.scene_id, problem=problem))
        (planned,) = self._planner.plan(scene, [item], records)
        if planned.owner is not None:
            return ()
        # Reading the dead letter costs a statement, so only where it can matter.
        libraries = self._planner.libraries
        is_needed = bool(planned.changes or libraries.images_of(item.section))
        dead_letter = self._sink.dead_letter_reason(scene.scene_id) if is_needed else ""
        differences = fixable(planned, libraries.rules_of(item.section), dead_letter)
        images = self._image_gaps(planned, dead_letter, has_differences=bool(differences))
        return gaps_of(
            Observation(
                scene.scene_id,
                item=file.item,
                differences=differences,
                unsent=images.unsent,
                replaced=images.replaced,
            )
        )

    def _image_gaps(
        self, planned: PlannedItem, dead_letter: str, *, has_differences: bool
    ) -> ImageGaps:
        """Return the image gaps; none where a sync would not reach the images."""
        is_lost = bool(dead_letter) and dead_letter not in TRANSIENT
        if is_lost or (planned.record is None and has_differences):
            return ImageGaps()
        images = self._images.check_images(planned.scene, planned.item, planned.record)
        if images.record is not None:
            self._sink.save_record(images.record)
        return images


def _lost_items(pending: PendingScene, records: Sequence[SyncRecord]) -> list[Gap]:
    """Return the gaps of records on items that the scene is no longer matched with."""
    matched = {file.item for file in pending.files}
    gaps: list[Gap] = []
    for record in records:
        if record.item not in matched:
            gaps += gaps_of(Observation(pending.scene_id, lost_item=record.item))
    return gaps


def _merged(gaps: Sequence[Gap]) -> tuple[Gap, ...]:
    """Return one gap of each kind: a scene on two items is one scene."""
    merged: dict[str, Gap] = {}
    for gap in gaps:
        first = merged.get(gap.kind)
        if first is None:
            merged[gap.kind] = gap
            continue
        fields = tuple(dict.fromkeys((*first.fields, *gap.fields)))
        evidence = f"{first.evidence}; {gap.evidence}"
        merged[gap.kind] = Gap(gap.kind, gap.scene_id, fields, evidence)
    return tuple(merged.values())
