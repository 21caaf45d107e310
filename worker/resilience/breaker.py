"""Defines the circuit breaker's frozen state, its pure transitions and its file.

```text
CLOSED --- 5 countable failures in a row, a confirmed outage, no access ---> OPEN
OPEN ----- a health check succeeded ---> HALF_OPEN
HALF_OPEN - the one admitted job, or an authenticated request, succeeded ---> CLOSED
HALF_OPEN - it failed ---> OPEN
```
"""

from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from random import Random
from typing import Annotated

from pydantic import BeforeValidator, Field, TypeAdapter

from core.clock import Clock
from core.units import DAY_S
from validation.state_file import StateFile
from worker.resilience.retry_policy import exponential_delay

FILE_NAME = "circuit_breaker.json"
FAILURES_TO_OPEN = 5
MIN_PROBE_DELAY_S = 5.0
MAX_PROBE_DELAY_S = 60.0
MAX_CLOCK_SKEW_S = DAY_S

_Time = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


class BreakerStatus(Enum):
    """Says how many jobs may run. The values are stored."""

    CLOSED = "closed"  # all
    OPEN = "open"  # none
    HALF_OPEN = "half_open"  # one


@dataclass(frozen=True, slots=True)
class CircuitState:
    """The state of the circuit breaker. Times are epoch seconds.

    Attributes:
        state: how many jobs may run.
        failures: countable failures in a row while CLOSED.
        since: when `state` began; 0 before the first transition.
        reason: class and text of the failure that opened it, "" while CLOSED.
        refused: Plex denied access, so only an authenticated request leads out of OPEN.
        probes: probes that failed since it opened.
        next_probe_at: when Plex is asked next.
    """

    state: BreakerStatus = BreakerStatus.CLOSED
    failures: Annotated[int, Field(ge=0, le=FAILURES_TO_OPEN)] = 0
    since: _Time = 0.0
    # version 1.1 stored the reason as `why`
    reason: Annotated[str, Field(alias="why")] = ""
    refused: bool = False
    probes: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    next_probe_at: _Time = 0.0


@dataclass(frozen=True, slots=True)
class BreakerTransition:
    """The circuit breaker went from one state to another, or learned that access is denied."""

    old: CircuitState
    new: CircuitState


def on_success(breaker: CircuitState, now: float) -> CircuitState:
    """Return the state after a job or an authenticated request succeeded."""
    if breaker.state is BreakerStatus.CLOSED and breaker.failures == 0:
        return breaker
    since = breaker.since if breaker.state is BreakerStatus.CLOSED else now
    return CircuitState(BreakerStatus.CLOSED, since=since)


def on_failure(breaker: CircuitState, reason: str, now: float, rng: Random) -> CircuitState:
    """Return the state after a countable failure: one more in a row, or a failed half-open test.

    Examples:
        >>> breaker = CircuitState()
        >>> for _ in range(FAILURES_TO_OPEN):
        ...     breaker = on_failure(breaker, "PlexTemporaryError", 1000.0, Random(7))
        >>> breaker.state, breaker.failures, probe_is_due(breaker, 1010.0)
        (<BreakerStatus.OPEN: 'open'>, 0, True)
    """
    if breaker.state is BreakerStatus.HALF_OPEN or breaker.failures + 1 >= FAILURES_TO_OPEN:
        return trip(breaker, reason, now, rng)
    if breaker.state is BreakerStatus.OPEN:
        return breaker
    return replace(breaker, failures=breaker.failures + 1)


def trip(
    breaker: CircuitState, reason: str, now: float, rng: Random, *, refused: bool = False
) -> CircuitState:
    """Return the state OPEN. After a failed test the delay between probes continues to grow."""
    is_new = breaker.state is BreakerStatus.CLOSED
    probes = 1 if is_new else breaker.probes + 1
    since = now if is_new else breaker.since
    delay_s = exponential_delay(probes, MIN_PROBE_DELAY_S, MAX_PROBE_DELAY_S, rng)
    return CircuitState(BreakerStatus.OPEN, 0, since, reason, refused, probes, now + delay_s)


def half_open(breaker: CircuitState) -> CircuitState:
    """Return the state after a successful health check: one job may try."""
    return replace(breaker, state=BreakerStatus.HALF_OPEN)


def probe_is_due(breaker: CircuitState, now: float) -> bool:
    """Return True if Plex should be asked now. A clock set back delays by one probe at most."""
    if breaker.state is not BreakerStatus.OPEN:
        return False
    return now >= breaker.next_probe_at or breaker.next_probe_at - now > MAX_PROBE_DELAY_S * 1.2


def probe_now(breaker: CircuitState, now: float) -> CircuitState:
    """Return the state with the probe due now: new settings may name another server."""
    return replace(breaker, next_probe_at=now)


def _require_state(document: dict[str, object]) -> dict[str, object]:
    """Reject a document without the one key that has no safe default."""
    if "state" not in document:
        raise ValueError("the document has no state")
    return document


class CircuitStateFile:
    """Loads and saves `circuit_breaker.json`, so that an outage outlives its worker.

    Only the worker writes it.
    """

    def __init__(self, data_dir: Path, clock: Clock) -> None:
        self._clock = clock
        schema = TypeAdapter(Annotated[CircuitState, BeforeValidator(_require_state)])
        self._file = StateFile(
            data_dir / FILE_NAME, schema, CircuitState, clock, self._is_plausible
        )

    def load(self) -> tuple[CircuitState, str]:
        """Return the stored state and a warning for users, "" if there is none.

        A half-open test ends with its worker, so it is loaded as OPEN with the probe due now. A
        corrupt file loads as CLOSED: if Plex is unavailable, the first jobs will show it.
        """
        breaker = self._file.load()
        if breaker.state is BreakerStatus.HALF_OPEN:
            now = self._clock.wall()
            breaker = replace(breaker, state=BreakerStatus.OPEN, next_probe_at=now)
        return breaker, self._file.warning

    def save(self, breaker: CircuitState) -> str:
        """Write the state; return "" or why it could not be saved. Never raise."""
        return self._file.save(breaker)

    def _is_plausible(self, breaker: CircuitState) -> bool:
        """Return False for times over a day ahead; a corrected clock explains smaller ones."""
        latest = max(breaker.since, breaker.next_probe_at)
        return latest <= self._clock.wall() + MAX_CLOCK_SKEW_S
