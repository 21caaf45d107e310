"""A job that kills its worker again and again is buried, so that the others live."""

from collections.abc import Sequence

from core.errors import PoisonJob
from core.job import Job
from core.log import EventLog
from sync_queue.store import JobStore

CRASHES_TO_DEAD_LETTER = 6


def dead_letter_poison_jobs(store: JobStore, charged: Sequence[Job], log: EventLog) -> int:
    """Bury each of these jobs that has cost six workers their lives; how many."""
    if len(charged) > 1:
        log.warning(
            "worker.killed_reading", jobs=len(charged), crashes=max(job.crashes for job in charged)
        )
    buried = 0
    for job in charged:
        if len(charged) == 1:
            log.warning(
                "worker.killed", **{job.kind: job.subject.partition(":")[2]}, crashes=job.crashes
            )
        if job.crashes >= CRASHES_TO_DEAD_LETTER and store.dead_letter_waiting(
            job, PoisonJob.__name__, PoisonJob("").advice
        ):
            buried += 1
    return buried
