"""Describe a scene that a sweep has read and not decided yet."""

from dataclasses import dataclass

from core.match import PlexFile
from validation.metadata import SyncMetadata


@dataclass(slots=True)
class PendingScene:
    """One scene that waits for its items.

    Attributes:
        scene_id: the scene.
        scene: what Stash has; None for a scene that is only counted, or gone from Stash.
        is_gone: Stash no longer has it, but a record of it is kept.
        problem: why no item can be written; "" when one can.
        files: the Plex files behind the items to compare.
        read_at: when the scene was read, epoch seconds.
    """

    scene_id: int
    scene: SyncMetadata | None = None
    is_gone: bool = False
    problem: str = ""
    files: tuple[PlexFile, ...] = ()
    read_at: float = 0.0
