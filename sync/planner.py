"""Plan many scenes without a job and without a write; reconciliation compares with it."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from core.match import Confidence, MatchResult, PlexFile
from core.plex_item import PlexItem
from sync.batch_records import BatchRecords
from sync.context import SyncContext
from sync.filters import Exclusion, exclusion_of, restores
from sync.ownership import Ownership, check_owners, unchecked_owners
from sync.plan_items import PlannedItem, plan_items
from sync.recognize_server import recognize_server
from sync.record_evidence import recorded_match
from sync.restore_excluded import restorable_items
from sync.targets import items_to_write, matched_files
from sync_queue.originals import KeptItem
from validation.metadata import SyncMetadata, parse_scene


class SyncPlanner:
    """What a sync would do under the current settings.

    Scenes must come in the order of their ids: the first one that matches an item claims it.

    Attributes:
        stash, plex, finder, records, libraries, log: those of the settings, see `SyncContext`.
        server: Plex's identifier, "" before `prepare`.
    """

    def __init__(self, ctx: SyncContext) -> None:
        self.stash = ctx.stash
        self.plex = ctx.plex
        self.finder = ctx.finder
        self.records = ctx.records
        self.libraries = ctx.libraries
        self.log = ctx.log
        self.server = ""
        self._ctx = ctx
        self._matcher = ctx.matcher()
        self._ownership = Ownership(ctx.overrides)

    def prepare(self, *, polls: bool = False) -> None:
        """Load the libraries' files, the learned paths and the trees of tags and studios.

        With `polls`, libraries that have changed since they were last listed are listed again.

        Raises:
            PlexError, StashUnavailable: a server failed.
        """
        self.server = self.plex.machine_identifier()
        recognize_server(self.plex, self.records, self._ctx.log)
        self._matcher.prepare()
        # Scenes show when their own tags have moved, but not what is above these.
        self.stash.trees.reload()
        if polls:
            self.finder.has_changed()
            self.finder.list_moved()

    def load_overrides(self, scenes: Iterable[Mapping[str, object]]) -> None:
        """Read what the user has decided by hand; do this before scenes are matched.

        `scenes` are Stash's answers; invalid ones are left out.

        Raises:
            PlexError, StashUnavailable: a server failed.
        """
        self._ctx.overrides.load(lambda: list(_valid_scenes(scenes)))

    def exclusion(self, scene: SyncMetadata) -> Exclusion | None:
        """Return why the settings exclude the scene; None if they do not."""
        return exclusion_of(scene, self._ctx.config, self._ctx.overrides)

    def restorable(self, scene: SyncMetadata, exclusion: Exclusion) -> tuple[KeptItem, ...]:
        """Return the items that the job of an excluded scene restores; () for none."""
        if not scene.files or not restores(exclusion, self._ctx.config):
            return ()
        paths = self._matcher.mapped_paths(scene)
        return restorable_items(self.records, scene, self.server, paths)

    def files(self, scene: SyncMetadata, *, by_record: bool = False) -> tuple[PlexFile, ...]:
        """Return the Plex files behind the items to write.

        () where Plex has none and the settings ignore that. With `by_record`, a file that Plex
        still has under its old path is found by its record, where the index is up to date.

        Raises:
            PlexNotFound, MatchError: there is no item, or none that is certain enough.
            LibraryMissing: there is none, and a configured library is missing.
        """
        match, config = self._matcher.match(scene), self._ctx.config
        if by_record and match.confidence is not Confidence.HIGH:
            match = self._recorded_match(scene) or match
        is_absent = match.confidence is Confidence.NONE and not self._matcher.missing_libraries
        if is_absent and config.skip_not_found:
            return ()
        items = items_to_write(match, scene, self._matcher, strict=config.strict_matching)
        for item in items:
            self._ownership.claims.setdefault(item, scene.scene_id)
        return matched_files(match)

    def _recorded_match(self, scene: SyncMetadata) -> MatchResult | None:
        records = self.records.of_scene(scene.scene_id, self.server).values()
        return recorded_match(scene, records, self.finder.candidates)

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

    def update_index(
        self, scenes: Sequence[SyncMetadata], *, polled_since: float, listed_since: float
    ) -> None:
        """Ask Plex what is new, because it seems to lack files of these scenes.

        Both times are epoch seconds: an answer of Plex that is older does not count.

        Raises:
            PlexError: Plex failed.
        """
        self._matcher.refresh(scenes, polled_since=polled_since, listed_since=listed_since)


def _valid_scenes(scenes: Iterable[Mapping[str, object]]) -> Iterator[SyncMetadata]:
    for scene in scenes:
        with contextlib.suppress(ValueError):
            yield parse_scene(scene)
