"""Adapt to how fast Plex answers: how many requests in flight, how long a pause between jobs. Pure.

Plex serves viewers first. If its answers take three times as long as usual, or it answers 429, 500
or 503, PlexSync slows down one level at a time; good answers speed it up again.
"""

from collections.abc import Set
from dataclasses import dataclass, replace
from statistics import median

OVERLOADED: Set[int] = frozenset({429, 500, 503})
"""The HTTP statuses of an overloaded Plex."""
LEVELS = ((4, 0.0), (3, 0.1), (2, 0.25), (1, 0.5), (1, 1.0))
"""Per level: requests in flight, seconds of pause before the next job."""
WINDOW = 20  # answers that the median is taken of
RESPONSES_PER_STEP = 10  # answers between two steps, so that the first shows its effect
OVERLOAD_RATIO = 3.0  # times the baseline: slow down
RECOVER_RATIO = 2.0  # times the baseline: speed up; between the two the level stays
FLOOR_S = 0.05  # faster answers are as good as this
BASELINE_DECAY = 0.05  # the share by which the baseline follows faster answers
BASELINE_GROWTH = 1.002  # and the factor for slower ones: a permanently slow Plex becomes usual


@dataclass(frozen=True, slots=True)
class AdaptivePacing:
    """How hard Plex may be pressed. Needs no clock: a level costs a second per job at most.

    Attributes:
        recent_s: answer times in seconds, oldest first.
        baseline_s: the usual answer time; 0.0 until there are `WINDOW` answers.
        level: an index of `LEVELS`.
        steady: answers since the level was last decided.
    """

    recent_s: tuple[float, ...] = ()
    baseline_s: float = 0.0
    level: int = 0
    steady: int = 0

    @property
    def in_flight(self) -> int:
        """Return how many requests may be in flight at the same time, 1 to 4."""
        return LEVELS[self.level][0]

    @property
    def pause_s(self) -> float:
        """Return the seconds to pause before the next job, 0 to 1."""
        return LEVELS[self.level][1]

    def on_response(self, took_s: float, status: int = 200) -> "AdaptivePacing":
        """Return the pacing after one more answer. The time of an overloaded answer is ignored."""
        if status in OVERLOADED:
            return self._shift_level(+1)
        recent_s = (*self.recent_s, max(0.0, took_s))[-WINDOW:]
        typical_s = max(FLOOR_S, median(recent_s))
        baseline_s = self.baseline_s
        if len(recent_s) == WINDOW:
            baseline_s = _baseline(baseline_s, typical_s)

        pacing = AdaptivePacing(recent_s, baseline_s, self.level, self.steady + 1)
        if pacing.steady < RESPONSES_PER_STEP:
            return pacing
        if baseline_s and typical_s >= OVERLOAD_RATIO * baseline_s:
            return pacing._shift_level(+1)
        if not baseline_s or typical_s <= RECOVER_RATIO * baseline_s:
            return pacing._shift_level(-1)
        return pacing

    def _shift_level(self, step: int) -> "AdaptivePacing":
        return replace(self, level=min(max(self.level + step, 0), len(LEVELS) - 1), steady=0)


def _baseline(usual_s: float, typical_s: float) -> float:
    if not usual_s:
        return typical_s
    if typical_s < usual_s:
        return usual_s - (usual_s - typical_s) * BASELINE_DECAY
    return min(typical_s, usual_s * BASELINE_GROWTH)
