"""Describe what became of one job: exactly one outcome per attempt."""

from dataclasses import dataclass
from enum import Enum

from core.match import CandidateEntry
from core.record import SyncRecord


class Disposition(Enum):
    """Where a job goes after an attempt. The values are stored."""

    # Done; the job is not tried again.
    COMPLETE = "done"
    # Tried again later, with the attempts spent so far.
    RETRY = "wait"
    # Tried again immediately, without spending an attempt: the job did not cause the failure.
    RELEASE = "release"
    # Not tried again until the user or PlexSync requeues it.
    DEAD_LETTER = "bury"


class SyncResult(Enum):
    """What a completed job has done. The values are written to the log."""

    # At least one field was written.
    WROTE = "wrote"
    # Plex shows the scene as it is; of an entity: what scenes show of it has not changed.
    SAME = "same"
    # An entity changed; the scenes that show it were enqueued.
    CHANGED = "changed"
    # Stash no longer has the scene or the entity.
    GONE = "gone"
    # The scene has no file.
    NO_FILE = "no_file"
    # The setting Sync metadata is off.
    OFF = "off"
    # The settings exclude the scene.
    EXCLUDED = "excluded"
    # The settings exclude the scene; its items show again what they showed before PlexSync.
    RESTORED = "restored"
    # Plex does not have the scene, and the settings ignore that.
    SKIPPED = "skipped"
    # Another scene owns every item of the scene.
    CLAIMED = "claimed"


@dataclass(frozen=True, slots=True)
class FailedImage:
    """An image field that Plex failed to take, `count` times in a row; `text` says how."""

    name: str
    text: str
    count: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """One job's outcome.

    Attributes:
        disposition: where the job goes.
        result: what a completed job has done; None for every other one.
        error: the class of the failure; None for a completed job.
        wrote: names of the fields written.
        items: rating keys of the items that were compared.
        confidence: `high`, `low` or "".
        message: a text for the user; "" for none.
        candidates: what the matcher looked at, or the paths that Plex lacks.
        wait_s: for RETRY and RELEASE, seconds until the next attempt; 0 for none.
        attempts: failed attempts that count, this one included.
        title: the scene's title or file name, "" when unknown.
        warnings: parts that failed without failing the job.
        failed_images: images to send again; everything else of the job is done.
        records: what is known of the items since the last request; to be saved with the job's move.

    Examples:
        >>> Outcome(Disposition.RETRY, error=TimeoutError).reason
        'TimeoutError'
    """

    disposition: Disposition
    result: SyncResult | None = None
    error: type[Exception] | None = None
    wrote: tuple[str, ...] = ()
    items: tuple[int, ...] = ()
    confidence: str = ""
    message: str = ""
    candidates: tuple[CandidateEntry, ...] = ()
    wait_s: float = 0.0
    attempts: int = 0
    title: str = ""
    warnings: tuple[str, ...] = ()
    failed_images: tuple[FailedImage, ...] = ()
    records: tuple[SyncRecord, ...] = ()

    @property
    def reason(self) -> str:
        """Return the name of the error's class, as it is stored; "" for a completed job."""
        return self.error.__name__ if self.error is not None else ""

    @property
    def result_text(self) -> str:
        """Return the result as it is written to the log; "" for a job that is not completed."""
        return self.result.value if self.result is not None else ""
