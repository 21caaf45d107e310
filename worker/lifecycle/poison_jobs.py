"""A job that kills its worker again and again is buried, so that the others live."""

from collections.abc import Sequence

from core.errors import WorkerDied
from core.job import Job
from core.log import EventLog
from sync_queue.store import JobStore

DEATHS_TO_BURY = 6


def bury_the_deadly(store: JobStore, charged: Sequence[Job], log: EventLog) -> int:
    """Bury each of these jobs that has cost six workers their lives; how many."""
    if len(charged) > 1:
        log.warning("worker.died_reading", jobs=len(charged), deaths=max(job.deaths for job in charged))
    buried = 0
    for job in charged:
        if len(charged) == 1:
            log.warning("worker.died", **{job.kind: job.subject.partition(":")[2]}, deaths=job.deaths)
        if job.deaths >= DEATHS_TO_BURY and store.bury_waiting(job, WorkerDied.__name__, WorkerDied("").advice):
            buried += 1
    return buried
