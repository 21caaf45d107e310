"""Tasks on the statistics."""

from core.text import several
from sync_queue.counters import Counters
from tasks.context import Answer, Context
from worker.reporting.stats import present_statistics, reset_statistics


def reset_stats(context: Context) -> Answer:
    """Begin the statistics anew at zero."""
    with context.store() as store:
        counters = Counters(store)
        jobs = present_statistics(context.data_dir, counters, context.clock.sleep).jobs
        what = f"The statistics of {several(jobs, 'job')}, their times and their requests would be deleted."
        if not context.confirmed("Reset Statistics", jobs, what):
            return {"deleted": 0, "jobs": jobs}
        reset_statistics(context.data_dir, counters, context.clock)
    context.info(f"The statistics of {several(jobs, 'job')} are deleted; counting begins anew, the queue is untouched.")
    return {"deleted": jobs}
