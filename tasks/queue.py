"""Tasks that fill the queue, empty it, and watch it."""

from contextlib import suppress

from core.errors import Fenced, PlexSyncError
from core.job import FORCE_SYNC, PRIORITY_BACKFILL, SYNC_ALL, SYNC_RECENT
from core.text import pluralize
from core.timers import IntervalTimer
from sync_queue.counters import Counters
from sync_queue.hook_queue import is_worker_alive
from sync_queue.meta import SERVER, MetaStore
from sync_queue.records import Records
from sync_queue.statements import SYNC_ALL_REQUESTED
from sync_queue.store import JobStore
from tasks.context import TaskContext, TaskResult, state_pages
from tasks.progress import REPORT_INTERVAL_S, QueueProgress, WorkerStartError
from worker.discovery.sync_selection import PAGE, select_scenes, selection_of
from worker.reporting.stats import current_statistics, usual_job_s

MIN_FOLLOW_S = 60.0
UNKNOWN_JOB_S = 0.5
TIME_MARGIN = 3.0  # a task's own estimate may be wrong by this factor


def process_queue(context: TaskContext) -> TaskResult:
    """Make sure that a worker is running and follow it until nothing is due."""
    _warn_if_paused(context)
    try:
        context.ensure_worker()
    except WorkerStartError as error:
        return _drain_in_process(context, error)
    with context.store() as store:
        follower, limit_s = _start_progress(context, store)
        return follower.follow(lambda: is_worker_alive(str(context.data_dir)), limit_s)


def sync_all(context: TaskContext) -> TaskResult:
    """Queue every scene that the records do not prove current, and follow the worker."""
    return _enqueue(context, SYNC_ALL)


def force_sync_all(context: TaskContext) -> TaskResult:
    """Queue every scene, whatever the records say, and follow the worker."""
    return _enqueue(context, FORCE_SYNC)


def sync_recent(context: TaskContext) -> TaskResult:
    """Queue what changed within 24 hours and is not proven current, and follow the worker."""
    return _enqueue(context, SYNC_RECENT)


def clear_waiting(context: TaskContext) -> TaskResult:
    """Forget what waits, never what is in progress."""
    with context.store() as store:
        due, later, running = store.counts()
        count = due + later
        if not context.confirm(
            "Clear Pending Queue",
            count,
            f"{pluralize(count, 'waiting change')} would be forgotten.",
        ):
            return {"deleted": 0, "waiting": count}
        deleted = store.clear_waiting()
    context.info(
        f"{pluralize(deleted, 'waiting change')} forgotten; {running:,} in progress, none waits."
    )
    return {"deleted": deleted, "running": running}


def _enqueue(context: TaskContext, cause: str) -> TaskResult:
    if not context.has_queue() and not context.try_start_worker():
        _ensure_queue(context)
    stash, pace = (
        context.stash_client(),
        IntervalTimer(context.clock, REPORT_INTERVAL_S, later=True),
    )
    queued = proven = 0
    selection = selection_of(cause, context.clock.wall())
    with context.store() as store:
        if not selection.since:
            MetaStore(store).set(SYNC_ALL_REQUESTED, repr(context.clock.wall()))
        records, server = Records(store), MetaStore(store).get(SERVER)
        for page in state_pages(stash, PAGE, selection.since):
            chosen = select_scenes(records, server, page, selection)
            queued += store.enqueue_many(chosen.subjects, cause, PRIORITY_BACKFILL)
            proven += chosen.current
            if pace.fire():
                context.info(f"{pluralize(queued, 'scene')} queued so far, {proven:,} left out.")
    known = f"; {proven:,} left out, which Plex is proven to show as they are" if proven else ""
    context.info(f"{pluralize(queued, 'scene')} queued{known}.")
    return {**process_queue(context), "queued": queued, "current": proven}


def _drain_in_process(context: TaskContext, reason: WorkerStartError) -> TaskResult:
    """Where no worker can be started, do its work in this very process."""
    context.log("warning", f"{reason} This task does the work itself.")
    _ensure_queue(context)
    with context.store() as store:
        # nothing continues after this task, so it may use all of its time
        limit_s = context.max_duration_s()
        follower = _start_progress(context, store)[0]
        ends_at = context.clock.monotonic() + limit_s
        try:
            is_alone = context.work_here(follower.update, limit_s)
        except Fenced:
            is_alone = False
        if not is_alone:
            return {
                "worked_here": False,
                **follower.follow(lambda: is_worker_alive(str(context.data_dir)), limit_s),
            }
        if context.clock.monotonic() >= ends_at:
            follower.report_timeout(limit_s)
        if store.next_due() is not None:
            with suppress(OSError):  # a machine that was too slow for a worker may have one now
                context.start_worker("task")
        return {"worked_here": True, **follower.finish("Run Process Queue again to continue.")}


def _ensure_queue(context: TaskContext) -> None:
    """Create the queue if there is none: a worker without time creates it and absorbs the spill."""
    if not context.has_queue():
        context.work_here(lambda: None, 0.0)


def _warn_if_paused(context: TaskContext) -> None:
    """Why nothing will move, where the settings are the reason."""
    try:
        config = context.read_settings(context.stash_client()).config
    except PlexSyncError as error:
        context.log("warning", f"The settings cannot be read now: {error}")
        return
    if config.missing_required():
        missing = " and ".join(config.missing_required())
        context.log(
            "warning", f"Not set in PlexSync's settings: {missing}. What waits is kept until then."
        )
    elif not config.enabled:
        context.log("warning", "PlexSync is switched off in its settings; what waits is kept.")


def _start_progress(context: TaskContext, store: JobStore) -> tuple[QueueProgress, float]:
    """Return the started progress, and how many seconds following is useful."""
    follower = QueueProgress(store, context.clock, context.log, context.progress)
    statistics = current_statistics(context.data_dir, Counters(store), context.clock)
    job_s = usual_job_s(statistics)
    follower.start(job_s)
    limit_s = context.max_duration_s()
    return follower, min(
        limit_s, max(MIN_FOLLOW_S, follower.remaining() * (job_s or UNKNOWN_JOB_S) * TIME_MARGIN)
    )
