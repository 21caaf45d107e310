"""Answer the calls that begin and end long work of the worker."""

from core.errors import PlexSyncError
from core.job import PRIORITY_BACKFILL
from core.text import pluralize
from page.call import BadArguments
from page.confirm import is_confirmed
from page.models.base import Confirmed, Done
from page.models.runs import CancelRun, StartReconciliation, StartSync
from reconciliation.gap_sinks import CAUSE as RECONCILE
from reconciliation.run import cancel_run as cancel_comparison
from reconciliation.run import current_run, is_cancelled, pending_request
from sync_queue import statements as sql
from sync_queue.meta import MetaStore
from sync_queue.store import JobStore
from sync_queue.sync_run import SyncRun, current_sync, request_sync
from tasks.context import TaskContext, TaskFailed
from tasks.progress import WorkerStartError
from tasks.reconcile import ask_for_run
from validation.scope import Scope, read_scope

NAMES = {
    "sync_all": "Sync All Scenes",
    "sync_recent": "Sync Recent Scenes",
    "force_sync": "Force Sync All",
    RECONCILE: "The reconciliation",
}
"""What long work is called, by its kind."""


def start_sync(context: TaskContext, arguments: StartSync) -> Done:
    """Ask the worker to enqueue scenes.

    Raises:
        TaskFailed: another sync is being queued, or no worker can be started.
    """
    _ensure_worker(context)
    with context.store() as store:
        facts = MetaStore(store)
        run = current_sync(facts)
        if run is not None and not run.is_enqueued:
            raise TaskFailed(
                f"{NAMES.get(run.kind, 'A sync')} is still being queued. Wait for it, or cancel it."
            )
        request_sync(facts, arguments.kind, context.clock.wall())
    return Done(text=f"{NAMES[arguments.kind]}: the worker queues the scenes now.")


def start_reconciliation(context: TaskContext, arguments: StartReconciliation) -> Done:
    """Ask the worker for a comparison; the newest request counts.

    Raises:
        BadArguments: the scope is none.
        TaskFailed: a comparison is under way, or no worker can be started.
    """
    scope = _scope(arguments.scope)
    _ensure_worker(context)
    with context.store() as store:
        facts = MetaStore(store)
        run = current_run(facts)
        is_running = run is not None and not is_cancelled(facts, run)
        if is_running or pending_request(facts) is not None:
            raise TaskFailed("A comparison is under way already. Wait for it, or cancel it.")
        ask_for_run(facts, scope, context.clock.wall())
    return Done(text=f"The worker compares the scenes of the scope {scope.text} now.")


def cancel_run(context: TaskContext, arguments: CancelRun) -> Confirmed:
    """End long work; delete the waiting jobs that only a sync has caused."""
    with context.store() as store:
        if arguments.kind == RECONCILE:
            return _cancel_comparison(store, arguments.confirm)
        return _cancel_sync(store, arguments.kind, arguments.confirm)


def _cancel_comparison(store: JobStore, confirm: int | None) -> Confirmed:
    if not is_confirmed(confirm, 0):
        return Confirmed(count=0, is_done=False)
    if not cancel_comparison(store):
        return Confirmed(count=0, is_done=True, text="No comparison is under way.")
    text = "The comparison is cancelled; the jobs that it has queued stay."
    return Confirmed(count=0, is_done=True, text=text)


def _cancel_sync(store: JobStore, kind: str, confirm: int | None) -> Confirmed:
    values = {"priority": PRIORITY_BACKFILL, "cause": kind}
    with store.transaction() as connection:
        count = int(connection.execute(sql.COUNT_ONLY_CAUSE, values).fetchone()[0])
        if confirm is None:
            return Confirmed(count=count, is_done=False)
        # The number grows while the worker enqueues, so that ends even where it has to be shown
        # once more.
        if _is_kind(current_sync(MetaStore(store)), kind):
            connection.execute(sql.SET_META, {"key": sql.SYNC_RUN, "value": ""})
        if not is_confirmed(confirm, count):
            text = f"{NAMES[kind]} queues no more scenes; those that it has queued wait."
            return Confirmed(count=count, is_done=False, text=text)
        connection.execute(sql.DROP_ONLY_CAUSE, values)
    deleted = pluralize(count, "waiting job")
    text = (
        f"{NAMES[kind]} is cancelled: {deleted} deleted. Jobs with another cause, and those in "
        "progress, continue."
    )
    return Confirmed(count=count, is_done=True, text=text)


def _is_kind(run: SyncRun | None, kind: str) -> bool:
    return run is not None and run.kind == kind


def _scope(text: str) -> Scope:
    try:
        return read_scope(text)
    except ValueError as error:
        raise BadArguments(f"start_reconciliation: scope: {error}.") from error


def _ensure_worker(context: TaskContext) -> None:
    try:
        context.ensure_worker()
    except WorkerStartError as error:
        raise TaskFailed(
            f"{_sentence(error)} Nothing was started. See plexsync.log in PlexSync's data folder."
        ) from error


def _sentence(error: PlexSyncError) -> str:
    return f"{str(error).rstrip('.')}."
