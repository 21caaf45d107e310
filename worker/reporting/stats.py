"""Counts what PlexSync has done and writes a readable copy, `stats.json`.

The counters lie in the queue's database and change in the transaction that completes the job, so a
kill neither loses nor repeats a count. `stats.json` adds the newest times and the requests. It is
written at the end of each drain, so a kill loses times and requests of one drain at most.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, computed_field

from core.clock import Clock
from core.events import JobFinished
from core.log import EventLog
from core.outcome import Disposition, Outcome
from core.step_timer import StepTimer
from sync_queue.counters import Counters
from validation.state_file import StateFile
from worker.reporting.tallies import tally_counters

FILE_NAME = "stats.json"
JOB = "job"
JOBS = "jobs"
COUNTED = ("outcomes", "errors", "fields", "confidence", "days")
"""The kinds of counters that are part of the statistics."""


class Timing(BaseModel):
    """The newest times of one step: how many, average, median and 95th percentile in seconds."""

    model_config = ConfigDict(frozen=True)

    count: int
    average: float
    p50: float
    p95: float


class Statistics(BaseModel):
    """The statistics since the last reset.

    Attributes:
        since: when counting began, epoch seconds.
        outcomes: jobs by `Disposition`, retries included.
        errors: failed attempts by class of error.
        fields: written fields by name.
        confidence: matched jobs by confidence.
        days: completed jobs by UTC day, of the last 35 days.
        times_s: the newest times of each step in seconds, oldest first; `job` has those of
            successful jobs only.
        requests: requests by server (`plex`, `stash`); `jobs` is how many jobs they were sent for.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    since: float = Field(default=0.0, ge=0.0)
    outcomes: dict[str, int] = Field(default_factory=dict)
    errors: dict[str, int] = Field(default_factory=dict)
    fields: dict[str, int] = Field(default_factory=dict)
    confidence: dict[str, int] = Field(default_factory=dict)
    days: dict[str, int] = Field(default_factory=dict)
    times_s: dict[str, tuple[Annotated[float, Field(ge=0.0)], ...]] = Field(default_factory=dict)
    requests: dict[str, int] = Field(default_factory=dict)

    @property
    def jobs(self) -> int:
        """Return the number of outcomes, retries included."""
        return sum(self.outcomes.values())

    @computed_field  # type: ignore[prop-decorator]
    @property
    def timing(self) -> dict[str, Timing]:
        """Return the summary of the times, by step."""
        return {name: timing_of(times) for name, times in self.times_s.items() if times}

    @computed_field  # type: ignore[prop-decorator]
    @property
    def requests_per_job(self) -> dict[str, float]:
        """Return the mean number of requests per job, by server; {} before the first job."""
        jobs = self.requests.get(JOBS, 0)
        return {
            name: round(count / jobs, 2)
            for name, count in self.requests.items()
            if jobs and name != JOBS
        }


def timing_of(times_s: tuple[float, ...]) -> Timing:
    """Return the summary of `times_s` (seconds), which must not be empty."""
    return Timing(
        count=len(times_s),
        average=round(sum(times_s) / len(times_s), 4),
        p50=percentile(times_s, 0.5) or 0.0,
        p95=percentile(times_s, 0.95) or 0.0,
    )


def counters_for(outcome: Outcome, at: float) -> list[tuple[str, str]]:
    """Return the counters that an outcome of this time (epoch seconds) adds to: (kind, name)."""
    counts = [("outcomes", outcome.disposition.value)]
    counts += tally_counters(outcome.disposition, at)
    if outcome.disposition is not Disposition.COMPLETE:
        return [*counts, ("errors", outcome.reason)]
    counts += [("fields", name) for name in outcome.wrote]
    if outcome.items:
        counts.append(("confidence", outcome.confidence))
    return counts


def usual_job_s(statistics: Statistics) -> float:
    """Return the mean seconds of the newest successful jobs; 0.0 before the first."""
    times = statistics.times_s.get(JOB, ())
    return sum(times) / len(times) if times else 0.0


def percentile(times_s: Iterable[float], share: float) -> float | None:
    """Return the time (seconds) below which `share` (0 to 1) of the times lie; None without any."""
    ordered = sorted(times_s)
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def statistics_file(data_dir: Path, clock: Clock) -> StateFile[Statistics]:
    """Return the document `stats.json`, the readable copy; empty by default."""
    return StateFile(data_dir / FILE_NAME, TypeAdapter(Statistics), Statistics, clock)


def current_statistics(data_dir: Path, counters: Counters, clock: Clock) -> Statistics:
    """Return the counters as they are, with times and requests of the copy since the last reset."""
    return _current(statistics_file(data_dir, clock).load(), counters)


def _current(copy: Statistics, counters: Counters) -> Statistics:
    since = counters.since()
    # a copy from before the last reset
    if copy.since != since:
        copy = Statistics()
    return Statistics(
        since=since, times_s=copy.times_s, requests=copy.requests, **_counted(counters)
    )


def _counted(counters: Counters) -> dict[str, Any]:
    """Return the counters that the statistics show; others are charts of their own."""
    kinds = counters.by_kind()
    return {kind: kinds[kind] for kind in COUNTED if kind in kinds}


def reset_statistics(data_dir: Path, counters: Counters, clock: Clock) -> None:
    """Set every counter to zero; a running worker detects it by the new `since`.

    Raises:
        OSError: the counters are at zero, the readable copy could not be saved.
    """
    counters.reset(clock.wall())
    detail = statistics_file(data_dir, clock).save(Statistics(since=counters.since()))
    if detail:
        raise OSError(f"{FILE_NAME} could not be saved: {detail}")


class StatisticsRecorder:
    """Records times of jobs and writes the readable copy of the statistics."""

    def __init__(
        self, data_dir: Path, counters: Counters, clock: Clock, log: EventLog, timer: StepTimer
    ) -> None:
        self._file = statistics_file(data_dir, clock)
        self._counters = counters
        self._clock = clock
        self._log = log
        self._timer = timer
        self._since = counters.begin(clock.wall())
        stored = _current(self._file.load(), counters)
        if self._file.warning:
            log.warning("state.corrupt", file=FILE_NAME, detail=self._file.warning)
        timer.restore(stored.times_s, stored.requests)

    def on_job_finished(self, event: JobFinished) -> None:
        """Count the job, and record the time of a successful one."""
        self._timer.requests[JOBS] += 1
        outcome = event.outcome
        if outcome.disposition is Disposition.COMPLETE and outcome.items:
            self._timer.record(JOB, event.took_s)

    def now(self) -> Statistics:
        """Return the current statistics."""
        since = self._counters.since()
        # the task Reset Statistics runs in another process
        if since != self._since:
            self._since = since
            self._timer.restore({}, {})
        return Statistics(
            since=since,
            times_s=self._timer.times_s(),
            requests=dict(self._timer.requests),
            **_counted(self._counters),
        )

    def save(self) -> None:
        """Write the readable copy; a failure is logged."""
        detail = self._file.save(self.now(), durable=False)
        if detail:
            self._log.warning("state.save_failed", file=FILE_NAME, detail=detail)
