"""Build what a sync works with from one set of settings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.clock import Clock
from core.log import EventLog
from core.own_thread import OwnThread
from core.step_timer import StepTimer
from plex.client import PlexClient
from plex.device_identity import device_headers
from plex.finder import Finder
from plex.index import FileIndex
from plex.lazy_server import PlexAddress
from plex.libraries import LibraryChoice
from plex.path_map import PathMap
from stash.client import StashClient
from stash.scene_needs import scene_selection, tree_needs
from sync.capabilities import ServerCapabilities
from sync.context import SyncContext
from sync.library_settings import LibrarySettings, unknown_libraries, unknown_rules_text
from sync.overrides import SceneOverrides
from sync.path_learning import LearnedPathStore
from sync.reached_url import ReachedUrl
from sync_queue.meta import MetaStore
from sync_queue.notices import Notices
from sync_queue.overrides import OverrideRows
from sync_queue.records import Records
from sync_queue.store import JobStore
from validation.config import PlexSyncConfig

OnPlexResponse = Callable[[float, int], object]
"""Takes the duration of the request in seconds and the HTTP status."""


@dataclass(frozen=True, slots=True)
class WorkerAdditions:
    """What only the worker's sync context has; that of a task works with these defaults.

    `owner` is the thread that every answer of Plex is reported on. `notices` reach the user; None
    keeps what is found to the log.
    """

    learning: LearnedPathStore | None = None
    check_epoch: Callable[[], None] = lambda: None
    owner: OwnThread = field(default_factory=OwnThread)
    on_response: OnPlexResponse = lambda took_s, status: None
    timer: StepTimer | None = None
    notices: Notices | None = None


@dataclass(frozen=True, slots=True)
class _LibraryReports:
    """Reports libraries that the settings name and that Plex does not have."""

    config: PlexSyncConfig
    log: EventLog
    notices: Notices | None
    clock: Clock

    def on_missing(self, choice: LibraryChoice) -> None:
        self.log.warning("library.missing", detail=choice.problem)

    def on_titles(self, titles: Sequence[str]) -> None:
        unknown = unknown_libraries(self.config, titles)
        if unknown:
            self.log.warning("library_rules.unknown", libraries=unknown, plex=titles)
        if unknown and self.notices is not None:
            text = unknown_rules_text(unknown)
            self.notices.add("library_rules", "warning", text, self.clock.wall())


def build_plex(
    data_dir: Path,
    clock: Clock,
    config: PlexSyncConfig,
    on_response: OnPlexResponse = lambda took_s, status: None,
    *,
    was_reached: bool = False,
) -> PlexClient:
    """Return a client for Plex under these settings. Send nothing.

    `was_reached`: Plex has answered at this URL before.

    Raises:
        OSError: the device identity can be neither read nor written.
    """
    address = PlexAddress(
        config.plex_url,
        config.plex_token.get_secret_value(),
        (config.plex_connect_timeout_s, config.plex_read_timeout_s),
        config.plex_verify_tls,
        was_reached,
    )
    return PlexClient(address, device_headers(data_dir, clock.sleep), clock.sleep, on_response)


def build_sync_context(
    data_dir: Path,
    clock: Clock,
    config: PlexSyncConfig,
    stash: StashClient,
    store: JobStore,
    log: EventLog,
    additions: WorkerAdditions | None = None,
) -> SyncContext:
    """Return what a sync works with under one set of settings. Send nothing.

    From now on `stash` asks for what these settings need of a scene, and keeps the trees they need.

    Raises:
        OSError: as for `build_plex`.
    """
    extra, facts = additions or WorkerAdditions(), MetaStore(store)
    stash.want(scene_selection(config), tree_needs(config))
    reached = ReachedUrl(facts.get, facts.set, config.plex_url, extra.on_response)
    on_response = extra.owner.wrap(reached.on_response)
    plex = build_plex(data_dir, clock, config, on_response, was_reached=reached.is_known)
    finder = _build_finder(plex, data_dir, _LibraryReports(config, log, extra.notices, clock))
    return SyncContext(
        config=config,
        stash=stash,
        plex=plex,
        finder=finder,
        records=Records(store),
        clock=clock,
        log=log,
        path_map=PathMap(config.path_map),
        capabilities=ServerCapabilities(facts.get, facts.set),
        libraries=LibrarySettings(config, finder.section_of),
        overrides=_build_overrides(config, stash, plex, store, log),
        watch=extra.timer or StepTimer(clock),
        # A path mapping that the user has set replaces what PlexSync has learned.
        learning=None if config.path_map else extra.learning,
        check_epoch=extra.check_epoch,
        enqueue=store.enqueue_many,
    )


def _build_finder(plex: PlexClient, data_dir: Path, reports: _LibraryReports) -> Finder:
    index, names = FileIndex(data_dir / "cache"), reports.config.plex_libraries
    return Finder(plex, index, names, reports.clock, reports.on_missing, reports.on_titles)


def _build_overrides(
    config: PlexSyncConfig, stash: StashClient, plex: PlexClient, store: JobStore, log: EventLog
) -> SceneOverrides:
    rows = OverrideRows(store)
    return SceneOverrides(config.match_overrides, rows, stash, plex.machine_identifier, log)
