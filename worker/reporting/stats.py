"""What PlexSync has done so far, in numbers.

The counters move in the queue's database, in the transaction of the job's own move, so that three jobs
count as three whoever is killed. `stats.json` is their readable copy, with the newest times and what they
cost in requests, written at the end of each drain. A kill loses times and requests of one drain at most.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, computed_field

from core.clock import Clock
from core.events import JobFinished
from core.files import JsonFile
from core.log import EventLog
from core.outcome import Disposition, Outcome
from core.step_timer import StepTimer
from core.units import DAY_S
from sync_queue.counters import Counters

FILE_NAME = "stats.json"
JOB = "job"
JOBS = "jobs"


class Timing(BaseModel):
    """The newest times of one step in seconds: how many, their average, median and 95th percentile."""

    model_config = ConfigDict(frozen=True)

    count: int
    average: float
    p50: float
    p95: float


class Statistics(BaseModel):
    """Counters since `since` (epoch seconds).

    `times_s` are the newest of each step, oldest first; those of `job` are of successful jobs only.
    `requests` counts those to `plex` and `stash`, and under `jobs` how many jobs they were sent for.
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
        """How many outcomes there were, retries included."""
        return sum(self.outcomes.values())

    @computed_field  # type: ignore[prop-decorator]
    @property
    def timing(self) -> dict[str, Timing]:
        """What the times add up to, by step."""
        return {name: timing_of(times) for name, times in self.times_s.items() if times}

    @computed_field  # type: ignore[prop-decorator]
    @property
    def requests_per_job(self) -> dict[str, float]:
        """How many requests a job costs on average, by server; {} before the first job."""
        jobs = self.requests.get(JOBS, 0)
        return {
            name: round(count / jobs, 2)
            for name, count in self.requests.items()
            if jobs and name != JOBS
        }


def timing_of(times_s: tuple[float, ...]) -> Timing:
    """What some times add up to; there is at least one."""
    middle, high = percentile(times_s, 0.5), percentile(times_s, 0.95)
    average = round(sum(times_s) / len(times_s), 4)
    return Timing(count=len(times_s), average=average, p50=middle or 0.0, p95=high or 0.0)


def counters_for(outcome: Outcome, day: str) -> list[tuple[str, str]]:
    """The counters one outcome moves: (kind, name). `day` is YYYY-MM-DD."""
    if outcome.disposition is not Disposition.COMPLETE:
        return [("outcomes", outcome.disposition.value), ("errors", outcome.reason)]
    counts = [("outcomes", outcome.disposition.value), ("days", day)]
    counts += [("fields", name) for name in outcome.wrote]
    if outcome.items:
        counts.append(("confidence", outcome.confidence))
    return counts


def utc_day(clock: Clock, ago_s: float = 0.0) -> str:
    """The day by the wall clock, some seconds ago, in UTC: YYYY-MM-DD."""
    return datetime.fromtimestamp(clock.wall() - ago_s, timezone.utc).strftime("%Y-%m-%d")


def percentile(times_s: Iterable[float], share: float) -> float | None:
    """The time that `share` (0 to 1) of the jobs stayed below, in seconds; None without any."""
    ordered = sorted(times_s)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def read_statistics(data_dir: Path, sleep: Callable[[float], None]) -> Statistics:
    """The readable copy; empty ones when there are none or they make no sense (they are set aside)."""
    return _read(JsonFile(data_dir / FILE_NAME, sleep))


def _read(file: JsonFile) -> Statistics:
    try:
        return Statistics.model_validate(file.read() or {})
    except ValidationError:
        file.quarantine()
        return Statistics()


def current_statistics(
    data_dir: Path, counters: Counters, sleep: Callable[[float], None]
) -> Statistics:
    """The counters of this moment; times and requests of the copy, unless it is of before a reset."""
    return _present(read_statistics(data_dir, sleep), counters)


def _present(copy: Statistics, counters: Counters) -> Statistics:
    since = counters.since()
    if copy.since != since:
        copy = Statistics()
    return Statistics(
        since=since, times_s=copy.times_s, requests=copy.requests, **counters.by_kind()
    )


def reset_statistics(data_dir: Path, counters: Counters, clock: Clock) -> None:
    """Begin anew at zero; a living worker notices it by the new `since`.

    Raises:
        OSError: the counters are at zero, the readable copy could not be written.
    """
    counters.reset(clock.wall())
    JsonFile(data_dir / FILE_NAME, clock.sleep).write(
        Statistics(since=counters.since()).model_dump(mode="json")
    )


class StatisticsRecorder:
    """Remembers the times it hears and writes the readable copy."""

    def __init__(
        self, data_dir: Path, counters: Counters, clock: Clock, log: EventLog, watch: StepTimer
    ) -> None:
        self._file = JsonFile(data_dir / FILE_NAME, clock.sleep)
        self._counters = counters
        self._clock = clock
        self._log = log
        self._watch = watch
        self._since = counters.begin(clock.wall())
        kept = _present(_read(self._file), counters)
        if self._file.corruption_warning:
            log.warning("state.corrupt", detail=self._file.corruption_warning)
        watch.restore(kept.times_s, kept.requests)

    def on_job_finished(self, event: JobFinished) -> None:
        """A drain's listener: keep the time of a successful job."""
        self._watch.requests[JOBS] += 1
        outcome = event.outcome
        if outcome.disposition is Disposition.COMPLETE and outcome.items:
            self._watch.record(JOB, event.took_s)

    def now(self) -> Statistics:
        """The statistics of this moment."""
        since = self._counters.since()
        if since != self._since:  # somebody has reset them
            self._since = since
            self._watch.restore({}, {})
        times_s, requests = self._watch.times_s(), dict(self._watch.requests)
        return Statistics(
            since=since, times_s=times_s, requests=requests, **self._counters.by_kind()
        )

    def save(self) -> None:
        """Write the readable copy, of today's and yesterday's days; a disk that is full only delays it."""
        self._counters.forget_before("days", utc_day(self._clock, ago_s=DAY_S))
        try:
            self._file.write(self.now().model_dump(mode="json"), durable=False)
        except (OSError, TimeoutError) as error:
            self._log.warning("state.save_failed", file=FILE_NAME, detail=str(error))
