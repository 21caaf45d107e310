"""The decisions of a sync for many scenes, without a job and without a write: the reconciliation stands on it."""

from collections.abc import Mapping, Sequence

from core.field_values import FieldValue
from core.fields import Field
from core.job import PRIORITY_BACKFILL, Job, scene_subject
from core.match import PlexFile
from core.plex_item import PlexItem
from plex.client import PlexClient
from plex.finder import Finder
from plex.plan import WriteRules
from stash.client import StashClient
from sync.batch import Batch, SceneJob, is_missing, match_cases, prepare_matching
from sync.context import SyncContext
from sync.filters import exclusion_reason
from sync.targets import items_to_write, matched_files, owner_of, plays_file
from sync.write_item import ItemWriter
from sync_queue.records import Records
from validation.desired_values import desired_images
from validation.metadata import SyncMetadata


class SyncPlanner:
    """What a sync would do under the present settings. Scenes must come in the order of their ids."""

    def __init__(self, ctx: SyncContext) -> None:
        self._ctx = ctx
        self._writer = ItemWriter(ctx)
        self._batch = Batch({})

    @property
    def stash(self) -> StashClient:
        return self._ctx.stash

    @property
    def plex(self) -> PlexClient:
        return self._ctx.plex

    @property
    def finder(self) -> Finder:
        return self._ctx.finder

    @property
    def records(self) -> Records:
        return self._ctx.records

    @property
    def rules(self) -> WriteRules:
        return self._ctx.rules

    @property
    def images(self) -> tuple[Field, ...]:
        return desired_images(self._ctx.config)

    def prepare(self) -> str:
        """Know the libraries and what was learned; Plex's identifier.

        Raises:
            PlexError, StashUnavailable: a server failed.
        """
        self._batch.server = self._ctx.plex.machine_identifier()
        prepare_matching(self._ctx)
        return self._batch.server

    def is_left_alone(self, scene: SyncMetadata) -> bool:
        """Whether a sync would do nothing with this scene: it has no file, or a person wants it so."""
        return not scene.files or bool(exclusion_reason(scene, self._ctx.config))

    def files(self, scene: SyncMetadata) -> tuple[PlexFile, ...]:
        """The Plex files behind the items to write; () where one that is missing does not count.

        Raises:
            PlexNotFound, MatchError: there is none, or none that is certain enough.
        """
        case = SceneJob(
            Job(0, scene_subject(scene.scene_id), "reconcile", PRIORITY_BACKFILL, 0.0), scene, 0.0
        )
        match_cases(self._ctx, [case])
        if is_missing(case) and self._ctx.config.skip_not_found:
            return ()
        for item in items_to_write(self._ctx, case):
            self._batch.claims.setdefault(item, scene.scene_id)
        return tuple(matched_files(case))

    def plays(self, item: PlexItem | None, file: PlexFile) -> bool:
        """Whether the item, as read just now, still plays the file it was matched by."""
        return plays_file(item, file)

    def owner(self, scene_id: int, item: PlexItem) -> int | None:
        """The other scene that writes this item; None when it is this one.

        Raises:
            StashUnavailable: it cannot be told whether the other scene still exists.
        """
        return owner_of(self._ctx, self._batch, scene_id, item)

    def desired(self, scene: SyncMetadata) -> Mapping[str, FieldValue]:
        """What the scene's items should show."""
        return self._writer.desired(scene)

    def look_again(self, paths: Sequence[str]) -> None:
        """Ask Plex what is new, because these files of Stash are missing.

        Raises:
            PlexError: Plex failed.
        """
        finder = self._ctx.finder
        finder.refresh(lambda: any(not finder.candidates(path) for path in paths))
