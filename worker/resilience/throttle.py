"""Limits how fast jobs follow each other: slow start after an outage, adaptive pacing otherwise.

**Slow start.** A Plex that has just started is slow, and a week of changes may wait for it. A token
bucket that holds one token lets 1 job/s through at first and, growing linearly, 20 jobs/s after
five minutes. Linear, because users can predict it: one more job per second every sixteen seconds.
The wall clock is used, because slow start outlives its worker, but a step between two calls counts
for 0 to 60 s only. Its age, the sum of these steps, decides the rate; an interrupted slow start
resumes at the age it had reached, since Plex did not warm up meanwhile.

**Adaptive pacing.** Plex serves viewers first: see `pacing.py`, and `write_rest.py` for slow
writes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter

from core.clock import Clock
from core.log import EventLog
from sync_queue.store import BATCH
from validation.state_file import StateFile
from worker.resilience.breaker import BreakerStatus, BreakerTransition
from worker.resilience.pacing import AdaptivePacing
from worker.resilience.write_rest import WriteRest

FILE_NAME = "ramp.json"
SAVE_EVERY_S = 10.0
BATCH_WINDOW_S = 10.0  # a batch holds about what slow start lets through in this time
POLL_S = 0.5  # between two checks of `should_stop` while a job waits for its token

START_RATE = 1.0  # jobs/s
FULL_RATE = 20.0  # jobs/s
RAMP_S = 300.0
MAX_STEP_S = 60.0
MIN_WAIT_S = 0.001  # a wait rounded to nothing would repeat forever
SLOT_S = 5.0  # results are counted per slot: a minute needs twelve numbers instead of 1,200
SLOTS = 12
MIN_RESULTS = 10  # fewer results give no meaningful share
THROTTLE_ABOVE = 0.3
RESUME_BELOW = 0.1
THROTTLE_FACTOR = 0.5

_Time = Annotated[float, Field(allow_inf_nan=False)]
_Count = Annotated[int, Field(ge=0, le=1_000_000)]
_Results = tuple[tuple[_Count, _Count, _Count], ...]


@dataclass(frozen=True, slots=True)
class SlowStart:
    """The ramp after an outage. `started_at` and `refilled_at` are epoch seconds.

    Attributes:
        age_s: how much of the five minutes has passed.
        tokens: 0 to 1; a job starts with a whole token.
        throttled: True while many jobs fail; the rate is halved.
        results: (slot of the age, successes, failures) of the last minute, oldest first.
    """

    started_at: _Time
    refilled_at: _Time
    age_s: Annotated[float, Field(ge=0.0, le=RAMP_S)] = 0.0
    tokens: Annotated[float, Field(ge=0.0, le=1.0)] = 1.0
    throttled: bool = False
    results: Annotated[_Results, Field(max_length=SLOTS)] = ()

    @classmethod
    def start(cls, now: float) -> "SlowStart":
        """Return a ramp that starts now, with the token of its first job."""
        return cls(started_at=now, refilled_at=now)

    @property
    def rate(self) -> float:
        """Return the jobs per second at this age: 1 to 20, half of it while throttled."""
        full = START_RATE + (FULL_RATE - START_RATE) * self.age_s / RAMP_S
        return full * THROTTLE_FACTOR if self.throttled else full

    @property
    def is_over(self) -> bool:
        """Return True once the five minutes have passed; nothing is held back then."""
        return self.age_s >= RAMP_S

    @property
    def remaining_s(self) -> float:
        """Return how many seconds it lasts from now on, if nothing interrupts it."""
        return RAMP_S - self.age_s

    def refill(self, now: float) -> "SlowStart":
        """Return the ramp at `now`. Call it once a minute at least: longer steps count as 60 s."""
        step_s = min(max(now - self.refilled_at, 0.0), MAX_STEP_S)
        older = replace(self, age_s=min(RAMP_S, self.age_s + step_s), refilled_at=now)
        return replace(older, tokens=min(1.0, self.tokens + step_s * older.rate))

    def acquire(self, now: float) -> tuple["SlowStart", float]:
        """Take a token: return the ramp and 0.0, or the seconds until there is one (at most 2)."""
        ramp = self.refill(now)
        if ramp.is_over:
            return ramp, 0.0
        if ramp.tokens < 1.0:
            return ramp, max(MIN_WAIT_S, (1.0 - ramp.tokens) / ramp.rate)
        return replace(ramp, tokens=ramp.tokens - 1.0), 0.0

    def release(self) -> "SlowStart":
        """Return the ramp with its unused token, so that a more urgent job starts immediately."""
        return replace(self, tokens=1.0)

    def record_result(self, ok: bool, now: float) -> "SlowStart":
        """Return the ramp after one more result; `ok` False: Plex failed, not the job itself."""
        ramp = self.refill(now)
        slot = int(ramp.age_s // SLOT_S)
        recent = tuple(result for result in ramp.results if slot - SLOTS < result[0] <= slot)
        results = _with_result(recent, slot, ok)
        return replace(ramp, results=results, throttled=_is_throttled(ramp.throttled, results))


def slow_start_file(data_dir: Path, clock: Clock) -> StateFile[SlowStart | None]:
    """Return the document `ramp.json`; None by default. The name is that of version 1.0."""
    schema: TypeAdapter[SlowStart | None] = TypeAdapter(SlowStart | None)
    return StateFile(data_dir / FILE_NAME, schema, lambda: None, clock)


class Throttle:
    """Holds slow start and adaptive pacing. Slow start survives a restart of the worker."""

    def __init__(self, data_dir: Path, clock: Clock, log: EventLog) -> None:
        self._file = slow_start_file(data_dir, clock)
        self._clock = clock
        self._log = log
        self._pacing = AdaptivePacing()
        self._rest = WriteRest()
        self._saved_at = clock.monotonic()
        ramp = self._file.load()
        if self._file.warning:
            log.warning("state.corrupt", file=FILE_NAME, detail=self._file.warning)
        self._ramp = ramp if ramp is not None and not ramp.is_over else None

    @property
    def ramp(self) -> SlowStart | None:
        """Return the slow start after an outage; None outside of one."""
        return self._ramp

    @property
    def in_flight(self) -> int:
        """Return how many requests may be in flight at the same time: 1 while Plex is slow."""
        if self._ramp is not None or self._rest.is_slow:
            return 1
        return self._pacing.in_flight

    @property
    def has_pause(self) -> bool:
        """Return True if there is a pause between the starts of two jobs."""
        return self._ramp is not None or self._pacing.pause_s > 0.0

    @property
    def may_sleep(self) -> bool:
        """Return True if the thread that decides may sleep while a request is in flight."""
        return self.has_pause or self._rest.is_slow

    @property
    def batch_size(self) -> int:
        """Return how many jobs are worth claiming together."""
        if self._ramp is None:
            return BATCH
        return max(1, min(BATCH, int(self._ramp.rate * BATCH_WINDOW_S)))

    def acquire(self, should_stop: Callable[[], bool]) -> bool:
        """Wait until the next job may start; return False if `should_stop` was True first."""
        wait_s = self._wait_s()
        while wait_s > 0.0:
            if should_stop():
                return False
            self._clock.sleep(min(wait_s, POLL_S))
            wait_s = self._wait_s() if self._ramp is not None else wait_s - POLL_S
        return True

    def rest(self, should_stop: Callable[[], bool]) -> bool:
        """Wait until the next write may start; return False if `should_stop` was True first."""
        while (wait_s := self._rest.wait_s(self._clock.monotonic())) > 0.0:
            if should_stop():
                return False
            self._clock.sleep(max(MIN_WAIT_S, min(wait_s, POLL_S)))
        return True

    def release(self) -> None:
        """Return an unused token: the next job need not wait for another one."""
        if self._ramp is not None:
            self._ramp = self._ramp.release()

    def on_result(self, ok: bool) -> None:
        """Record a job's result, as far as Plex is concerned."""
        if self._ramp is None:
            return
        was_throttled = self._ramp.throttled
        self._ramp = self._ramp.record_result(ok, self._clock.wall())
        if self._ramp.throttled and not was_throttled:
            self._log.info("slow_start.throttled", rate=self._ramp.rate)
        elif was_throttled and not self._ramp.throttled:
            self._log.info("slow_start.resumed", rate=self._ramp.rate)
        if self._clock.monotonic() - self._saved_at >= SAVE_EVERY_S:
            self._save()

    def tick(self) -> None:
        """Advance slow start, and end it, although nothing is due."""
        if self._ramp is not None:
            self._ramp = self._ramp.refill(self._clock.wall())
            self._end_if_over()

    def on_response(self, took_s: float, status: int) -> None:
        """Record the time (seconds) and the status of one answer of Plex."""
        level = self._pacing.level
        self._pacing = self._pacing.on_response(took_s, status)
        if self._pacing.level != level:
            self._log.info("pacing.changed", level=self._pacing.level, pause_s=self._pacing.pause_s)

    def on_write(self, took_s: float) -> None:
        """Record the time (seconds) of one write, also of one that failed."""
        was_slow = self._rest.is_slow
        self._rest = self._rest.on_write(took_s, self._clock.monotonic())
        if self._rest.is_slow != was_slow:
            self._log.info("writes.slow" if self._rest.is_slow else "writes.fast", took_s=took_s)

    def on_breaker_transition(self, event: BreakerTransition) -> None:
        """Start slowly: Plex is back."""
        is_closed = event.new.state is BreakerStatus.CLOSED
        if is_closed and event.old.state is not BreakerStatus.CLOSED:
            self._ramp = SlowStart.start(self._clock.wall())
            self._log.info("slow_start.start")
            self._save()

    def _wait_s(self) -> float:
        if self._ramp is None:
            return self._pacing.pause_s
        self._ramp, wait_s = self._ramp.acquire(self._clock.wall())
        self._end_if_over()
        return wait_s

    def _end_if_over(self) -> None:
        if self._ramp is not None and self._ramp.is_over:
            self._save()
            self._ramp = None
            self._log.info("slow_start.end")

    def _save(self) -> None:
        self._saved_at = self._clock.monotonic()
        if self._ramp is None:
            return
        detail = self._file.save(self._ramp, durable=False)
        if detail:
            self._log.warning("state.save_failed", file=FILE_NAME, detail=detail)


def _with_result(results: _Results, slot: int, ok: bool) -> _Results:
    if results and results[-1][0] == slot:
        _, good, bad = results[-1]
        return (*results[:-1], (slot, good + ok, bad + (not ok)))
    return (*results, (slot, int(ok), int(not ok)))[-SLOTS:]


def _is_throttled(was_throttled: bool, results: _Results) -> bool:
    """Return the new state; between the two shares it stays, so that the rate does not swing."""
    good = sum(result[1] for result in results)
    bad = sum(result[2] for result in results)
    if good + bad < MIN_RESULTS:
        return was_throttled
    share = bad / (good + bad)
    return share > THROTTLE_ABOVE or (was_throttled and share >= RESUME_BELOW)
