"""Answer the call for the overview: counts, charts, problems and the first run."""

from collections.abc import Iterable

from core.errors import PlexSyncError
from core.units import DAY_S
from page.first_run import first_run
from page.models.base import NoArguments
from page.models.state import OverviewAnswer, Tally
from page.problems import Facts, find_problems
from sync_queue.counters import Counters
from sync_queue.dead_letters import DeadLetters
from sync_queue.hook_queue import is_worker_alive
from sync_queue.notices import Notices
from sync_queue.store import JobStore
from tasks.context import TaskContext
from validation.config import ConfigResult
from worker.reporting import tallies
from worker.reporting.stats import current_statistics, usual_job_s
from worker.resilience.breaker import BreakerStatus, CircuitState, CircuitStateFile
from worker.resilience.throttle import slow_start_file

# Older notices are history; what still holds is noticed again.
NOTICES_S = DAY_S
MAX_NOTICES = 50


def overview(context: TaskContext, arguments: NoArguments) -> OverviewAnswer:
    """Return what the overview shows beside the snapshot.

    Raises:
        TaskFailed, WorkerStartError: the queue cannot be read.
    """
    # The rest is worth showing where Stash does not say them.
    settings = context.try_read_settings()
    breaker = CircuitStateFile(context.data_dir, context.clock).load()[0]
    now = context.clock.wall()
    with context.store() as store:
        counts = Counters(store).by_kind()
        return OverviewAnswer(
            today=_tally(tallies.today(counts, now)),
            hours=_tallies(tallies.last_hours(counts, now)),
            days=_tallies(tallies.last_days(counts, now)),
            backlog_s=_backlog_s(context, store),
            slow_start_until=_slow_start_until(context),
            reachable_since=breaker.since if breaker.state is BreakerStatus.CLOSED else 0.0,
            problems=find_problems(_facts(context, store, settings, breaker)),
            first_run=first_run(context, store, settings.config if settings else None),
        )


def _facts(
    context: TaskContext, store: JobStore, settings: ConfigResult | None, breaker: CircuitState
) -> Facts:
    now = context.clock.wall()
    return Facts(
        stash_version=_stash_version(context),
        missing=settings.config.missing_required() if settings else (),
        warnings=settings.warnings if settings else (),
        is_enabled=settings.config.enabled if settings else True,
        due=store.counts()[0],
        is_worker_running=is_worker_alive(str(context.data_dir)),
        breaker=breaker,
        dead_letters=DeadLetters(store).newest_by_reason(),
        notices=Notices(store).newest(now - NOTICES_S, MAX_NOTICES),
        now=now,
    )


def _stash_version(context: TaskContext) -> str:
    try:
        return context.stash_client().read_version()
    except PlexSyncError:
        return ""


def _backlog_s(context: TaskContext, store: JobStore) -> float | None:
    due, _, running = store.counts()
    if not due + running:
        return 0.0
    statistics = current_statistics(context.data_dir, Counters(store), context.clock)
    job_s = usual_job_s(statistics)
    return (due + running) * job_s if job_s else None


def _slow_start_until(context: TaskContext) -> float:
    ramp = slow_start_file(context.data_dir, context.clock).load()
    return 0.0 if ramp is None or ramp.is_over else context.clock.wall() + ramp.remaining_s


def _tally(tally: tallies.Tally) -> Tally:
    return Tally(at=tally.at, synced=tally.synced, failed=tally.failed)


def _tallies(rows: Iterable[tallies.Tally]) -> tuple[Tally, ...]:
    return tuple(map(_tally, rows))
