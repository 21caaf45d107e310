"""The composition root: the one place that builds the objects and hands them to each other."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from core.clock import Clock, SystemClock
from core.job import PRIORITY_BACKFILL, scene_subject
from core.log import EventLog
from core.step_timer import PLEX, STASH, StepTimer
from core.version import VERSION
from plex.client import PlexAddress, PlexClient
from plex.device_identity import device_headers
from plex.finder import Finder
from plex.index import FileIndex
from plex.path_map import PathMap
from plex.plan import WriteRules
from reconciliation.gap_sinks import QueueGapSink
from reconciliation.history import HistoryFile
from reconciliation.runner import ReconciliationDeps, ReconciliationTask
from stash.client import StashClient
from sync.capabilities import ServerCapabilities
from sync.context import SyncContext
from sync.path_learning import LEARNED, LearnedPathStore
from sync_queue.counters import Counters
from sync_queue.dead_letters import DeadLetters
from sync_queue.entities import EntityIndex
from sync_queue.lease import Lease
from sync_queue.meta import SERVER, MetaStore, start_epoch
from sync_queue.notices import Notices
from sync_queue.records import Records
from sync_queue.schema import OpenedDatabase, open_database
from sync_queue.store import JobStore
from validation.config import PlexSyncConfig
from worker.discovery.catch_up import CatchUp, first_start
from worker.discovery.deletions import DeletionSweep
from worker.discovery.fan_out import FanOut
from worker.discovery.plex_scan import ScanTrigger
from worker.lifecycle.components import WorkerComponents
from worker.lifecycle.default_settings import DefaultSettingsWriter
from worker.lifecycle.drain import Drain
from worker.lifecycle.install_check import InstallationCheck
from worker.lifecycle.live_settings import LiveSettings
from worker.lifecycle.loop import WorkerLoop
from worker.lifecycle.poison_jobs import dead_letter_poison_jobs
from worker.lifecycle.supervisor import UPDATE, WorkerSupervisor
from worker.reporting.batch_summary import BatchSummary
from worker.reporting.job_log import JobReporter
from worker.reporting.log_alerts import LogAlerts
from worker.reporting.stats import StatisticsRecorder
from worker.resilience.breaker import BreakerStatus, CircuitState
from worker.resilience.breaker_file import CircuitStateFile
from worker.resilience.circuit import CircuitBreaker
from worker.resilience.outages import OutageRecorder
from worker.resilience.throttle import Throttle

_VERSION_LINE = re.compile(r'^VERSION = "([^"]+)"', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Environment:
    """What comes from outside: a test passes its own."""

    root: Path
    data_dir: Path
    clock: Clock = field(default_factory=SystemClock)
    rng: Random = field(default_factory=Random)
    checkpoint: Callable[[str], object] = str
    stash_timeout_s: tuple[float, float] = (5.0, 30.0)


@dataclass(slots=True)
class Worker:
    """A built worker and what must be closed after it."""

    loop: WorkerLoop
    components: WorkerComponents
    opened: OpenedDatabase

    def close(self) -> None:
        """Close the connections; the lease is not this object's to give up."""
        self.components.settings.close()
        self.opened.queue.close()


def build_plex(
    env: Environment,
    config: PlexSyncConfig,
    on_answer: Callable[[float, int], object] = lambda took_s, status: None,
) -> PlexClient:
    """The way to Plex under these settings. Sends nothing.

    Raises:
        OSError: the device identity can be neither read nor kept.
    """
    address = PlexAddress(
        config.plex_url,
        config.plex_token.get_secret_value(),
        (config.plex_connect_timeout_s, config.plex_read_timeout_s),
        config.plex_verify_tls,
    )
    return PlexClient(
        address,
        device_headers(env.data_dir, env.clock.sleep),
        env.clock.sleep,
        on_answer,
    )


def build_sync_context(
    env: Environment,
    config: PlexSyncConfig,
    stash: StashClient,
    records: Records,
    facts: MetaStore,
    log: EventLog,
    *,
    learning: LearnedPathStore | None = None,
    check_epoch: Callable[[], None] = lambda: None,
    on_answer: Callable[[float, int], object] = lambda took_s, status: None,
    watch: StepTimer | None = None,
) -> SyncContext:
    """What a sync works with under one set of settings. Sends nothing.

    Raises:
        OSError: as for `build_plex`.
    """
    plex = build_plex(env, config, on_answer)
    return SyncContext(
        config=config,
        stash=stash,
        plex=plex,
        finder=Finder(plex, FileIndex(env.data_dir / "cache"), config.plex_libraries, env.clock),
        records=records,
        clock=env.clock,
        log=log,
        path_map=PathMap(config.path_map),
        capabilities=ServerCapabilities(facts.get, facts.set),
        rules=WriteRules(config.preserve_plex_edits, config.lock_fields, config.quality_gate),
        watch=watch or StepTimer(env.clock),
        learning=None if config.path_map else learning,
        check_epoch=check_epoch,
    )


@dataclass(frozen=True, slots=True)
class Repositories:
    """The tables of the queue's database."""

    store: JobStore
    facts: MetaStore
    records: Records
    dead_letters: DeadLetters
    notices: Notices


def build_worker(
    env: Environment, log: EventLog, started_by: str, heartbeat: Callable[[], None]
) -> Worker:
    """A worker on the queue in `data_dir`. Only the holder of the lease may call this.

    Raises:
        sqlite3.Error, OSError: the data folder does not allow a database.
    """
    clock, checkpoint = env.clock, env.checkpoint
    opened = open_database(env.data_dir, checkpoint)
    checkpoint("worker.opened")
    epoch = start_epoch(opened.queue.connection, os.getpid(), VERSION, started_by, clock.wall())
    checkpoint("worker.epoch")
    store = JobStore(opened.queue.connection, clock, epoch=epoch, checkpoint=checkpoint)
    tables = Repositories(
        store, MetaStore(store), Records(store), DeadLetters(store), Notices(store, log.sanitize)
    )
    troubles = LogAlerts(tables.notices, clock)
    log.add_listener(troubles.on_log_event)
    if opened.quarantine:
        _report_repair(opened.quarantine, tables.notices, log, clock)
    dead_letter_poison_jobs(store, store.recover_orphans(), log)
    checkpoint("worker.orphans")
    reporter = JobReporter(log, tables.notices, clock)
    throttle = Throttle(env.data_dir, clock, log)
    watch = StepTimer(clock)
    statistics = StatisticsRecorder(env.data_dir, Counters(store), clock, log, watch)
    circuit = build_gate(env, tables, log, reporter, throttle)
    fan_out = FanOut(store, EntityIndex(store), clock, checkpoint)
    summary = BatchSummary(tables.notices, clock)
    drain = Drain(
        store,
        tables.notices,
        circuit,
        throttle,
        clock,
        env.rng,
        log,
        fan_out,
        listeners=[reporter.on_job_finished, statistics.on_job_finished, summary.on_job_finished],
        batch_listeners=[ScanTrigger(circuit, tables.notices, clock, log).on_batch_read],
        checkpoint=checkpoint,
    )
    settings = build_settings(env, tables, log, heartbeat, throttle, watch)
    reconciliation = build_reconciliation(
        env, tables, log, settings, has_restarted=started_by != UPDATE
    )

    def before_speaking() -> None:
        summary.report_if_due()
        reporter.notify_long_outage(circuit.breaker)
        troubles.flush()

    parts = WorkerComponents(
        data_dir=env.data_dir,
        store=store,
        facts=tables.facts,
        dead_letters=tables.dead_letters,
        notices=tables.notices,
        settings=settings,
        circuit=circuit,
        drain=drain,
        throttle=throttle,
        statistics=statistics,
        catch_up=CatchUp(
            store, tables.facts, tables.records, EntityIndex(store), clock, log, checkpoint
        ),
        defaults=DefaultSettingsWriter(tables.facts, clock, log, VERSION),
        clock=clock,
        log=log,
        epoch=epoch,
        installed_version=lambda: installed_version(env.root),
        version=VERSION,
        heartbeat=heartbeat,
        checkpoint=checkpoint,
        duties=(DeletionSweep(store, tables.records, fan_out, clock, log), reconciliation),
        before_speaking=before_speaking,
        is_gone=InstallationCheck(env.root, env.data_dir, clock).is_uninstalled,
        stash_came_back=reconciliation.on_stash_recovered,
    )
    return Worker(WorkerLoop(parts), parts, opened)


def build_reconciliation(
    env: Environment,
    tables: Repositories,
    log: EventLog,
    settings: LiveSettings,
    *,
    has_restarted: bool,
) -> ReconciliationTask:
    """Return the worker's background task that compares both sides."""

    def notify(text: str) -> None:
        tables.notices.add(f"state:{text[:20]}", "warning", text, env.clock.wall())

    deps = ReconciliationDeps(
        store=tables.store,
        meta=tables.facts,
        sink=QueueGapSink(tables.store, tables.dead_letters, tables.records),
        history=HistoryFile(env.data_dir, env.clock.sleep),
        clock=env.clock,
        log=log,
        config=lambda: settings.config,
        first_start=lambda: first_start(tables.facts),
        notify=notify,
    )
    return ReconciliationTask(deps, has_restarted=has_restarted)


def build_gate(
    env: Environment,
    tables: Repositories,
    log: EventLog,
    reporter: JobReporter,
    throttle: Throttle,
) -> CircuitBreaker:
    """The breaker as it was left, with everybody who must hear of its moves."""
    file = CircuitStateFile(env.data_dir, env.clock)
    breaker, warning = file.load()

    def unsaved(text: str) -> None:
        if text:
            file_name, _, detail = text.partition(": ")
            log.warning("state.save_failed", file=file_name, detail=detail)

    outages = OutageRecorder(env.data_dir, env.clock, unsaved)
    outages.sync_with_breaker(breaker)
    for text in filter(None, (warning, outages.warning)):
        log.warning("state.corrupt", detail=text)
        tables.notices.add(f"state:{text[:20]}", "warning", text, env.clock.wall())

    def count_affected(old: CircuitState, new: CircuitState) -> None:
        if new.state is BreakerStatus.CLOSED:
            due, _, running = tables.store.counts()
            outages.add_affected_jobs(due + running)

    listeners = (
        count_affected,
        outages.on_breaker_transition,
        throttle.on_breaker_transition,
        reporter.on_breaker_transition,
    )
    return CircuitBreaker(
        env.clock,
        env.rng,
        log,
        breaker,
        listeners,
        save=lambda breaker: unsaved(file.save(breaker)),
    )


def build_settings(
    env: Environment,
    tables: Repositories,
    log: EventLog,
    heartbeat: Callable[[], None],
    throttle: Throttle,
    watch: StepTimer,
) -> LiveSettings:
    """The present settings, and what is built from them."""
    learning = LearnedPathStore(
        env.data_dir,
        env.clock,
        log,
        lambda lesson: _rematch(tables.store, tables.records, tables.facts.get(SERVER)),
    )

    def on_answer(took_s: float, status: int) -> None:
        heartbeat()
        watch.count_request(PLEX)
        throttle.on_response(took_s, status)

    def on_request() -> None:
        heartbeat()  # a catch-up of many pages is no silence either
        watch.count_request(STASH)

    return LiveSettings(
        tables.facts,
        tables.notices,
        env.clock,
        log,
        lambda address, cookie: StashClient(
            address, cookie, timeout_s=env.stash_timeout_s, on_request=on_request
        ),
        lambda config, stash: build_sync_context(
            env,
            config,
            stash,
            tables.records,
            tables.facts,
            log,
            learning=learning,
            check_epoch=tables.store.check_epoch,
            on_answer=on_answer,
            watch=watch,
        ),
    )


def run_worker(env: Environment, lease: Lease, started_by: str) -> int:
    """Be the worker until there is a reason to leave; the exit status."""
    return _runner(env).run(lease, started_by)


def drain_in_process(
    env: Environment, look: Callable[[], None], limit_s: float = float("inf")
) -> bool:
    """Drain the queue in this process; see `WorkerSupervisor.drain_in_process`."""
    return _runner(env).drain_in_process(look, limit_s)


def _runner(env: Environment) -> WorkerSupervisor:
    return WorkerSupervisor(
        env.root,
        env.data_dir,
        env.clock,
        env.checkpoint,
        lambda log, started_by, heartbeat: build_worker(env, log, started_by, heartbeat),
    )


def _rematch(store: JobStore, records: Records, server: str) -> None:
    """What was matched through a learned pair that is contradicted now is looked at anew."""
    scenes = records.scenes_matched_by(LEARNED, server)
    store.enqueue_many(map(scene_subject, scenes), "path_contradicted", PRIORITY_BACKFILL)


def _report_repair(path: str, notices: Notices, log: EventLog, clock: Clock) -> None:
    name = Path(path).name
    log.error("database.repaired", kept_as=name)
    text = (
        f"PlexSync's database was damaged and has been kept as {name}. What could be read was saved, "
        "the catch-up repairs the rest. Check the disk."
    )
    notices.add("damaged", "error", text, clock.wall())


def installed_version(root: Path) -> str:
    """The version of the files on disk now; this process's own when they cannot be read."""
    try:
        found = _VERSION_LINE.search((root / "core" / "version.py").read_text("utf-8"))
    except OSError:
        return VERSION  # an update is replacing the file at this moment
    return found.group(1) if found else VERSION
