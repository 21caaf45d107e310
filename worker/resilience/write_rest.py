"""Let Plex rest after slow writes, so that PlexSync is not what keeps its database busy. Pure.

Plex's database takes one write at a time. Where each takes seconds, viewers wait for it as well: so
after a slow write no other starts for a little longer than it took, and none runs beside it.
"""

from dataclasses import dataclass, replace

SLOW_WRITE_S = 1.0
# The share of time with a write under way stays below half.
REST_FACTOR = 1.1
MAX_OWED_S = 120.0


@dataclass(frozen=True, slots=True)
class WriteRest:
    """How long Plex must rest. Times are seconds of a clock that never jumps.

    Attributes:
        owed_s: the rest that was owed at `since`.
        since: when the newest slow write ended.
        is_slow: True if the newest write was slow, so that writes must not overlap.
    """

    owed_s: float = 0.0
    since: float = float("-inf")
    is_slow: bool = False

    def on_write(self, took_s: float, now: float) -> "WriteRest":
        """Return the rest that is owed after a write that ended `now`; also if it failed."""
        if took_s < SLOW_WRITE_S:
            return replace(self, is_slow=False) if self.is_slow else self
        # The time of writes that overlapped counts once.
        busy_s = min(took_s, now - self.since)
        owed_s = self.wait_s(now - took_s) + busy_s * REST_FACTOR
        return WriteRest(min(MAX_OWED_S, owed_s), now, is_slow=True)

    def wait_s(self, now: float) -> float:
        """Return the seconds until the next write may start; 0.0 for none.

        Examples:
            >>> rest = WriteRest().on_write(10.0, now=100.0)
            >>> rest.wait_s(100.0), rest.wait_s(105.0), rest.wait_s(111.0)
            (11.0, 6.0, 0.0)
        """
        return max(0.0, self.owed_s - max(0.0, now - self.since))
