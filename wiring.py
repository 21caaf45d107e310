"""Build the objects and pass them to each other: the composition root."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from core.checkpoint import Checkpoint, no_checkpoint
from core.clock import Clock, SystemClock
from core.job import PRIORITY_BACKFILL, scene_subject
from core.log import EventLog
from core.own_thread import OwnThread
from core.step_timer import PLEX, STASH, StepTimer
from core.version import VERSION
from reconciliation.gap_sinks import QueueGapSink
from reconciliation.history import HistoryFile
from reconciliation.runner import ReconciliationDeps, ReconciliationTask
from stash.client import StashClient
from stash.key_file import KeyFile
from stash.session import StashAddress
from sync.build_context import WorkerAdditions, build_sync_context
from sync.context import SyncContext
from sync.path_learning import LEARNED, LearnedPathStore
from sync_queue.counters import Counters
from sync_queue.entities import EntityIndex
from sync_queue.lease import Lease
from sync_queue.meta import SERVER
from sync_queue.schema import OpenedDatabase
from validation.config import PlexSyncConfig
from validation.token_file import TokenFile
from worker.discovery.catch_up import CatchUp, first_start
from worker.discovery.collection_upkeep import CollectionUpkeep
from worker.discovery.deletions import DeletionSweep
from worker.discovery.fan_out import FanOut
from worker.discovery.first_trace import keep_first_trace
from worker.discovery.plex_scan import ScanTrigger
from worker.discovery.relisted_items import RelistedItems
from worker.discovery.sync_runner import SyncRunner
from worker.lifecycle.components import WorkerComponents
from worker.lifecycle.default_settings import DefaultSettingsWriter
from worker.lifecycle.drain import Drain
from worker.lifecycle.drain_deps import DrainDeps, OnBatchRead
from worker.lifecycle.install_check import InstallationCheck
from worker.lifecycle.live_settings import LiveSettings
from worker.lifecycle.loop import WorkerLoop
from worker.lifecycle.request_pool import RequestPool
from worker.lifecycle.supervisor import UPDATE, WorkerSupervisor
from worker.lifecycle.token_move import TokenMover
from worker.lifecycle.worker_queue import WorkerQueue, open_worker_queue
from worker.reporting.batch_summary import BatchSummary
from worker.reporting.job_log import JobReporter
from worker.reporting.log_alerts import LogAlerts
from worker.reporting.reporting import Reporting
from worker.reporting.stats import StatisticsRecorder
from worker.resilience.circuit import CircuitBreaker, load_circuit
from worker.resilience.throttle import Throttle


@dataclass(frozen=True, slots=True)
class Environment:
    """The world outside the process; a test passes its own."""

    root: Path
    data_dir: Path
    clock: Clock = field(default_factory=SystemClock)
    rng: Random = field(default_factory=Random)
    checkpoint: Checkpoint = no_checkpoint
    stash_timeout_s: tuple[float, float] = (5.0, 30.0)


@dataclass(frozen=True, slots=True)
class WorkerRun:
    """One start of a worker: its environment, its log, who started it, and its heartbeat.

    `owner` is the thread that runs it, and that alone changes its state.
    """

    env: Environment
    log: EventLog
    started_by: str
    heartbeat: Callable[[], None]
    owner: OwnThread = field(default_factory=OwnThread)


@dataclass(frozen=True, slots=True)
class Worker:
    """A built worker: its loop, and what must be closed after it."""

    loop: WorkerLoop
    components: WorkerComponents
    opened: OpenedDatabase

    def close(self) -> None:
        """Close the connections to the servers and to the queue; the lease stays as it is."""
        self.components.drain.close()
        self.components.settings.close()
        self.opened.queue.close()


def build_worker(
    env: Environment, log: EventLog, started_by: str, heartbeat: Callable[[], None]
) -> Worker:
    """Return a worker on the queue in `data_dir`. Only the holder of the lease may call this.

    Raises:
        sqlite3.Error, OSError: the data folder does not allow a database.
    """
    run = WorkerRun(env, log, started_by, heartbeat)
    queue = open_worker_queue(env.data_dir, started_by, env.clock, log, env.checkpoint)
    reporting = build_reporting(run, queue)
    # The repair and the poison jobs are logged events: the alerts must be listening by now.
    queue.recover(log, env.clock, env.checkpoint)
    keep_first_trace(queue.facts, env.root, env.data_dir, env.clock.wall())
    throttle = Throttle(env.data_dir, env.clock, log)
    listeners = (throttle.on_breaker_transition, reporting.jobs.on_breaker_transition)
    circuit = load_circuit(
        env.data_dir, env.clock, env.rng, log, queue.store, queue.notices, listeners
    )
    settings = build_settings(run, queue, throttle, reporting.timer)
    components = build_components(run, queue, reporting, circuit, throttle, settings)
    return Worker(WorkerLoop(components), components, queue.opened)


def build_reporting(run: WorkerRun, queue: WorkerQueue) -> Reporting:
    """Return what reports the worker's events; the alerts listen to its log from here on."""
    clock, log = run.env.clock, run.log
    alerts = LogAlerts(queue.notices, clock)
    log.add_listener(alerts.on_log_event)
    timer = StepTimer(clock)
    return Reporting(
        alerts,
        JobReporter(log, queue.notices, clock),
        BatchSummary(queue.notices, clock),
        StatisticsRecorder(run.env.data_dir, Counters(queue.store), clock, log, timer),
        timer,
    )


def build_components(
    run: WorkerRun,
    queue: WorkerQueue,
    reporting: Reporting,
    circuit: CircuitBreaker,
    throttle: Throttle,
    settings: LiveSettings,
) -> WorkerComponents:
    """Return everything that the worker's loop works with."""
    env, clock, log = run.env, run.env.clock, run.log
    store, facts = queue.store, queue.facts
    entities = EntityIndex(store)
    fan_out = FanOut(store, entities, clock, env.checkpoint)
    reconciliation = build_reconciliation(run, queue, settings)
    deletions = DeletionSweep(store, queue.records, fan_out, clock, log)
    collections = CollectionUpkeep(queue.records, entities, throttle, clock, log, env.checkpoint)
    relisted = RelistedItems(store, queue.records, facts, clock, log)
    drain = build_drain(run, queue, reporting, circuit, throttle, fan_out, relisted.on_batch_read)
    return WorkerComponents(
        data_dir=env.data_dir,
        clock=clock,
        log=log,
        queue=queue,
        settings=settings,
        circuit=circuit,
        drain=drain,
        relisted=relisted,
        throttle=throttle,
        statistics=reporting.statistics,
        catch_up=CatchUp(store, facts, queue.records, entities, clock, log, env.checkpoint),
        sync_runner=SyncRunner(store, facts, queue.records, clock, log),
        token_mover=TokenMover(settings.tokens, queue.notices, clock, log, env.checkpoint),
        default_settings=DefaultSettingsWriter(queue.facts, settings.tokens, clock, log, VERSION),
        installation=InstallationCheck(env.root, env.data_dir, clock),
        background_tasks=(collections, deletions, reconciliation),
        heartbeat=run.heartbeat,
        checkpoint=env.checkpoint,
        before_notices=lambda: reporting.add_due_notices(circuit),
        on_stash_recovered=reconciliation.on_stash_recovered,
    )


def build_drain(
    run: WorkerRun,
    queue: WorkerQueue,
    reporting: Reporting,
    circuit: CircuitBreaker,
    throttle: Throttle,
    fan_out: FanOut,
    on_batch_read: OnBatchRead,
) -> Drain:
    """Return the drain, with everything that is notified of its jobs and batches."""
    scan_trigger = ScanTrigger(circuit, queue.notices, run.env.clock, run.log)
    deps = DrainDeps(
        store=queue.store,
        notices=queue.notices,
        circuit=circuit,
        throttle=throttle,
        fan_out=fan_out,
        pool=RequestPool(run.env.clock, run.owner),
        rng=run.env.rng,
        clock=run.env.clock,
        log=run.log,
        on_job_finished=(
            reporting.jobs.on_job_finished,
            reporting.statistics.on_job_finished,
            reporting.summary.on_job_finished,
        ),
        on_batch_read=(scan_trigger.on_batch_read, on_batch_read),
        checkpoint=run.env.checkpoint,
    )
    return Drain(deps)


def build_reconciliation(
    run: WorkerRun, queue: WorkerQueue, settings: LiveSettings
) -> ReconciliationTask:
    """Return the worker's background task that compares both sides."""
    env = run.env

    deps = ReconciliationDeps(
        store=queue.store,
        meta=queue.facts,
        sink=QueueGapSink(queue.store, queue.dead_letters, queue.records),
        history=HistoryFile(env.data_dir, env.clock),
        clock=env.clock,
        log=run.log,
        config=lambda: settings.config,
        first_start=lambda: first_start(queue.facts),
        notify=lambda text: queue.notices.add(
            f"state:{text[:20]}", "warning", text, env.clock.wall()
        ),
    )
    return ReconciliationTask(deps, has_restarted=run.started_by != UPDATE)


def build_settings(
    run: WorkerRun, queue: WorkerQueue, throttle: Throttle, timer: StepTimer
) -> LiveSettings:
    """Return the live settings, which build the clients of both servers when they change."""
    env, log = run.env, run.log

    def on_plex_response(took_s: float, status: int) -> None:
        run.heartbeat()
        timer.count_request(PLEX)
        throttle.on_response(took_s, status)

    def on_stash_request() -> None:
        # Keep the watchdog satisfied during a catch-up of many pages.
        run.heartbeat()
        timer.count_request(STASH)

    def build_stash(address: StashAddress, cookie: str) -> StashClient:
        return StashClient(
            address,
            cookie,
            timeout_s=env.stash_timeout_s,
            on_request=run.owner.wrap(on_stash_request),
            key_file=KeyFile(env.data_dir),
        )

    def build_context(config: PlexSyncConfig, stash: StashClient) -> SyncContext:
        return build_sync_context(
            env.data_dir, env.clock, config, stash, queue.store, log, additions
        )

    learning = LearnedPathStore(env.data_dir, env.clock, log, lambda mapping: _rematch(queue))
    additions = WorkerAdditions(
        learning, queue.store.check_epoch, run.owner, on_plex_response, timer, queue.notices
    )
    tokens = TokenFile(env.data_dir, env.clock.sleep)
    return LiveSettings(
        queue.facts, queue.notices, tokens, env.clock, log, build_stash, build_context
    )


def run_worker(env: Environment, lease: Lease, started_by: str) -> int:
    """Run the worker until there is a reason to exit; return the exit status."""
    return _build_supervisor(env).run(lease, started_by)


def drain_in_process(
    env: Environment, on_progress: Callable[[], None], limit_s: float = float("inf")
) -> bool:
    """Drain the queue in this process; see `WorkerSupervisor.drain_in_process`."""
    return _build_supervisor(env).drain_in_process(on_progress, limit_s)


def _build_supervisor(env: Environment) -> WorkerSupervisor:
    return WorkerSupervisor(
        env.root,
        env.data_dir,
        env.clock,
        env.checkpoint,
        lambda log, started_by, heartbeat: build_worker(env, log, started_by, heartbeat),
    )


def _rematch(queue: WorkerQueue) -> None:
    """Enqueue the scenes that were matched by learned paths, because one proved wrong."""
    scenes = queue.records.scenes_matched_by(LEARNED, queue.facts.get(SERVER))
    queue.store.enqueue_many(map(scene_subject, scenes), "path_contradicted", PRIORITY_BACKFILL)
