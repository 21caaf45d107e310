"""Records the last 30 outages of Plex in `outages.json` and computes their metrics."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator

from core.clock import Clock
from validation.state_file import StateFile
from worker.resilience.breaker import BreakerStatus, BreakerTransition, CircuitState

FILE_NAME = "outages.json"
KEPT = 30
MAX_TEXT = 300
MAX_TIMESTAMP = 32_503_680_000.0  # the year 3000; later times cannot be shown everywhere

PASSED_TEST = "Plex passed the half-open test"
STATE_LOST = "the breaker was found closed after a restart"

_Moment = Annotated[float, Field(ge=0.0, le=MAX_TIMESTAMP)]


class Outage(BaseModel):
    """One outage. Times are epoch seconds.

    Attributes:
        start: when it began.
        end: when it ended; None while it lasts.
        cause: the class of the first failure.
        error: the text of the first failure.
        jobs: how many jobs it affected.
        how: what ended it.
        refused: Plex denied access at some time of it, so that the user had to act.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    start: _Moment
    end: _Moment | None = None
    cause: str
    error: str = ""
    jobs: int = Field(default=0, ge=0, le=1_000_000_000)
    how: str = ""
    refused: bool = False


class OutageHistory(BaseModel):
    """The newest 30 outages, oldest first. Only the last of them can be the current outage."""

    model_config = ConfigDict(frozen=True)

    outages: tuple[Outage, ...] = ()

    @field_validator("outages", mode="after")
    @classmethod
    def _newest(cls, outages: tuple[Outage, ...]) -> tuple[Outage, ...]:
        return outages[-KEPT:]

    @property
    def current(self) -> Outage | None:
        """Return the outage that lasts; None while Plex is available."""
        last = self.outages[-1] if self.outages else None
        return last if last is not None and last.end is None else None


@dataclass(frozen=True, slots=True)
class Metrics:
    """The metrics of the recorded outages.

    Outages with denied access count in `refused` only: their length depends on the user.

    Attributes:
        count: outages, the current outage included.
        refused: outages in which Plex denied access.
        mtbf_s: mean seconds from the end of an outage to the start of the next; None before the
            second outage.
        mttr_s: mean length in seconds of those that ended; None if none has.
        availability: share (0 to 1) of the time since the first outage began in which Plex was
            available, denied access left out; None without an outage or elapsed time.
        since_last_s: seconds since the last outage ended; 0 while it lasts, None without an outage.
    """

    count: int = 0
    refused: int = 0
    mtbf_s: float | None = None
    mttr_s: float | None = None
    availability: float | None = None
    since_last_s: float | None = None


def begin_outage(
    history: OutageHistory, now: float, cause: str, error: str, refused: bool
) -> OutageHistory:
    """Return the history with a new outage; a current outage only learns of denied access."""
    current = history.current
    if current is not None:
        return _with_current(history, current, refused=current.refused or refused)
    begun = Outage(
        start=_clamp(now), cause=_one_line(cause), error=_one_line(error), refused=refused
    )
    return _history((*history.outages, begun))


def end_outage(history: OutageHistory, now: float, how: str) -> OutageHistory:
    """Return the history with the current outage ended by `how`; unchanged without one."""
    current = history.current
    if current is None:
        return history
    return _with_current(history, current, end=max(current.start, _clamp(now)), how=_one_line(how))


def add_affected_jobs(history: OutageHistory, jobs: int = 1) -> OutageHistory:
    """Return the history with more jobs for the current outage; unchanged without one."""
    current = history.current
    return history if current is None else _with_current(history, current, jobs=current.jobs + jobs)


def is_during_outage(history: OutageHistory, moment: float, margin_s: float) -> bool:
    """Return True if `moment` is at most `margin_s` before or after the time of an outage."""
    return any(
        outage.start - margin_s <= moment
        and (outage.end is None or moment <= outage.end + margin_s)
        for outage in history.outages
    )


def metrics(history: OutageHistory, now: float) -> Metrics:
    """Return the metrics at `now`. After a jump of the clock they are inexact, never invalid."""
    counted = [outage for outage in history.outages if not outage.refused]
    refused = [outage for outage in history.outages if outage.refused]
    if not counted:
        return Metrics(refused=len(refused))
    lengths = [duration_s(outage, now) for outage in counted if outage.end is not None]
    last = counted[-1]
    return Metrics(
        count=len(counted),
        refused=len(refused),
        mtbf_s=_mean(_gaps_s(history.outages)),
        mttr_s=_mean(lengths),
        availability=_availability(counted, refused, now),
        since_last_s=0.0 if last.end is None else max(0.0, now - last.end),
    )


def duration_s(outage: Outage, now: float) -> float:
    """Return how many seconds the outage lasted, or has lasted so far."""
    return max(0.0, (now if outage.end is None else outage.end) - outage.start)


def history_file(data_dir: Path, clock: Clock) -> StateFile[OutageHistory]:
    """Return the document `outages.json`, empty by default."""
    return StateFile(data_dir / FILE_NAME, TypeAdapter(OutageHistory), OutageHistory, clock)


def read_history(data_dir: Path, clock: Clock) -> tuple[OutageHistory, str]:
    """Return the stored history and a warning for users, "" unless it was corrupt."""
    file = history_file(data_dir, clock)
    return file.load(), file.warning


class OutageRecorder:
    """Records the outages and saves the history after each change.

    `warning` is for users, "" unless the stored history was corrupt. `on_save_failed` gets the
    reason; the history stays in memory, and the next change saves it too.
    """

    def __init__(
        self, data_dir: Path, clock: Clock, on_save_failed: Callable[[str], object]
    ) -> None:
        self._file = history_file(data_dir, clock)
        self._clock = clock
        self._on_save_failed = on_save_failed
        self.history = self._file.load()
        self.warning = self._file.warning

    def on_breaker_transition(self, event: BreakerTransition) -> None:
        """Begin an outage when the breaker opens, end it when it closes."""
        if event.new.state is BreakerStatus.OPEN:
            self._open(event.new, self._clock.wall())
        elif event.new.state is BreakerStatus.CLOSED:
            self._save(end_outage(self.history, self._clock.wall(), PASSED_TEST))

    def sync_with_breaker(self, breaker: CircuitState) -> None:
        """Follow the breaker's stored state after a start: one of the files may be lost."""
        if breaker.state is BreakerStatus.CLOSED:
            self._save(end_outage(self.history, self._clock.wall(), STATE_LOST))
        else:
            self._open(breaker, breaker.since)

    def add_affected_jobs(self, jobs: int = 1) -> None:
        """Add jobs to those that the current outage affected."""
        self._save(add_affected_jobs(self.history, jobs), durable=False)

    def _open(self, breaker: CircuitState, start: float) -> None:
        cause, _, error = breaker.reason.partition(": ")
        self._save(begin_outage(self.history, start, cause, error, breaker.refused))

    def _save(self, history: OutageHistory, *, durable: bool = True) -> None:
        if history == self.history:
            return
        self.history = history
        detail = self._file.save(history, durable=durable)
        if detail:
            self._on_save_failed(detail)


def _clamp(now: float) -> float:
    return min(max(now, 0.0), MAX_TIMESTAMP)


def _one_line(text: str) -> str:
    """Return foreign text on one short line, without the half characters of file names."""
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split())[:MAX_TEXT]


def _history(outages: tuple[Outage, ...]) -> OutageHistory:
    return OutageHistory(outages=outages[-KEPT:])


def _with_current(history: OutageHistory, current: Outage, **changes: object) -> OutageHistory:
    return _history((*history.outages[:-1], current.model_copy(update=changes)))


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _gaps_s(outages: tuple[Outage, ...]) -> list[float]:
    """Return the seconds between outages, except next to denied access, whose end is unknown."""
    pairs = zip(outages, outages[1:], strict=False)
    return [
        max(0.0, later.start - earlier.end)
        for earlier, later in pairs
        if earlier.end is not None and not (earlier.refused or later.refused)
    ]


def _availability(counted: list[Outage], refused: list[Outage], now: float) -> float | None:
    first = counted[0].start
    unknown_s = sum(duration_s(outage, now) for outage in refused if outage.start >= first)
    observed_s = now - first - unknown_s
    if observed_s <= 0.0:
        return None
    away_s = sum(duration_s(outage, now) for outage in counted)
    return min(1.0, max(0.0, 1.0 - away_s / observed_s))
