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

from worker.resilience.backoff import growing_gap

FAILURES_TO_OPEN = 5
FIRST_GAP_S = 5.0
LONGEST_GAP_S = 60.0


class State(Enum):
    """CLOSED lets everything through, HALF_OPEN one job, OPEN nothing."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Breaker:
    """The breaker. Times are epoch seconds.

    `failures` in a row while CLOSED; `probes` that failed since it opened; `refused`: a person must act,
    so only a successful authenticated request leads out of OPEN.
    """

    state: State = State.CLOSED
    failures: int = 0
    since: float = 0.0
    why: str = ""
    refused: bool = False
    probes: int = 0
    next_probe_at: float = 0.0


def succeeded(breaker: Breaker, now: float) -> Breaker:
    """A job or an authenticated request succeeded."""
    if breaker.state is State.CLOSED and breaker.failures == 0:
        return breaker
    return Breaker(State.CLOSED, since=now if breaker.state is not State.CLOSED else breaker.since)


def counted(breaker: Breaker, why: str, now: float, chance: Random) -> Breaker:
    """A countable failure: one more in a row, or the half-open test failed.

    Examples:
        >>> breaker = Breaker()
        >>> for _ in range(FAILURES_TO_OPEN):
        ...     breaker = counted(breaker, "PlexTemporaryError", 1000.0, Random(7))
        >>> breaker.state, breaker.failures, probe_is_due(breaker, 1010.0)
        (<State.OPEN: 'open'>, 0, True)
    """
    if breaker.state is State.HALF_OPEN or breaker.failures + 1 >= FAILURES_TO_OPEN:
        return opened(breaker, why, now, chance)
    if breaker.state is State.OPEN:
        return breaker
    return replace(breaker, failures=breaker.failures + 1)


def opened(breaker: Breaker, why: str, now: float, chance: Random, *, refused: bool = False) -> Breaker:
    """Open, or open again after a failed test: the gaps between probes go on growing."""
    probes = breaker.probes + 1 if breaker.state is not State.CLOSED else 1
    since = breaker.since if breaker.state is not State.CLOSED else now
    gap = growing_gap(probes, FIRST_GAP_S, LONGEST_GAP_S, chance)
    return Breaker(State.OPEN, 0, since, why, refused, probes, now + gap)


def half_opened(breaker: Breaker) -> Breaker:
    """A health check succeeded: one job may try."""
    return replace(breaker, state=State.HALF_OPEN)


def probe_is_due(breaker: Breaker, now: float) -> bool:
    """Whether it is time to ask Plex; a clock that jumped back never makes it wait longer than a gap."""
    if breaker.state is not State.OPEN:
        return False
    return now >= breaker.next_probe_at or breaker.next_probe_at - now > LONGEST_GAP_S * 1.2


def hurried(breaker: Breaker, now: float) -> Breaker:
    """Probe at once: what refused us before may be another server now."""
    return replace(breaker, next_probe_at=now)
