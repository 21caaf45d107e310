"""Answer the calls for statistics and for the worker's log."""

from core.step_timer import STEPS
from page.log_tail import newest_lines
from page.models.base import Done, NoArguments
from page.models.runs import LogAnswer, ReadLog, StatisticsAnswer, StepTime
from sync_queue.counters import Counters
from tasks.context import TaskContext, TaskFailed
from tasks.diagnostics import LOG
from worker.reporting.stats import Statistics, current_statistics
from worker.reporting.stats import reset_statistics as reset_counters

LOG_FILES = (LOG, f"{LOG}.1")
"""The worker's log and the newest rotated one."""


def statistics(context: TaskContext, arguments: NoArguments) -> StatisticsAnswer:
    """Return what was counted since the last reset."""
    with context.store() as store:
        counted = current_statistics(context.data_dir, Counters(store), context.clock)
    return StatisticsAnswer(
        since=counted.since,
        outcomes=counted.outcomes,
        errors=counted.errors,
        fields=counted.fields,
        confidence=counted.confidence,
        steps=_steps(counted),
        requests_per_job=counted.requests_per_job,
    )


def reset_statistics(context: TaskContext, arguments: NoArguments) -> Done:
    """Set every counter to zero, those of the charts too.

    Raises:
        OSError: the readable copy could not be saved; the counters are at zero.
    """
    with context.store() as store:
        reset_counters(context.data_dir, Counters(store), context.clock)
    return Done(text="The statistics are reset; counting starts at zero, the queue is unchanged.")


def log(context: TaskContext, arguments: ReadLog) -> LogAnswer:
    """Return the newest lines of the worker's log, with the rotated one's where it is short.

    Raises:
        TaskFailed: the log cannot be read.
    """
    paths = tuple(context.data_dir / name for name in LOG_FILES)
    try:
        return LogAnswer(lines=tuple(newest_lines(paths, arguments.lines, arguments.level)))
    except OSError as error:
        raise TaskFailed(f"The worker's log cannot be read: {error}.") from error


def _steps(counted: Statistics) -> tuple[StepTime, ...]:
    timing = counted.timing
    names = [*STEPS, *(name for name in timing if name not in STEPS)]
    return tuple(
        StepTime(
            step=name,
            count=timing[name].count,
            average=timing[name].average,
            p50=timing[name].p50,
            p95=timing[name].p95,
        )
        for name in names
        if name in timing
    )
