"""Count how often one value was sent to one field, and decide when that has to end. Pure.

Plex may store something else than what it was sent, and another program may set a field after each
sync. Both would make PlexSync write the same value for ever. A new value starts a new history.
"""

from dataclasses import dataclass, replace
from enum import Enum

from core.units import DAY_S

MAX_NOT_KEPT = 2  # so many verifying reads showed another value
MAX_SENDS = 3  # of a value that Plex kept, within WINDOW_S
WINDOW_S = 7 * DAY_S


class Suspension(Enum):
    """Why a value is no longer written. The values are stored and never change."""

    NONE = ""
    NOT_KEPT = "not_kept"  # Plex stores another value than the one it was sent
    OVERWRITTEN = "overwritten"  # Plex kept it, and something replaced it afterwards


@dataclass(frozen=True, slots=True)
class SendHistory:
    """What became of the value that was sent last.

    Attributes:
        sent_at: the newest sends, whole epoch seconds.
        not_kept: verifying reads in a row that showed another value.
        suspension: why the value is no longer written.
    """

    sent_at: tuple[int, ...] = ()
    not_kept: int = 0
    suspension: Suspension = Suspension.NONE

    @property
    def is_suspended(self) -> bool:
        """Return True if the value is no longer written."""
        return self.suspension is not Suspension.NONE

    @property
    def stands_in_the_way(self) -> bool:
        """Return True if the value is no longer written, or might be so with the next sync."""
        return self.is_suspended or bool(self.not_kept) or len(self.sent_at) >= MAX_SENDS

    def sent(self, now: float) -> "SendHistory":
        """Return the history with one more send."""
        sent_at = (*self._recent(now), int(now))[-MAX_SENDS:]
        return SendHistory(sent_at, self.not_kept, self.suspension)

    def verified(self, *, is_kept: bool) -> "SendHistory":
        """Return the history after a read that followed a send."""
        if is_kept:
            return replace(self, not_kept=0) if self.not_kept else self
        count = self.not_kept + 1
        suspension = Suspension.NOT_KEPT if count >= MAX_NOT_KEPT else self.suspension
        return replace(self, not_kept=count, suspension=suspension)

    def is_overwritten(self, now: float) -> bool:
        """Return True if a value that Plex kept was sent often enough; it differs again."""
        return not self.not_kept and len(self._recent(now)) >= MAX_SENDS

    def _recent(self, now: float) -> tuple[int, ...]:
        # A clock that was set back must not keep a send for ever.
        return tuple(at for at in self.sent_at if abs(now - at) < WINDOW_S)


NO_HISTORY = SendHistory()
