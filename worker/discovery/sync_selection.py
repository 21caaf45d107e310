"""Choose the scenes that a sync of the library enqueues; a task and the worker use it alike."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.job import FORCE_SYNC, SYNC_ALL, SYNC_RECENT, scene_subject
from core.units import DAY_S
from stash.answers import SceneState
from stash.times import is_settled, parse_time, since_text
from sync_queue.records import Records

PAGE = 500
KINDS = (SYNC_ALL, SYNC_RECENT, FORCE_SYNC)
"""The kinds of a sync; each is also the cause of its jobs."""


@dataclass(frozen=True, slots=True)
class SyncSelection:
    """Which scenes are wanted.

    Attributes:
        cause: the cause of the jobs.
        newer_than: scenes changed since, epoch seconds; 0 for all of them.
    """

    cause: str
    newer_than: float = 0.0

    @property
    def since(self) -> str:
        """Return `newer_than` as Stash takes it, "" for all scenes."""
        return since_text(self.newer_than) if self.newer_than else ""

    @property
    def is_forced(self) -> bool:
        """Return True if scenes are wanted that are proven current, too."""
        return self.cause == FORCE_SYNC


@dataclass(frozen=True, slots=True)
class SelectedScenes:
    """The subjects of one page to enqueue, and how many were left out as current."""

    subjects: tuple[str, ...]
    current: int


def selection_of(cause: str, asked_at: float) -> SyncSelection:
    """Return what a sync of this kind wants that was asked for at this time (epoch seconds)."""
    return SyncSelection(cause, asked_at - DAY_S if cause == SYNC_RECENT else 0.0)


def select_scenes(
    records: Records, server: str, page: Sequence[SceneState], selection: SyncSelection
) -> SelectedScenes:
    """Return what of a page of scenes is to be enqueued; `server` is the Plex server's identifier.

    Stash's filter compares times as texts without a zone, so what is too old is left out here.
    """
    newer_than = selection.newer_than
    recent = [scene for scene in page if (parse_time(scene.updated_at) or newer_than) >= newer_than]
    desired = recent
    if not selection.is_forced:
        desired = [scene for scene in recent if not _is_current(records, server, scene)]
    subjects = tuple(scene_subject(scene.scene_id) for scene in desired)
    return SelectedScenes(subjects, len(recent) - len(desired))


def _is_current(records: Records, server: str, scene: SceneState) -> bool:
    """Return True if a record of its file proves that this state was read and written."""
    known, read_at = records.last_synced_update(scene.scene_id, server, scene.oshash)
    return known == scene.updated_at and is_settled(parse_time(scene.updated_at), read_at)
