"""Describe a scene that a sweep has read and not decided yet."""

from dataclasses import dataclass

from core.match import PlexFile
from sync.filters import Exclusion
from validation.metadata import SyncMetadata


@dataclass(slots=True)
class PendingScene:
    """One scene that waits for its items.

    Attributes:
        scene_id: the scene.
        scene: what Stash has; None for a scene that is only counted, or gone from Stash.
        is_gone: Stash no longer has it, but a record of it is kept.
        exclusion: why the settings exclude it; None if they do not.
        restorable: the items that still show what was written for it, and should not.
        problem: why no item can be written; "" when one can.
        files: the Plex files behind the items to compare.
        title: what the user knows it by, where `scene` is None.
        read_at: when the scene was read, epoch seconds.
    """

    scene_id: int
    scene: SyncMetadata | None = None
    is_gone: bool = False
    exclusion: Exclusion | None = None
    restorable: tuple[int, ...] = ()
    problem: str = ""
    files: tuple[PlexFile, ...] = ()
    title: str = ""
    read_at: float = 0.0
