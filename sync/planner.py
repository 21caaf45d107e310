"""Plan many scenes without a job and without a write; reconciliation compares with it."""

from collections.abc import Iterable, Sequence

from core.match import Confidence, PlexFile
from core.plex_item import PlexItem
from sync.batch_records import BatchRecords
from sync.context import SyncContext
from sync.filters import exclusion_reason
from sync.ownership import Ownership, check_owners, unchecked_owners
from sync.plan_items import PlannedItem, plan_items
from sync.targets import items_to_write, matched_files
from validation.desired_values import desired_images
from validation.metadata import SyncMetadata


class SyncPlanner:
    """What a sync would do under the current settings.

    Scenes must come in the order of their ids: the first one that matches an item claims it.

    Attributes:
        stash, plex, finder, records, rules: those of the settings, see `SyncContext`.
        images: the image fields that the settings enable.
        server: Plex's identifier, "" before `prepare`.
    """

    def __init__(self, ctx: SyncContext) -> None:
        self.stash = ctx.stash
        self.plex = ctx.plex
        self.finder = ctx.finder
        self.records = ctx.records
        self.rules = ctx.rules
        self.images = desired_images(ctx.config)
        self.server = ""
        self._ctx = ctx
        self._matcher = ctx.matcher()
        self._ownership = Ownership(ctx.config.match_overrides)

    def prepare(self) -> None:
        """Load the libraries' files and the learned paths.

        Raises:
            PlexError, StashUnavailable: a server failed.
        """
        self.server = self.plex.machine_identifier()
        self._matcher.prepare()

    def is_left_alone(self, scene: SyncMetadata) -> bool:
        """Return True if a sync skips the scene: it has no file, or the settings exclude it."""
        return not scene.files or bool(exclusion_reason(scene, self._ctx.config))

    def files(self, scene: SyncMetadata) -> tuple[PlexFile, ...]:
        """Return the Plex files behind the items to write.

        () where Plex has none and the settings ignore that.

        Raises:
            PlexNotFound, MatchError: there is no item, or none that is certain enough.
            LibraryMissing: there is none, and a configured library is missing.
        """
        match, config = self._matcher.match(scene), self._ctx.config
        is_absent = match.confidence is Confidence.NONE and not self._matcher.missing_libraries
        if is_absent and config.skip_not_found:
            return ()
        items = items_to_write(match, scene, self._matcher, strict=config.strict_matching)
        for item in items:
            self._ownership.claims.setdefault(item, scene.scene_id)
        return matched_files(match)

    def load_records(self, scenes: Sequence[tuple[int, Iterable[PlexItem]]]) -> BatchRecords:
        """Read the records of scenes and their items with two statements, and who owns the items.

        Raises:
            StashUnavailable: Stash did not say whether the scene that owns an item still exists.
        """
        records = BatchRecords(self.records, self.server)
        pairs = [(scene_id, item) for scene_id, items in scenes for item in items]
        records.load([scene_id for scene_id, _ in scenes], [item.rating_key for _, item in pairs])
        unchecked: set[int] = set()
        for scene_id, item in pairs:
            unchecked |= unchecked_owners(scene_id, item, records, self._ownership)
        if unchecked:
            check_owners(self.stash, self._ownership, unchecked)
        return records

    def plan(
        self, scene: SyncMetadata, items: Sequence[PlexItem], records: BatchRecords
    ) -> tuple[PlannedItem, ...]:
        """Plan the items of one scene whose records were loaded.

        Raises:
            PlexError: Plex did not say which server it is.
        """
        return plan_items(scene, items, records, self._ownership, self._ctx.plan_rules())

    def update_index(self, paths: Sequence[str]) -> None:
        """Ask Plex what is new, because it has none of these files of Stash.

        Raises:
            PlexError: Plex failed.
        """
        finder = self.finder
        finder.refresh(lambda: any(not finder.candidates(path) for path in paths))
