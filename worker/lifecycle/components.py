"""What a worker is made of, and what else it may be given to do."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from core.clock import Clock
from core.log import EventLog
from sync.context import SyncContext
from sync_queue.dead_letters import DeadLetters
from sync_queue.meta import MetaStore
from sync_queue.notices import Notices
from sync_queue.store import JobStore
from worker.discovery.catch_up import CatchUp
from worker.lifecycle.default_settings import DefaultSettingsWriter
from worker.lifecycle.drain import Drain
from worker.lifecycle.live_settings import LiveSettings
from worker.reporting.stats import StatisticsRecorder
from worker.resilience.circuit import CircuitBreaker
from worker.resilience.throttle import Throttle


class BackgroundTask(Protocol):
    """Work of the worker that is no job: done in small steps, so that an edit never waits behind it."""

    def is_due(self) -> bool:
        """Whether there is a step to do now; asked twice a second, so it must be cheap."""

    def step(self, ctx: SyncContext) -> None:
        """Do one bounded step.

        Raises:
            PlexError: Plex failed; the gate hears of it, and the step is tried again.
            StashUnavailable: Stash did; the worker rests, and the step is tried again.
        """


@dataclass(frozen=True, slots=True)
class WorkerComponents:
    """Everything a worker is made of; built by `wiring.py`."""

    data_dir: Path
    store: JobStore
    facts: MetaStore
    dead_letters: DeadLetters
    notices: Notices
    settings: LiveSettings
    circuit: CircuitBreaker
    drain: Drain
    throttle: Throttle
    statistics: StatisticsRecorder
    catch_up: CatchUp
    defaults: DefaultSettingsWriter
    clock: Clock
    log: EventLog
    epoch: int
    installed_version: Callable[[], str]
    version: str
    heartbeat: Callable[[], None]
    checkpoint: Callable[[str], object] = str
    duties: tuple[BackgroundTask, ...] = ()
    before_speaking: Callable[[], None] = lambda: None
    is_gone: Callable[[], bool] = lambda: False
    stash_came_back: Callable[[], None] = lambda: None
