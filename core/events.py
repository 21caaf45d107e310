"""Define what the drain reports: one frozen event per callback."""

from dataclasses import dataclass

from core.job import Job
from core.outcome import Outcome


@dataclass(frozen=True, slots=True)
class JobFinished:
    """One attempt at a job has ended, and its row has changed accordingly.

    `took_s` is the duration of the attempt in seconds, without the time of shared reads.
    """

    job: Job
    outcome: Outcome
    took_s: float
