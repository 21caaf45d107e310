"""Answer the call for past outages."""

from functools import partial

from page.models.base import NoArguments
from page.models.state import OutageRow, OutagesAnswer
from sync_queue.dead_letters import DeadLetters
from tasks.context import TaskContext
from tasks.recovery import MARGIN_S, count_recoverable
from worker.resilience.outages import Outage, is_during_outage, metrics, read_history


def outages(context: TaskContext, arguments: NoArguments) -> OutagesAnswer:
    """Return the recorded outages; ask no server."""
    history, _ = read_history(context.data_dir, context.clock)
    figures = metrics(history, context.clock.wall())
    with context.store() as store:
        was_outage = partial(is_during_outage, history, margin_s=MARGIN_S)
        recoverable = count_recoverable(DeadLetters(store), was_outage)
    return OutagesAnswer(
        outages=tuple(map(_row, reversed(history.outages))),
        mtbf_s=figures.mtbf_s,
        mttr_s=figures.mttr_s,
        availability=figures.availability,
        refused=figures.refused,
        recoverable=recoverable,
    )


def _row(outage: Outage) -> OutageRow:
    return OutageRow(
        start=outage.start,
        end=outage.end or 0.0,
        cause=outage.cause,
        error=outage.error,
        jobs=outage.jobs,
        how=outage.how,
        is_refused=outage.refused,
    )
