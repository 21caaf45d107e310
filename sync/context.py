"""What a sync works with: built once per settings by `wiring.py`, passed on, never looked up."""

from collections.abc import Callable
from dataclasses import dataclass

from core.clock import Clock
from core.log import EventLog
from core.step_timer import StepTimer
from plex.client import PlexClient
from plex.edit_request import EditLimits
from plex.finder import Finder
from plex.path_map import PathMap
from plex.plan import WriteRules
from stash.client import StashClient
from sync.path_learning import LearnedPathStore
from sync_queue.records import Records
from validation.config import PlexSyncConfig

SHORT_LIMITS = EditLimits(target_chars=4_000, ids_chars=2_000)  # what every proxy lets pass


class ServerCapabilities:
    """What was proven of each Plex server, kept beside the queue."""

    def __init__(
        self, recall: Callable[[str], str], remember: Callable[[str, str], object]
    ) -> None:
        self._recall = recall
        self._remember = remember
        self._known: dict[str, str] = {}

    def appends(self, server: str) -> bool | None:
        """Whether tags sent are added to those present. False: they replace them. None: not tried yet."""
        return {"append": True, "replace": False}.get(self._capability(f"tags:{server}"))

    def set_appends(self, server: str, appends: bool) -> None:
        """Remember what a verifying read has shown."""
        self._save(f"tags:{server}", "append" if appends else "replace")

    def limits(self, server: str) -> EditLimits:
        """How long a request may be: shorter once the server, or a proxy before it, refused a long one."""
        return SHORT_LIMITS if self._capability(f"targets:{server}") else EditLimits()

    def set_short_limits(self, server: str) -> None:
        """A request of the usual length was refused as too long."""
        self._save(f"targets:{server}", "short")

    def _capability(self, key: str) -> str:
        """Read once: only the worker proves anything, and it is asked several times for each scene."""
        if key not in self._known:
            self._known[key] = self._recall(key)
        return self._known[key]

    def _save(self, key: str, habit: str) -> None:
        self._remember(key, habit)
        self._known[key] = habit


@dataclass(frozen=True, slots=True)
class SyncContext:
    """The two servers, the index, the records and the rules under the present settings.

    `learning` is None where a person has set the path mapping.
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
    rules: WriteRules
    watch: StepTimer
    learning: LearnedPathStore | None = None
    check_epoch: Callable[[], None] = lambda: None

    def close(self) -> None:
        """Close the kept connections to Plex and the index's files."""
        self.plex.close()
        self.finder.close()
