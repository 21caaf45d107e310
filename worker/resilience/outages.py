"""When Plex was away, and what that adds up to: the last 30 outages, kept in `outages.json`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core.clock import Clock
from core.files import JsonFile
from worker.resilience.breaker import BreakerStatus, CircuitState

FILE_NAME = "outages.json"
KEPT = 30
MAX_TEXT = 300
MAX_TIMESTAMP = 32_503_680_000.0  # the year 3000; later times cannot be shown everywhere

PASSED_TEST = "Plex passed the half-open test"
STATE_LOST = "the breaker was found closed after a restart"

_Moment = Annotated[float, Field(ge=0.0, le=MAX_TIMESTAMP)]


class Outage(BaseModel):
    """One outage. Times are epoch seconds; `end` None: it lasts.

    `cause` is the class and `error` the text of the first failure, `jobs` how many it affected, `how` the way
    it ended. `refused`: Plex turned us away at some moment of it, so a person had to act.
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
    """The newest 30 outages, oldest first. Only the last of them can be the current one."""

    model_config = ConfigDict(frozen=True)

    outages: tuple[Outage, ...] = ()

    @field_validator("outages", mode="after")
    @classmethod
    def _newest(cls, outages: tuple[Outage, ...]) -> tuple[Outage, ...]:
        return outages[-KEPT:]

    @property
    def current(self) -> Outage | None:
        """The outage that lasts; None while Plex is there."""
        last = self.outages[-1] if self.outages else None
        return last if last is not None and last.end is None else None


@dataclass(frozen=True, slots=True)
class Metrics:
    """What the kept outages add up to. Refused ones count in `refused` and nowhere else: they measure a person.

    Attributes:
        count: outages, the current one included.
        refused: outages in which Plex turned us away.
        mtbf_s: mean time from the end of an outage to the start of the next; None until two followed each other.
        mttr_s: mean length of those that ended; None when none has.
        availability: share (0 to 1) of the time since the first one began in which Plex was there, the time of
            refused ones left out; None without an outage or before any time has passed.
        since_last_s: since the last one ended; 0 while it lasts, None without an outage.
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
    """An outage began, or goes on: then only a refusal is news, and it stays with the outage."""
    current = history.current
    if current is not None:
        return _with_current(history, current, refused=current.refused or refused)
    begun = Outage(
        start=_clamp(now), cause=_one_line(cause), error=_one_line(error), refused=refused
    )
    return _history((*history.outages, begun))


def end_outage(history: OutageHistory, now: float, how: str) -> OutageHistory:
    """The current outage ended, `how` says by what; unchanged when there is none."""
    current = history.current
    if current is None:
        return history
    return _with_current(history, current, end=max(current.start, _clamp(now)), how=_one_line(how))


def add_affected_jobs(history: OutageHistory, jobs: int = 1) -> OutageHistory:
    """The current outage affected so many jobs more; unchanged when there is none."""
    current = history.current
    return history if current is None else _with_current(history, current, jobs=current.jobs + jobs)


def is_during_outage(history: OutageHistory, moment: float, margin_s: float) -> bool:
    """Whether `moment` lies in any outage, or at most `margin_s` before its start or after its end."""
    return any(
        one.start - margin_s <= moment and (one.end is None or moment <= one.end + margin_s)
        for one in history.outages
    )


def metrics(history: OutageHistory, now: float) -> Metrics:
    """The figures of the history at `now`. A clock that jumped bends them and never breaks them."""
    counted = [one for one in history.outages if not one.refused]
    refused = [one for one in history.outages if one.refused]
    if not counted:
        return Metrics(refused=len(refused))
    lengths = [duration_s(one, now) for one in counted if one.end is not None]
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
    """How long the outage lasted, or has lasted so far."""
    return max(0.0, (now if outage.end is None else outage.end) - outage.start)


def read_history(data_dir: Path, sleep: Callable[[float], None]) -> tuple[OutageHistory, str]:
    """The kept history, and a warning for people or "". One that makes no sense is set aside and begun anew."""
    file = JsonFile(data_dir / FILE_NAME, sleep)
    history = OutageHistory()
    try:
        history = OutageHistory.model_validate(file.read() or {})
    except ValidationError:
        file.quarantine()
    aside = file.quarantined_as
    return history, f"{FILE_NAME} made no sense and was set aside as {aside.name}." if aside else ""


class OutageRecorder:
    """The worker's history, saved at each change; the gate's listener.

    `warning` tells of a file that was set aside, "" when nothing was. `on_unsaved` hears why a change could not
    be saved; it is kept in memory, and the next change saves it too.
    """

    def __init__(self, data_dir: Path, clock: Clock, on_unsaved: Callable[[str], object]) -> None:
        self._file = JsonFile(data_dir / FILE_NAME, clock.sleep)
        self._clock = clock
        self._on_unsaved = on_unsaved
        self.history, self.warning = read_history(data_dir, clock.sleep)

    def on_breaker_transition(self, old: CircuitState, new: CircuitState) -> None:
        """The breaker made a transition."""
        if new.state is BreakerStatus.OPEN:
            self._open(new, self._clock.wall())
        elif new.state is BreakerStatus.CLOSED:
            self._keep(end_outage(self.history, self._clock.wall(), PASSED_TEST))

    def sync_with_breaker(self, breaker: CircuitState) -> None:
        """After a start: the breaker is right. One of the two files may have been lost."""
        if breaker.state is BreakerStatus.CLOSED:
            self._keep(end_outage(self.history, self._clock.wall(), STATE_LOST))
        else:
            self._open(breaker, breaker.since)

    def add_affected_jobs(self, jobs: int = 1) -> None:
        """The current outage affected so many jobs more."""
        self._keep(add_affected_jobs(self.history, jobs), durable=False)

    def _open(self, breaker: CircuitState, start: float) -> None:
        cause, _, error = breaker.reason.partition(": ")
        self._keep(begin_outage(self.history, start, cause, error, breaker.refused))

    def _keep(self, history: OutageHistory, *, durable: bool = True) -> None:
        if history == self.history:
            return
        self.history = history
        try:
            self._file.write(history.model_dump(mode="json"), durable=durable)
        except OSError as error:
            self._on_unsaved(f"{FILE_NAME}: {error}")


def _clamp(now: float) -> float:
    return min(max(now, 0.0), MAX_TIMESTAMP)


def _one_line(text: str) -> str:
    """Foreign text, short and in characters that JSON readers take: a file name may hold half of one."""
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split())[:MAX_TEXT]


def _history(outages: tuple[Outage, ...]) -> OutageHistory:
    return OutageHistory(outages=outages[-KEPT:])


def _with_current(history: OutageHistory, current: Outage, **changes: object) -> OutageHistory:
    return _history((*history.outages[:-1], current.model_copy(update=changes)))


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _gaps_s(outages: tuple[Outage, ...]) -> list[float]:
    """Times of a working Plex between two outages; next to a refused one nobody knows when it began to work."""
    pairs = zip(outages, outages[1:], strict=False)
    return [
        max(0.0, later.start - earlier.end)
        for earlier, later in pairs
        if earlier.end is not None and not (earlier.refused or later.refused)
    ]


def _availability(counted: list[Outage], refused: list[Outage], now: float) -> float | None:
    first = counted[0].start
    unknown_s = sum(duration_s(one, now) for one in refused if one.start >= first)
    observed_s = now - first - unknown_s
    if observed_s <= 0.0:
        return None
    away_s = sum(duration_s(one, now) for one in counted)
    return min(1.0, max(0.0, 1.0 - away_s / observed_s))
