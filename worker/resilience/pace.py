"""How hard Plex may be pressed in ordinary times: a frozen state that follows how Plex answers. Pure.

Plex serves people first. When its answers take three times as long as usual, or it answers 429, 500 or 503,
PlexSync steps back, one level at a time; good answers bring it forward again in the same steps. No clock is
needed: what a level costs is at most a second per job, so good answers always come.
"""

from collections.abc import Set
from dataclasses import dataclass, replace
from statistics import median

PUSHED_BACK: Set[int] = frozenset({429, 500, 503})
"""Statuses by which Plex says that it is too much for it."""

LEVELS = ((4, 0.0), (3, 0.1), (2, 0.25), (1, 0.5), (1, 1.0))
"""Per level of strain: requests in flight, seconds of pause before the next job."""

WINDOW = 20  # answers that the median is taken of
RESPONSES_PER_STEP = (
    10  # answers between two steps, so that the effect of one can be seen before the next
)
OVERLOAD_RATIO = 3.0  # times the baseline: step back
RECOVER_RATIO = 2.0  # times the baseline: step forward; between the two the level stays
FLOOR_S = 0.05  # faster is as good as this: three times next to nothing is no strain
BASELINE_DECAY = 0.05  # the baseline follows faster answers by this share of the difference
BASELINE_GROWTH = 1.002  # and slower ones by this factor, so that a Plex that is slow for good counts as usual in the end


@dataclass(frozen=True, slots=True)
class AdaptivePacing:
    """The pace. `recent_s` are answer times, oldest first; `baseline_s` is 0.0 until there are enough of them.

    `level` indexes `LEVELS`; `steady` counts the answers since the level was last looked at.
    """

    recent_s: tuple[float, ...] = ()
    baseline_s: float = 0.0
    level: int = 0
    steady: int = 0

    @property
    def in_flight(self) -> int:
        """How many requests may be under way at once, 1 to 4."""
        return LEVELS[self.level][0]

    @property
    def pause_s(self) -> float:
        """Seconds to rest before the next job, 0 to 1."""
        return LEVELS[self.level][1]


def answered(pace: AdaptivePacing, took_s: float, status: int = 200) -> AdaptivePacing:
    """The pace after one more answer of Plex. The time of a 429, 500 or 503 says nothing and is not kept."""
    if status in PUSHED_BACK:
        return _stepped(pace, +1)
    recent_s = (*pace.recent_s, max(0.0, took_s))[-WINDOW:]
    typical_s = max(FLOOR_S, median(recent_s))
    baseline_s = (
        _baseline(pace.baseline_s, typical_s) if len(recent_s) == WINDOW else pace.baseline_s
    )
    pace = replace(pace, recent_s=recent_s, baseline_s=baseline_s, steady=pace.steady + 1)
    if pace.steady < RESPONSES_PER_STEP:
        return pace
    if baseline_s and typical_s >= OVERLOAD_RATIO * baseline_s:
        return _stepped(pace, +1)
    if not baseline_s or typical_s <= RECOVER_RATIO * baseline_s:
        return _stepped(pace, -1)
    return pace


def _baseline(known_s: float, typical_s: float) -> float:
    if not known_s:
        return typical_s
    if typical_s < known_s:
        return known_s - (known_s - typical_s) * BASELINE_DECAY
    return min(typical_s, known_s * BASELINE_GROWTH)


def _stepped(pace: AdaptivePacing, step: int) -> AdaptivePacing:
    return replace(pace, level=min(max(pace.level + step, 0), len(LEVELS) - 1), steady=0)
