"""Runs the reconciliation's tasks: request a run and follow it."""

from dataclasses import replace

from core.timers import IntervalTimer
from reconciliation.detectors import DETECTORS
from reconciliation.history import HistoryFile
from reconciliation.run import (
    Run,
    RunRequest,
    current_run,
    format_gap_counts,
    pending_request,
    request_run,
)
from sync.filters import left_out_lines
from sync_queue import statements as sql
from sync_queue.hook_queue import is_worker_alive
from sync_queue.meta import MetaStore
from tasks.context import TaskContext, TaskResult
from tasks.follow_worker import follow_worker
from tasks.progress import MAX_DURATION_S, REPORT_INTERVAL_S, WorkerStartError
from tasks.queue import process_queue
from validation.scope import ALL, RECENT, WEEK, Scope

EXAMPLES = 20
HALF = 0.5  # of the progress bar: the comparison first, then the jobs it has queued


def reconcile_all(context: TaskContext) -> TaskResult:
    """Compare every scene, queue what is out of step, and follow the worker."""
    return _reconcile(context, ALL)


def reconcile_recent(context: TaskContext) -> TaskResult:
    """Reconcile what was created or changed within 24 hours."""
    return _reconcile(context, RECENT)


def reconcile_week(context: TaskContext) -> TaskResult:
    """Reconcile what was created or changed within seven days."""
    return _reconcile(context, WEEK)


def ask_for_run(facts: MetaStore, scope: Scope, now: float) -> RunRequest:
    """Ask the worker for a run; one over everything makes later runs compare every scene."""
    if scope.is_full:
        facts.set(sql.SYNC_ALL_REQUESTED, repr(now))
    return request_run(facts, scope, now)


def _reconcile(context: TaskContext, scope: Scope) -> TaskResult:
    if not context.has_queue() and not context.try_start_worker():
        process_queue(context)  # creates the queue
    with context.store() as store:
        facts = MetaStore(store)
        request = ask_for_run(facts, scope, context.clock.wall())
        try:
            context.ensure_worker()
        except WorkerStartError:
            pass  # process_queue below then compares and drains in this process
        else:
            _follow(context, facts, request)
    answer = process_queue(
        replace(context, progress=lambda share: context.progress(HALF + share * HALF))
    )
    history, _ = HistoryFile(context.data_dir, context.clock).load()
    run = next((run for run in history.runs if run.asked_at == request.asked_at), None)
    if run is None:
        context.info("The comparison is not finished; the worker continues it by itself.")
        return {**answer, "finished": False}
    return {**answer, "finished": True, **report_run(context, run, "queued")}


def _follow(context: TaskContext, facts: MetaStore, request: RunRequest) -> None:
    """Show progress until the comparison ends, the worker waits, nothing moves, or time is up."""
    report_timer = IntervalTimer(context.clock, REPORT_INTERVAL_S, later=True)

    def is_pending() -> bool:
        return _is_ahead(facts, request) and is_worker_alive(str(context.data_dir))

    def poll() -> int | None:
        """Show how many scenes are compared, and return it; None before the comparison begins."""
        run = current_run(facts)
        context.progress(HALF * share_of(run) if run is not None else 0.0)
        if run is not None and report_timer.fire():
            context.info(
                f"{run.checked} of {run.total} scenes compared, "
                f"gaps: {format_gap_counts(run.gaps)}."
            )
        return run.checked if run is not None else None

    ends_at = context.clock.monotonic() + MAX_DURATION_S
    follow_worker(context.clock, facts, is_pending, poll, ends_at)


def _is_ahead(facts: MetaStore, request: RunRequest) -> bool:
    run = current_run(facts)
    return pending_request(facts) is not None or (
        run is not None and run.asked_at == request.asked_at
    )


def share_of(run: Run) -> float:
    """Return the compared share, 0 to 1."""
    return min(1.0, run.checked / run.total) if run.total else 0.0


def report_run(context: TaskContext, run: Run, queued: str) -> TaskResult:
    """Report the gaps by kind, the sum last; return the same as an answer."""
    for detector in DETECTORS:
        if run.gaps.get(detector.kind):
            fields = format_gap_counts(run.fields.get(detector.kind, {}))
            where = "" if fields == "none" else f" ({fields})"
            context.info(f"{run.gaps[detector.kind]} {detector.kind}{where}: {detector.meaning}")
    for line in left_out_lines(run.left_out):
        context.info(line)
    context.info(
        f"{run.checked} scenes compared. Gaps: {format_gap_counts(run.gaps)}; {queued}: "
        f"{format_gap_counts(run.enqueued)}."
    )
    if run.failed:
        context.log("warning", f"The comparison ended early: {run.failed}.")
    return {
        "scope": run.scope,
        "checked": run.checked,
        "gaps": run.gaps,
        "fields": run.fields,
        "queued_gaps": run.enqueued,
        "left_out": run.left_out,
        "failed": run.failed,
    }
