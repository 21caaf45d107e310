"""Build the parameters of the statements that move a job."""

from collections.abc import Iterable

from core.job import Job
from core.match import CandidateEntry
from sync_queue.candidate_rows import candidates_text


def requeue_row(
    job: Job, due_at: float, reason: str, attempts: int, priority: int
) -> dict[str, object]:
    """Return the parameters of REQUEUE."""
    return {
        "id": job.id,
        "due_at": due_at,
        "attempts": attempts,
        "priority": priority,
        "reason": reason,
    }


def dead_letter_row(
    job: Job,
    reason: str,
    message: str,
    now: float,
    attempts: int,
    title: str = "",
    candidates: Iterable[CandidateEntry] = (),
) -> dict[str, object]:
    """Return the parameters of INSERT_DEAD_LETTER."""
    return {
        "subject": job.subject,
        "cause": job.cause,
        "priority": job.priority,
        "title": title,
        "reason": reason,
        "message": message,
        "attempts": attempts,
        "candidates": candidates_text(candidates),
        "first_at": job.enqueued_at,
        "now": now,
    }
