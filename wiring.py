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
from core.step_timer import PLEX, STASH, StopWatch
from core.version import VERSION
from plex.client import PlexAddress, PlexClient
from plex.device_identity import device_headers
from plex.finder import Finder
from plex.index import FileIndex
from plex.path_map import PathMap
from plex.plan import WriteRules
from reconciliation.gap_sinks import QueueBook
from reconciliation.history import HistoryFile
from reconciliation.runner import Ground, Reconciliation
from stash.client import StashClient
from sync.context import ServerHabits, Workbench
from sync.path_learning import LEARNED, PathLearning
from sync.planner import Survey
from sync_queue.counters import Counters
from sync_queue.dead_letters import DeadLetters
from sync_queue.entities import EntityIndex
from sync_queue.lease import Lease
from sync_queue.meta import SERVER, Facts, begin_epoch
from sync_queue.notices import Notices
from sync_queue.records import Records
from sync_queue.schema import OpenedDatabase, open_database
from sync_queue.store import JobStore
from validation.config import PlexSyncConfig
from worker.discovery.catch_up import CatchUp, first_start
from worker.discovery.deletions import Departures
from worker.discovery.fan_out import FanOut
from worker.discovery.plex_scan import PlexScans
from worker.lifecycle.components import Parts
from worker.lifecycle.default_settings import Defaults
from worker.lifecycle.drain import Drain
from worker.lifecycle.install_check import Presence
from worker.lifecycle.live_settings import Settings
from worker.lifecycle.loop import WorkerLife
from worker.lifecycle.poison_jobs import bury_the_deadly
from worker.lifecycle.supervisor import UPDATE, Runner
from worker.reporting.batch_summary import Summary
from worker.reporting.job_log import Reporter
from worker.reporting.log_alerts import Troubles
from worker.reporting.stats import StatisticsKeeper
from worker.resilience.breaker import Breaker, State
from worker.resilience.breaker_file import BreakerFile
from worker.resilience.circuit import Gate
from worker.resilience.outages import OutageLog
from worker.resilience.throttle import Throttle

_VERSION_LINE = re.compile(r'^VERSION = "([^"]+)"', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Outside:
    """What comes from outside: a test passes its own."""

    root: Path
    data_dir: Path
    clock: Clock = field(default_factory=SystemClock)
    chance: Random = field(default_factory=Random)
    checkpoint: Callable[[str], object] = str
    stash_timeout_s: tuple[float, float] = (5.0, 30.0)


@dataclass(slots=True)
class Worker:
    """A built worker and what must be closed after it."""

    life: WorkerLife
    parts: Parts
    opened: OpenedDatabase

    def close(self) -> None:
        """Close the connections; the lease is not this object's to give up."""
        self.parts.settings.close()
        self.opened.queue.close()


def build_plex(
    outside: Outside,
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
    return PlexClient(address, device_headers(outside.data_dir, outside.clock.sleep), outside.clock.sleep, on_answer)


def build_bench(
    outside: Outside,
    config: PlexSyncConfig,
    stash: StashClient,
    records: Records,
    facts: Facts,
    log: EventLog,
    *,
    learning: PathLearning | None = None,
    check_epoch: Callable[[], None] = lambda: None,
    on_answer: Callable[[float, int], object] = lambda took_s, status: None,
    watch: StopWatch | None = None,
) -> Workbench:
    """What a sync works with under one set of settings. Sends nothing.

    Raises:
        OSError: as for `build_plex`.
    """
    plex = build_plex(outside, config, on_answer)
    return Workbench(
        config=config,
        stash=stash,
        plex=plex,
        finder=Finder(plex, FileIndex(outside.data_dir / "cache"), config.plex_libraries, outside.clock),
        records=records,
        clock=outside.clock,
        log=log,
        path_map=PathMap(config.path_map),
        habits=ServerHabits(facts.get, facts.set),
        rules=WriteRules(config.preserve_plex_edits, config.lock_fields, config.quality_gate),
        watch=watch or StopWatch(outside.clock),
        learning=None if config.path_map else learning,
        check_epoch=check_epoch,
    )


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of the queue's database."""

    store: JobStore
    facts: Facts
    records: Records
    letters: DeadLetters
    notices: Notices


def build_worker(outside: Outside, log: EventLog, started_by: str, beat: Callable[[], None]) -> Worker:
    """A worker on the queue in `data_dir`. Only the holder of the lease may call this.

    Raises:
        sqlite3.Error, OSError: the data folder does not allow a database.
    """
    clock, checkpoint = outside.clock, outside.checkpoint
    opened = open_database(outside.data_dir, checkpoint)
    checkpoint("worker.opened")
    epoch = begin_epoch(opened.queue.connection, os.getpid(), VERSION, started_by, clock.wall())
    checkpoint("worker.epoch")
    store = JobStore(opened.queue.connection, clock, epoch=epoch, checkpoint=checkpoint)
    tables = Tables(store, Facts(store), Records(store), DeadLetters(store), Notices(store, log.shown))
    troubles = Troubles(tables.notices, clock)
    log.attend(troubles.heard)
    if opened.set_aside:
        _tell_of_damage(opened.set_aside, tables.notices, log, clock)
    bury_the_deadly(store, store.release_orphans(), log)
    checkpoint("worker.orphans")
    reporter = Reporter(log, tables.notices, clock)
    throttle = Throttle(outside.data_dir, clock, log)
    watch = StopWatch(clock)
    statistics = StatisticsKeeper(outside.data_dir, Counters(store), clock, log, watch)
    gate = build_gate(outside, tables, log, reporter, throttle)
    fan_out = FanOut(store, EntityIndex(store), clock, checkpoint)
    summary = Summary(tables.notices, clock)
    drain = Drain(
        store,
        tables.notices,
        gate,
        throttle,
        clock,
        outside.chance,
        log,
        fan_out,
        listeners=[reporter.heard, statistics.heard, summary.heard],
        batch_listeners=[PlexScans(gate, tables.notices, clock, log).heard],
        checkpoint=checkpoint,
    )
    settings = build_settings(outside, tables, log, beat, throttle, watch)
    reconciliation = build_reconciliation(outside, tables, log, settings, has_restarted=started_by != UPDATE)

    def before_speaking() -> None:
        summary.tell_if_due()
        reporter.remind(gate.breaker)
        troubles.tell()

    parts = Parts(
        data_dir=outside.data_dir,
        store=store,
        facts=tables.facts,
        letters=tables.letters,
        notices=tables.notices,
        settings=settings,
        gate=gate,
        drain=drain,
        throttle=throttle,
        statistics=statistics,
        catch_up=CatchUp(store, tables.facts, tables.records, EntityIndex(store), clock, log, checkpoint),
        defaults=Defaults(tables.facts, clock, log, VERSION),
        clock=clock,
        log=log,
        epoch=epoch,
        installed_version=lambda: installed_version(outside.root),
        version=VERSION,
        beat=beat,
        checkpoint=checkpoint,
        duties=(Departures(store, tables.records, fan_out, clock, log), reconciliation),
        before_speaking=before_speaking,
        is_gone=Presence(outside.root, outside.data_dir, clock).is_gone,
        stash_came_back=reconciliation.stash_came_back,
    )
    return Worker(WorkerLife(parts), parts, opened)


def build_reconciliation(
    outside: Outside, tables: Tables, log: EventLog, settings: Settings, *, has_restarted: bool
) -> Reconciliation[Workbench]:
    """The worker's duty of comparing both sides."""

    def say(text: str) -> None:
        tables.notices.add(f"state:{text[:20]}", "warning", text, outside.clock.wall())

    ground = Ground(
        store=tables.store,
        facts=tables.facts,
        book=QueueBook(tables.store, tables.letters, tables.records),
        history=HistoryFile(outside.data_dir, outside.clock.sleep),
        clock=outside.clock,
        log=log,
        config=lambda: settings.config,
        first_start=lambda: first_start(tables.facts),
        say=say,
    )
    return Reconciliation(ground, Survey, has_restarted=has_restarted)


def build_gate(outside: Outside, tables: Tables, log: EventLog, reporter: Reporter, throttle: Throttle) -> Gate:
    """The breaker as it was left, with everybody who must hear of its moves."""
    file = BreakerFile(outside.data_dir, outside.clock)
    breaker, warning = file.load()

    def unsaved(text: str) -> None:
        if text:
            log.warning("state.unsaved", detail=text)

    outages = OutageLog(outside.data_dir, outside.clock, unsaved)
    outages.agree_with(breaker)
    for text in filter(None, (warning, outages.warning)):
        log.warning("state.set_aside", detail=text)
        tables.notices.add(f"state:{text[:20]}", "warning", text, outside.clock.wall())

    def count_affected(old: Breaker, new: Breaker) -> None:
        if new.state is State.CLOSED:
            due, _, running = tables.store.counts()
            outages.job_affected(due + running)

    listeners = (count_affected, outages.gate_moved, throttle.gate_moved, reporter.gate_moved)
    return Gate(
        outside.clock, outside.chance, log, breaker, listeners, save=lambda breaker: unsaved(file.save(breaker))
    )


def build_settings(
    outside: Outside,
    tables: Tables,
    log: EventLog,
    beat: Callable[[], None],
    throttle: Throttle,
    watch: StopWatch,
) -> Settings:
    """The present settings, and what is built from them."""
    learning = PathLearning(
        outside.data_dir,
        outside.clock,
        log,
        lambda lesson: _match_again(tables.store, tables.records, tables.facts.get(SERVER)),
    )

    def on_answer(took_s: float, status: int) -> None:
        beat()
        watch.asked(PLEX)
        throttle.answered(took_s, status)

    def on_request() -> None:
        beat()  # a catch-up of many pages is no silence either
        watch.asked(STASH)

    return Settings(
        tables.facts,
        tables.notices,
        outside.clock,
        log,
        lambda address, cookie: StashClient(address, cookie, timeout_s=outside.stash_timeout_s, on_request=on_request),
        lambda config, stash: build_bench(
            outside,
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


def run_worker(outside: Outside, lease: Lease, started_by: str) -> int:
    """Be the worker until there is a reason to leave; the exit status."""
    return _runner(outside).run(lease, started_by)


def work_here(outside: Outside, look: Callable[[], None], limit_s: float = float("inf")) -> bool:
    """Drain the queue in this process; see `Runner.work_here`."""
    return _runner(outside).work_here(look, limit_s)


def _runner(outside: Outside) -> Runner:
    return Runner(
        outside.root,
        outside.data_dir,
        outside.clock,
        outside.checkpoint,
        lambda log, started_by, beat: build_worker(outside, log, started_by, beat),
    )


def _match_again(store: JobStore, records: Records, server: str) -> None:
    """What was matched through a learned pair that is contradicted now is looked at anew."""
    scenes = records.scenes_matched_by(LEARNED, server)
    store.note_many(map(scene_subject, scenes), "path_contradicted", PRIORITY_BACKFILL)


def _tell_of_damage(path: str, notices: Notices, log: EventLog, clock: Clock) -> None:
    name = Path(path).name
    log.error("database.damaged", kept_as=name)
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
