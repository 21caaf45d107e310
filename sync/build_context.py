"""Build what a sync works with from one set of settings."""

from collections.abc import Callable
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
from plex.libraries import LibraryChoice
from plex.path_map import PathMap
from plex.plan import WriteRules
from plex.transport import PlexAddress
from stash.client import StashClient
from stash.scene_needs import scene_selection, tree_needs
from sync.capabilities import ServerCapabilities
from sync.context import SyncContext
from sync.overrides import SceneOverrides
from sync.path_learning import LearnedPathStore
from sync.reached_url import ReachedUrl
from sync_queue.meta import MetaStore
from sync_queue.overrides import OverrideRows
from sync_queue.records import Records
from sync_queue.store import JobStore
from validation.config import PlexSyncConfig

OnPlexResponse = Callable[[float, int], object]
"""Takes the duration of the request in seconds and the HTTP status."""


@dataclass(frozen=True, slots=True)
class WorkerAdditions:
    """What only the worker's sync context has; that of a task works with these defaults.

    `owner` is the thread that every answer of Plex is reported on.
    """

    learning: LearnedPathStore | None = None
    check_epoch: Callable[[], None] = lambda: None
    owner: OwnThread = field(default_factory=OwnThread)
    on_response: OnPlexResponse = lambda took_s, status: None
    timer: StepTimer | None = None


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

    def on_missing(choice: LibraryChoice) -> None:
        log.warning("library.missing", detail=choice.problem)

    finder = Finder(plex, FileIndex(data_dir / "cache"), config.plex_libraries, clock, on_missing)
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
        rules=_write_rules(config),
        overrides=_build_overrides(config, stash, plex, store, log),
        watch=extra.timer or StepTimer(clock),
        # A path mapping that the user has set replaces what PlexSync has learned.
        learning=None if config.path_map else extra.learning,
        check_epoch=extra.check_epoch,
    )


def _build_overrides(
    config: PlexSyncConfig, stash: StashClient, plex: PlexClient, store: JobStore, log: EventLog
) -> SceneOverrides:
    rows = OverrideRows(store)
    return SceneOverrides(config.match_overrides, rows, stash, plex.machine_identifier, log)


def _write_rules(config: PlexSyncConfig) -> WriteRules:
    return WriteRules(
        preserve_plex_edits=config.preserve_plex_edits,
        lock_fields=config.lock_fields,
        lock_collections=config.lock_collections,
        quality_gate=config.quality_gate,
    )
