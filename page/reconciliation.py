"""Answer the call for past comparisons and the next one."""

from page.models.base import NoArguments
from page.models.runs import GapKind, ReconciliationAnswer, ReconciliationRow
from reconciliation.detectors import DETECTORS
from reconciliation.history import HistoryFile
from reconciliation.run import Run
from reconciliation.runner import may_run
from reconciliation.scheduler import next_run_at
from sync_queue.meta import MetaStore
from tasks.context import TaskContext
from worker.discovery.catch_up import first_start


def reconciliation(context: TaskContext, arguments: NoArguments) -> ReconciliationAnswer:
    """Return the last runs, and when the next one is due by the worker's own rule.

    Raises:
        TaskFailed, StashUnavailable, StashQueryError: Stash does not say what is set.
    """
    config = context.read_settings(context.stash_client()).config
    history, _ = HistoryFile(context.data_dir, context.clock).load()
    with context.store() as store:
        since = first_start(MetaStore(store))
    next_at = 0.0
    if since is not None and may_run(config):
        now, scope = context.clock.wall(), config.reconcile_scope
        next_at = next_run_at(history, config.reconcile_interval, scope, now, since)
    return ReconciliationAnswer(
        runs=tuple(map(_row, history.runs)),
        kinds=tuple(GapKind(kind=row.kind, meaning=row.meaning) for row in DETECTORS),
        interval=config.reconcile_interval,
        next_at=next_at,
    )


def _row(run: Run) -> ReconciliationRow:
    return ReconciliationRow(
        cause=run.cause,
        scope=run.scope,
        started_at=run.started_at,
        ended_at=run.ended_at,
        checked=run.checked,
        total=run.total,
        gaps=run.gaps,
        queued=run.enqueued,
        failed=run.failed,
    )
