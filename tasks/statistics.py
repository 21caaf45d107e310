"""Tasks on the statistics."""

from core.text import pluralize
from sync_queue.counters import Counters
from tasks.context import TaskContext, TaskResult
from worker.reporting.stats import current_statistics, reset_statistics


def reset_stats(context: TaskContext) -> TaskResult:
    """Reset the statistics to zero."""
    with context.store() as store:
        counters = Counters(store)
        jobs = current_statistics(context.data_dir, counters, context.clock).jobs
        what = (
            f"The statistics of {pluralize(jobs, 'job')}, their times and their "
            "requests would be deleted."
        )
        if not context.confirm("Reset Statistics", jobs, what):
            return {"deleted": 0, "jobs": jobs}
        reset_statistics(context.data_dir, counters, context.clock)
    context.info(
        f"The statistics of {pluralize(jobs, 'job')} are deleted; counting starts at zero, "
        "the queue is unchanged."
    )
    return {"deleted": jobs}
