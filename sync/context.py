"""Hold what a sync works with under one set of settings; `wiring.py` builds it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.clock import Clock
from core.log import EventLog
from core.step_timer import StepTimer
from plex.client import PlexClient
from plex.finder import Finder
from plex.path_map import PathMap
from stash.client import StashClient
from sync.capabilities import ServerCapabilities
from sync.edit_sender import EditSender
from sync.item_restorer import ItemRestorer
from sync.library_settings import LibrarySettings
from sync.overrides import SceneOverrides
from sync.path_learning import LearnedPathStore
from sync.plan_items import PlanRules
from sync.scene_matcher import SceneMatcher
from sync_queue.records import Records
from validation.config import PlexSyncConfig

Enqueue = Callable[[Sequence[str], str, int], object]
"""Puts subjects into the queue, with a cause and a priority, in one transaction."""


@dataclass(frozen=True, slots=True)
class SyncContext:
    """Both servers, the file index, the records and the rules under the current settings.

    `overrides` holds what the user has decided by hand; it is loaded with the scenes of a batch.

    `learning` is None where the user has set a path mapping. `check_epoch` raises Fenced once a
    newer worker has taken over. `enqueue` is for scenes that a job finds to be out of step.
    """

    config: PlexSyncConfig
    stash: StashClient
    plex: PlexClient
    finder: Finder
    records: Records
    clock: Clock
    log: EventLog
    path_map: PathMap
    capabilities: ServerCapabilities
    libraries: LibrarySettings
    overrides: SceneOverrides
    watch: StepTimer
    learning: LearnedPathStore | None = None
    check_epoch: Callable[[], None] = lambda: None
    enqueue: Enqueue = lambda subjects, cause, priority: None

    def matcher(self) -> SceneMatcher:
        """Return what matches scenes with Plex's files."""
        return SceneMatcher(self.overrides, self.stash, self.finder, self.path_map, self.learning)

    def sender(self) -> EditSender:
        """Return what sends edits to Plex."""
        return EditSender(self.plex, self.capabilities, self.log, self.check_epoch)

    def restorer(self, server: str) -> ItemRestorer:
        """Return what restores items of the Plex server with this identifier."""
        return ItemRestorer(self.plex, self.records, self.sender(), server, self.check_epoch)

    def plan_rules(self) -> PlanRules:
        """Return what a plan depends on besides scene, item and record.

        Raises:
            PlexError: Plex did not say which server it is.
        """
        limits = self.capabilities.limits(self.plex.machine_identifier())
        return PlanRules(self.libraries, limits, self.clock.wall())

    def close(self) -> None:
        """Close the connections to Plex and the index's files."""
        self.plex.close()
        self.finder.close()
