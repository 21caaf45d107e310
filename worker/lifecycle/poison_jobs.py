"""Dead-letter poison jobs: jobs that repeatedly crash the worker."""

from collections.abc import Sequence

from core.errors import PoisonJob
from core.job import Job
from core.log import EventLog
from core.outcome import Disposition
from sync_queue.store import JobStore
from worker.reporting.tallies import tally_counters

CRASHES_TO_DEAD_LETTER = 6


def dead_letter_poison_jobs(
    store: JobStore,
    charged: Sequence[Job],
    log: EventLog,
    now: float,
    *,
    was_reading: bool = False,
) -> int:
    """Write a dead letter for each charged job with too many crashes; return how many.

    `charged` are the jobs that the killed worker was processing, or, with `was_reading`, was
    reading for. `now` is in epoch seconds.
    """
    counts = tally_counters(Disposition.DEAD_LETTER, now)
    if was_reading and len(charged) > 1:
        crashes = max(job.crashes for job in charged)
        log.warning("worker.killed_reading", jobs=len(charged), crashes=crashes)
    dead_lettered = 0
    for job in charged:
        if not was_reading or len(charged) == 1:
            number = job.subject.partition(":")[2]
            log.warning("worker.killed", **{job.kind: number}, crashes=job.crashes)
        if job.crashes < CRASHES_TO_DEAD_LETTER:
            continue
        reason, message = PoisonJob.__name__, PoisonJob("").advice
        dead_lettered += store.dead_letter_waiting(job, reason, message, counts)
    return dead_lettered
