"""Asks Plex to scan the folder of a new scene whose file it does not have: once per folder and burst.

Nothing depends on the answer: the scene's job waits for its file as it would without.
"""

from collections.abc import Sequence

from core.clock import Clock
from core.errors import PlexError
from core.job import Job
from core.log import EventLog
from core.timers import IntervalTimer
from plex.path_learner import apply
from plex.scan_folder import ScanFolder, common_folder, folders_of, with_ancestors
from sync.batch import Batch, BatchRead, is_missing
from sync.context import SyncContext
from sync_queue.notices import Notices
from worker.resilience.breaker import BreakerStatus
from worker.resilience.circuit import CircuitBreaker

NEW = frozenset({"scan", "create"})  # causes of a scene that came into being, or whose file moved
GAP_S = 300.0  # the same folder is not scanned again sooner
MAX_FOLDERS = (
    20  # of one location within the gap; beyond, the folder that holds them all is scanned instead
)
REQUEST_TTL_S = 10_800.0  # longer than any job looks for its file
WARN_INTERVAL_S = 3600.0


def is_new(job: Job) -> bool:
    """Whether the scene came into being, as far as the job's causes tell."""
    return not NEW.isdisjoint(job.cause.split("+"))


def is_due(noted_at: float, asked_at: float | None, now: float) -> bool:
    """Whether to ask for a scene that was noted then; epoch seconds, `asked_at` None: never asked before.

    A scan that began after the scene was noted has seen its file.
    """
    return asked_at is None or (noted_at >= asked_at and now - asked_at >= GAP_S)


class ScanTrigger:
    """Hears of each batch that was read. What was asked for is remembered in this process only."""

    def __init__(
        self, circuit: CircuitBreaker, notices: Notices, clock: Clock, log: EventLog
    ) -> None:
        self._circuit = circuit
        self._notices = notices
        self._clock = clock
        self._log = log
        self._asked: dict[ScanFolder, float] = {}
        self._rest_until = 0.0
        self._nowhere = IntervalTimer(clock, WARN_INTERVAL_S)

    def on_batch_read(self, event: BatchRead) -> None:
        """Ask for the folders of the batch's new scenes that Plex does not have."""
        ctx, batch = event.ctx, event.batch
        now = self._clock.wall()
        if (
            not ctx.config.trigger_plex_scan
            or self._circuit.breaker.state is not BreakerStatus.CLOSED
        ):
            return
        if 0.0 < self._rest_until - now <= GAP_S:
            return
        self._asked = {
            folder: at for folder, at in self._asked.items() if 0.0 <= now - at < REQUEST_TTL_S
        }
        desired = self._wanted(ctx, batch)
        due = [
            folder
            for folder, noted_at in desired.items()
            if is_due(noted_at, self._last_requested(folder), now)
        ]
        for folder in self._coalesce(due, now):
            if not self._ask(ctx, folder, now):
                return

    def _wanted(self, ctx: SyncContext, batch: Batch) -> dict[ScanFolder, float]:
        """The folders of the new scenes, with the time when the newest of each was noted."""
        desired: dict[ScanFolder, float] = {}
        for case in batch.cases.values():
            if case.scene is None or not is_new(case.job) or not is_missing(case):
                continue
            paths = [file.path for file in case.scene.files]
            folders = [folder for path in paths for folder in _folders(ctx, path)]
            for folder in folders:
                desired[folder] = max(case.job.enqueued_at, desired.get(folder, 0.0))
            if not folders and not ctx.config.skip_not_found:
                self._warn_unmapped(ctx, paths[0])
        return desired

    def _last_requested(self, folder: ScanFolder) -> float | None:
        return max(
            (self._asked[one] for one in with_ancestors(folder) if one in self._asked), default=None
        )

    def _coalesce(self, due: Sequence[ScanFolder], now: float) -> list[ScanFolder]:
        """The folders to ask for; of many in one location only the one that holds them all."""
        recent = [folder for folder, at in self._asked.items() if now - at < GAP_S]
        gathered: list[ScanFolder] = []
        for place in dict.fromkeys((folder.section, folder.location) for folder in due):
            mine = [folder for folder in due if (folder.section, folder.location) == place]
            before = [folder for folder in recent if (folder.section, folder.location) == place]
            is_many = len(mine) + len(before) > MAX_FOLDERS
            gathered += [common_folder([*mine, *before])] if is_many else mine
        return gathered

    def _ask(self, ctx: SyncContext, folder: ScanFolder, now: float) -> bool:
        """Send one request. A failure is no job's; where the server is at fault, the next job will find out."""
        try:
            ctx.plex.scan_folder(folder.section, folder.path)
        except PlexError as error:
            self._rest_until = now + GAP_S
            self._log.warning("plex.scan_failed", folder=folder.path, detail=str(error))
            return False
        self._asked[folder] = now
        self._log.info("plex.scan", section=folder.section, folder=folder.path)
        return True

    def _warn_unmapped(self, ctx: SyncContext, path: str) -> None:
        if not self._nowhere.fire():
            return
        place = ctx.path_map.mapped(path)[0]
        self._log.warning("plex.scan_unmapped", file=place)
        text = (
            f"Plex was not asked to scan for a new scene, because none of its libraries holds the folder of {place}. "
            "Check the Path mapping and the Plex libraries in PlexSync's settings."
        )
        self._notices.add("scan_nowhere", "warning", text, self._clock.wall())


def _folders(ctx: SyncContext, path: str) -> tuple[ScanFolder, ...]:
    """Where Plex would have the file: by a learned pair, by the setting, or as Stash has it; () nowhere."""
    lessons = ctx.learning.mappings if ctx.learning is not None else ()
    learned = [(place,) for place in (apply(lesson, path) for lesson in lessons) if place]
    for places in (*learned, ctx.path_map.mapped(path)):
        folders = folders_of(places, ctx.finder.sections)
        if folders:
            return folders
    return ()
