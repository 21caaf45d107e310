"""Define what a worker is built of, and the interface of its background tasks."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from core.clock import Clock
from core.log import EventLog
from sync.context import SyncContext
from worker.discovery.catch_up import CatchUp
from worker.discovery.relisted_items import RelistedItems
from worker.discovery.sync_runner import SyncRunner
from worker.lifecycle.default_settings import DefaultSettingsWriter
from worker.lifecycle.drain import Drain
from worker.lifecycle.install_check import InstallationCheck
from worker.lifecycle.live_settings import LiveSettings
from worker.lifecycle.token_move import TokenMover
from worker.lifecycle.worker_queue import WorkerQueue
from worker.reporting.stats import StatisticsRecorder
from worker.resilience.circuit import CircuitBreaker
from worker.resilience.throttle import Throttle


class BackgroundTask(Protocol):
    """Periodic work that is no job, done in small steps so that no edit waits for it."""

    def is_due(self) -> bool:
        """Return True if there is a step to do; called twice a second, so it must be cheap."""

    def step(self, ctx: SyncContext) -> None:
        """Do one bounded step.

        Raises:
            PlexError: Plex failed; the breaker records it, and the step is repeated later.
            StashUnavailable: Stash failed; the worker backs off, and the step is repeated later.
        """


@dataclass(frozen=True, slots=True)
class WorkerComponents:
    """Everything that `WorkerLoop` works with; built by `wiring.py`."""

    data_dir: Path
    clock: Clock
    log: EventLog
    queue: WorkerQueue
    settings: LiveSettings
    circuit: CircuitBreaker
    drain: Drain
    relisted: RelistedItems
    throttle: Throttle
    statistics: StatisticsRecorder
    catch_up: CatchUp
    sync_runner: SyncRunner
    token_mover: TokenMover
    default_settings: DefaultSettingsWriter
    installation: InstallationCheck
    background_tasks: tuple[BackgroundTask, ...]
    heartbeat: Callable[[], None]
    checkpoint: Callable[[str], object]
    before_notices: Callable[[], None]
    on_stash_recovered: Callable[[], None]
