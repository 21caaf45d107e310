"""Whether Plex may be asked at all: a frozen state and pure moves; only the worker makes them.

```text
CLOSED --- 5 countable failures in a row, a confirmed refusal, a refused token ---> OPEN
OPEN ----- a health check succeeded ---> HALF_OPEN
HALF_OPEN - the one admitted job, or an authenticated request, succeeded ---> CLOSED
HALF_OPEN - it failed ---> OPEN
```
"""

from dataclasses import dataclass, replace
from enum import Enum
from random import Random

from worker.resilience.backoff import exponential_delay

FAILURES_TO_OPEN = 5
MIN_PROBE_DELAY_S = 5.0
MAX_PROBE_DELAY_S = 60.0


class BreakerStatus(Enum):
    """CLOSED lets everything through, HALF_OPEN one job, OPEN nothing."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class CircuitState:
    """The breaker. Times are epoch seconds.

    `failures` in a row while CLOSED; `probes` that failed since it opened; `refused`: a person must act,
    so only a successful authenticated request leads out of OPEN.
    """

    state: BreakerStatus = BreakerStatus.CLOSED
    failures: int = 0
    since: float = 0.0
    reason: str = ""
    refused: bool = False
    probes: int = 0
    next_probe_at: float = 0.0


def on_success(breaker: CircuitState, now: float) -> CircuitState:
    """A job or an authenticated request succeeded."""
    if breaker.state is BreakerStatus.CLOSED and breaker.failures == 0:
        return breaker
    return CircuitState(
        BreakerStatus.CLOSED,
        since=now if breaker.state is not BreakerStatus.CLOSED else breaker.since,
    )


def on_failure(breaker: CircuitState, reason: str, now: float, rng: Random) -> CircuitState:
    """A countable failure: one more in a row, or the half-open test failed.

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
    """Open, or open again after a failed test: the gaps between probes go on growing."""
    probes = breaker.probes + 1 if breaker.state is not BreakerStatus.CLOSED else 1
    since = breaker.since if breaker.state is not BreakerStatus.CLOSED else now
    gap = exponential_delay(probes, MIN_PROBE_DELAY_S, MAX_PROBE_DELAY_S, rng)
    return CircuitState(BreakerStatus.OPEN, 0, since, reason, refused, probes, now + gap)


def half_open(breaker: CircuitState) -> CircuitState:
    """A health check succeeded: one job may try."""
    return replace(breaker, state=BreakerStatus.HALF_OPEN)


def probe_is_due(breaker: CircuitState, now: float) -> bool:
    """Whether it is time to ask Plex; a clock that jumped back never makes it wait longer than a gap."""
    if breaker.state is not BreakerStatus.OPEN:
        return False
    return now >= breaker.next_probe_at or breaker.next_probe_at - now > MAX_PROBE_DELAY_S * 1.2


def probe_now(breaker: CircuitState, now: float) -> CircuitState:
    """Probe at once: what refused us before may be another server now."""
    return replace(breaker, next_probe_at=now)
