"""What a sync works with: built once per settings by `wiring.py`, passed on, never looked up."""

from collections.abc import Callable
from dataclasses import dataclass, field

from core.clock import Clock
from core.log import EventLog
from plex.client import PlexClient
from plex.edit_request import EditLimits
from plex.finder import Finder
from plex.path_map import PathMap
from plex.plan import WriteRules
from stash.client import StashClient
from sync_queue.records import Records
from validation.config import PlexSyncConfig


@dataclass(frozen=True, slots=True)
class Workbench:
    """The two servers, the index, the records and the rules under the present settings."""

    config: PlexSyncConfig
    stash: StashClient
    plex: PlexClient
    finder: Finder
    records: Records
    clock: Clock
    log: EventLog
    path_map: PathMap
    rules: WriteRules
    limits: EditLimits = field(default_factory=EditLimits)
    check_epoch: Callable[[], None] = lambda: None
