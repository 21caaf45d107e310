"""How fast the queue drains after an outage: a frozen ramp and pure moves, so that Plex can get its breath back.

A Plex that has just started is slow, and a week of changes may wait for it. So a token bucket that holds
one token lets 1 job/s through at first and, growing linearly, 20 jobs/s after five minutes; then the ramp
is over. Linear, because a person can predict it: one more job per second every sixteen seconds.

The wall clock is used, because a ramp outlives its worker, but never trusted: what passes between two
moves counts for at most a minute and never for less than nothing. The ramp's own age, which is the sum of
these steps, decides its rate and which results are of the last minute. A ramp that was interrupted goes on
at the age it had reached, since Plex was not warmed up meanwhile.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

START_RATE = 1.0  # jobs/s
FULL_RATE = 20.0  # jobs/s
RAMP_S = 300.0
MAX_STEP_S = 60.0
MIN_WAIT_S = 0.001  # rounding must not make anybody wait for nothing, again and again

SLOT_S = (
    5.0  # results are counted per slot, so that a minute of them needs twelve numbers, not 1,200
)
SLOTS = 12
MIN_RESULTS = 10  # fewer say nothing about a share
THROTTLE_ABOVE = 0.3
RESUME_BELOW = 0.1
THROTTLE_FACTOR = 0.5

_Count = Annotated[int, Field(ge=0, le=1_000_000)]


class SlowStart(BaseModel):
    """One ramp. `started_at` and `refilled_at` are epoch seconds, `age_s` is what has passed of the five minutes.

    `results` holds (slot of the age, successes, failures), oldest first, of the last minute.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    started_at: float
    refilled_at: float
    age_s: float = Field(default=0.0, ge=0.0, le=RAMP_S)
    tokens: float = Field(default=1.0, ge=0.0, le=1.0)
    throttled: bool = False
    results: tuple[tuple[_Count, _Count, _Count], ...] = Field(default=(), max_length=SLOTS)

    @property
    def rate(self) -> float:
        """Jobs per second at this age: 1 to 20, half of it while throttled."""
        full = START_RATE + (FULL_RATE - START_RATE) * self.age_s / RAMP_S
        return full * THROTTLE_FACTOR if self.throttled else full

    @property
    def is_over(self) -> bool:
        """Whether the five minutes have passed; then nothing is held back any more."""
        return self.age_s >= RAMP_S


def begin(now: float) -> SlowStart:
    """A ramp that starts now, with the token of its first job."""
    return SlowStart(started_at=now, refilled_at=now)


def advanced(ramp: SlowStart, now: float) -> SlowStart:
    """The ramp at `now`. Ask at least once a minute, or time without a job does not count as passed."""
    step_s = min(max(now - ramp.refilled_at, 0.0), MAX_STEP_S)
    older = ramp.model_copy(update={"age_s": min(RAMP_S, ramp.age_s + step_s), "refilled_at": now})
    return older.model_copy(update={"tokens": min(1.0, ramp.tokens + step_s * older.rate)})


def admit(ramp: SlowStart, now: float) -> tuple[SlowStart, float]:
    """The ramp and 0.0 when a job may start now, its token taken; else the seconds until one may (2 at most)."""
    ramp = advanced(ramp, now)
    if ramp.is_over:
        return ramp, 0.0
    if ramp.tokens < 1.0:
        return ramp, max(MIN_WAIT_S, (1.0 - ramp.tokens) / ramp.rate)
    return ramp.model_copy(update={"tokens": ramp.tokens - 1.0}), 0.0


def given_back(ramp: SlowStart) -> SlowStart:
    """The ramp with the token that nobody used, so that a more urgent job need not wait for another one."""
    return ramp.model_copy(update={"tokens": 1.0})


def heard(ramp: SlowStart, ok: bool, now: float) -> SlowStart:
    """The ramp after one more result of Plex. Not `ok`: Plex failed, whatever became of the job."""
    ramp = advanced(ramp, now)
    slot = int(ramp.age_s // SLOT_S)
    results = _with_result(
        tuple(one for one in ramp.results if slot - SLOTS < one[0] <= slot), slot, ok
    )
    return ramp.model_copy(
        update={"results": results, "throttled": _is_throttled(ramp.throttled, results)}
    )


def as_document(ramp: SlowStart) -> dict[str, Any]:
    """The ramp as JSON can hold it."""
    return ramp.model_dump(mode="json")


def from_document(document: Mapping[str, Any] | None) -> SlowStart | None:
    """The ramp of a kept document; None when there is none or it makes no sense."""
    try:
        return SlowStart.model_validate(document)
    except ValidationError:
        return None


def _with_result(
    results: tuple[tuple[int, int, int], ...], slot: int, ok: bool
) -> tuple[tuple[int, int, int], ...]:
    if results and results[-1][0] == slot:
        _, good, bad = results[-1]
        return (*results[:-1], (slot, good + ok, bad + (not ok)))
    return (*results, (slot, int(ok), int(not ok)))[-SLOTS:]


def _is_throttled(was: bool, results: tuple[tuple[int, int, int], ...]) -> bool:
    """Between the two shares it stays as it was, so that the rate does not swing."""
    good, bad = sum(one[1] for one in results), sum(one[2] for one in results)
    if good + bad < MIN_RESULTS:
        return was
    share = bad / (good + bad)
    return share > THROTTLE_ABOVE or (was and share >= RESUME_BELOW)
