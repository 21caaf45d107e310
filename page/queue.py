"""Answer the calls about the queue."""

from collections.abc import Sequence

from core.job import SCENE, scene_subject
from core.text import pluralize
from page.causes import cause_texts
from page.models.base import Confirmed
from page.models.jobs import (
    ChooseJobs,
    ClearQueue,
    DropJobs,
    JobRow,
    JobState,
    ListQueue,
    QueueAnswer,
)
from page.reasons import reason_text
from sync_queue.chosen_jobs import drop_all_jobs, drop_jobs, expedite
from sync_queue.job_list import JobList, QueuedJob
from tasks.context import TaskContext


def list_queue(context: TaskContext, arguments: ListQueue) -> QueueAnswer:
    """Return the jobs that wait or are in progress, in the order in which they are processed."""
    with context.store() as store:
        jobs = JobList(store, context.clock)
        if arguments.scenes is None:
            page = jobs.page(arguments.offset, arguments.limit)
        else:
            subjects = scene_subjects(arguments.scenes)
            page = jobs.of_subjects(subjects, arguments.offset, arguments.limit)
    now = context.clock.wall()
    return QueueAnswer(total=page.total, rows=tuple(_row(job, now) for job in page.jobs))


def sync_now(context: TaskContext, arguments: ChooseJobs) -> Confirmed:
    """Make waiting jobs due and urgent, and make sure that a worker processes them."""
    with context.store() as store:
        count = expedite(store, context.clock, arguments.subjects)
    context.try_start_worker()
    text = f"{pluralize(count, 'job')} moved to the front of the queue."
    if count < len(set(arguments.subjects)):
        text += " The others are in progress or done."
    return Confirmed(count=count, is_done=True, text=text)


def drop_chosen(context: TaskContext, arguments: DropJobs) -> Confirmed:
    """Delete waiting jobs, never one in progress."""
    with context.store() as store:
        count, is_done = drop_jobs(store, arguments.subjects, arguments.confirm)
    return _deleted(count, is_done=is_done)


def clear_queue(context: TaskContext, arguments: ClearQueue) -> Confirmed:
    """Delete every waiting job, never one in progress."""
    with context.store() as store:
        count, is_done = drop_all_jobs(store, arguments.confirm)
    return _deleted(count, is_done=is_done)


def scene_of(subject: str) -> int | None:
    """Return the id of a scene's subject; None for another subject.

    Examples:
        >>> scene_of("scene:42"), scene_of("tag:7")
        (42, None)
    """
    kind, _, number = subject.partition(":")
    return int(number) if kind == SCENE and number.isdecimal() else None


def scene_subjects(scenes: Sequence[int]) -> list[str]:
    """Return the subjects of scenes, each once."""
    return [scene_subject(scene) for scene in dict.fromkeys(scenes)]


def _deleted(count: int, *, is_done: bool) -> Confirmed:
    text = f"{pluralize(count, 'waiting job')} deleted." if count else "No job waits."
    return Confirmed(count=count, is_done=is_done, text=text if is_done else "")


def _row(job: QueuedJob, now: float) -> JobRow:
    state: JobState = "running" if job.is_running else "due" if job.due_at <= now else "later"
    return JobRow(
        subject=job.subject,
        scene=scene_of(job.subject),
        state=state,
        due_at=job.due_at,
        priority=job.priority,
        causes=cause_texts(job.cause),
        attempts=job.attempts,
        reason=job.reason,
        why=reason_text(job.reason).label,
    )
