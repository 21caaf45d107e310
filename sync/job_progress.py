"""Collect what one scene's job does to its items, and turn it into an outcome."""

from dataclasses import dataclass, field

from core.errors import PlexRejected
from core.fields import BY_NAME
from core.outcome import Disposition, FailedImage, Outcome, SyncResult
from core.record import SyncRecord
from stash.answers import Cover
from sync.batch import SceneJob, display_title
from validation.metadata import SyncMetadata


@dataclass(slots=True)
class JobProgress:
    """What one job has done so far, over all its items."""

    wrote: set[str] = field(default_factory=set)
    items: list[int] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    claimed: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    covers: dict[str, Cover] = field(default_factory=dict)
    failed_images: list[FailedImage] = field(default_factory=list)
    records: list[SyncRecord] = field(default_factory=list)

    def pop_records(self) -> tuple[SyncRecord, ...]:
        """Remove the records that are not saved yet, and return them."""
        records, self.records = tuple(self.records), []
        return records


def outcome_of(case: SceneJob, scene: SyncMetadata, progress: JobProgress) -> Outcome:
    """Return the outcome of a job whose items are done.

    Raises:
        PlexRejected: Plex rejected fields.
    """
    if progress.failed:
        names, reason = ", ".join(progress.failed), next(iter(progress.failed.values()))
        text = f"Plex does not take {names} of scene {scene.scene_id} ({reason})."
        raise PlexRejected(text, fields=tuple(progress.failed))
    if progress.wrote:
        result = SyncResult.WROTE
    elif progress.claimed and not progress.items:
        result = SyncResult.CLAIMED
    else:
        result = SyncResult.SAME
    return Outcome(
        Disposition.COMPLETE,
        result,
        wrote=tuple(name for name in BY_NAME if name in progress.wrote),
        items=tuple(progress.items),
        confidence=case.match.confidence.value if case.match else "",
        message="; ".join(progress.claimed),
        title=display_title(scene),
        warnings=tuple(progress.warnings),
        failed_images=tuple(progress.failed_images),
        records=tuple(progress.records),
    )
