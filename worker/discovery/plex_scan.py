"""Ask Plex to scan the folder of a new scene whose file it does not have.

Each folder is requested once per burst. Nothing depends on the answer: the scene's job waits for
its file in any case.
"""

from collections.abc import Sequence

from core.clock import Clock
from core.errors import PlexError
from core.job import CREATE, SCAN, Job
from core.log import EventLog
from core.timers import IntervalTimer
from plex.client import PlexClient
from plex.scan_folder import ScanFolder, common_folder, with_ancestors
from sync.batch import BatchRead, is_missing
from sync_queue.notices import Notices
from worker.resilience.breaker import BreakerStatus
from worker.resilience.circuit import CircuitBreaker

# Causes of the jobs of a scene that was created, or whose file was moved.
NEW = frozenset({SCAN, CREATE})
# The same folder is not scanned again sooner.
GAP_S = 300.0
# More folders of one location within the gap are replaced by the folder that holds them all.
MAX_FOLDERS = 20
# Longer than any job searches for its file.
REQUEST_TTL_S = 10_800.0
WARN_INTERVAL_S = 3600.0
CHECK_SETTINGS = "Check the Path mapping and the Plex libraries in PlexSync's settings."


def is_new(job: Job) -> bool:
    """Return True if one of the causes of the job is the creation of the scene."""
    return not NEW.isdisjoint(job.causes)


def is_due(enqueued_at: float, requested_at: float | None, now: float) -> bool:
    """Return True if a scan must be requested for a scene that was enqueued then.

    Times are epoch seconds; `requested_at` is None if the folder was never requested. A scan that
    started after the scene was enqueued has seen its file.
    """
    if requested_at is None:
        return True
    return enqueued_at >= requested_at and now - requested_at >= GAP_S


class ScanTrigger:
    """Requests scans for each batch that was read; its requests are kept in memory only."""

    def __init__(
        self, circuit: CircuitBreaker, notices: Notices, clock: Clock, log: EventLog
    ) -> None:
        self._circuit = circuit
        self._notices = notices
        self._clock = clock
        self._log = log
        self._requested: dict[ScanFolder, float] = {}
        self._paused_until = 0.0
        self._warn_timer = IntervalTimer(clock, WARN_INTERVAL_S)

    def on_batch_read(self, event: BatchRead) -> None:
        """Request the folders of the batch's new scenes that Plex does not have."""
        now = self._clock.wall()
        if (
            not event.config.trigger_plex_scan
            or self._circuit.breaker.state is not BreakerStatus.CLOSED
        ):
            return
        if 0.0 < self._paused_until - now <= GAP_S:
            return
        self._requested = {
            folder: at for folder, at in self._requested.items() if 0.0 <= now - at < REQUEST_TTL_S
        }
        missing = self._missing_folders(event)
        due = [
            folder
            for folder, enqueued_at in missing.items()
            if is_due(enqueued_at, self._last_requested(folder), now)
        ]
        for folder in self._coalesce(due, now):
            if not self._request(event.plex, folder, now):
                return

    def _missing_folders(self, event: BatchRead) -> dict[ScanFolder, float]:
        """Return the folders of new scenes, each with the time when its newest was enqueued."""
        missing: dict[ScanFolder, float] = {}
        for case in event.batch.cases.values():
            if case.scene is None or not is_new(case.job) or not is_missing(case):
                continue
            folders = event.matcher.folders(case.scene)
            for folder in folders:
                missing[folder] = max(case.job.enqueued_at, missing.get(folder, 0.0))
            if not folders and not event.config.skip_not_found:
                path = event.matcher.mapped_paths(case.scene)[0]
                self._warn_unmapped(path, event.matcher.folder_advice(case.scene))
        return missing

    def _last_requested(self, folder: ScanFolder) -> float | None:
        """Return when the folder or one that contains it was requested; None if never."""
        times = [
            self._requested[covering]
            for covering in with_ancestors(folder)
            if covering in self._requested
        ]
        return max(times, default=None)

    def _coalesce(self, due: Sequence[ScanFolder], now: float) -> list[ScanFolder]:
        """Return the folders to request: of many in one location the one that holds them all."""
        recent = [folder for folder, at in self._requested.items() if now - at < GAP_S]
        folders: list[ScanFolder] = []
        for location in dict.fromkeys(map(_location, due)):
            here = [folder for folder in due if _location(folder) == location]
            before = [folder for folder in recent if _location(folder) == location]
            is_many = len(here) + len(before) > MAX_FOLDERS
            folders += [common_folder([*here, *before])] if is_many else here
        return folders

    def _request(self, plex: PlexClient, folder: ScanFolder, now: float) -> bool:
        """Send one request; return False and pause if Plex failed.

        The breaker is not involved: the batch's first job shows whether Plex is down.
        """
        try:
            plex.scan_folder(folder.section, folder.path)
        except PlexError as error:
            self._paused_until = now + GAP_S
            self._log.warning("plex.scan_failed", folder=folder.path, detail=str(error))
            return False
        self._requested[folder] = now
        self._log.info("plex.scan", section=folder.section, folder=folder.path)
        return True

    def _warn_unmapped(self, path: str, advice: str) -> None:
        if not self._warn_timer.fire():
            return
        self._log.warning("plex.scan_unmapped", file=path)
        text = (
            "Plex was not asked to scan for a new scene, because none of its libraries holds the "
            f"folder of {path}. {advice or CHECK_SETTINGS}"
        )
        self._notices.add("scan_nowhere", "warning", text, self._clock.wall())


def _location(folder: ScanFolder) -> tuple[int, str]:
    """Return the library and the root folder in it that contains the folder."""
    return folder.section, folder.location
