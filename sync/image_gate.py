"""Hold images back while Plex fails to take any, so that texts are not slowed down."""

# So many items in a row, and it is not the image.
FAILURES_TO_CLOSE = 3
# After this delay images are tried again; the first that fails doubles it.
FIRST_PAUSE_S = 60.0
MAX_PAUSE_S = 900.0


class ImageGate:
    """Closes after images of three items in a row failed, and opens for a try after a pause.

    What is in flight when it closes may fail as well, and changes nothing.

    An upload that is never answered takes as long as the time-out, and every scene has a cover.
    Times are seconds of a clock that never jumps.
    """

    def __init__(self) -> None:
        self._items: set[int] = set()
        self._pause_s = FIRST_PAUSE_S
        self._closed_until = float("-inf")
        self._has_reopened = False

    def is_open(self, now: float) -> bool:
        """Return True if an image may be sent now."""
        return now >= self._closed_until

    def on_success(self) -> None:
        """Open the gate: Plex took an image."""
        if len(self._items) >= FAILURES_TO_CLOSE:
            self._has_reopened = True
        self._items.clear()
        self._pause_s = FIRST_PAUSE_S
        self._closed_until = float("-inf")

    def on_failure(self, item: int, now: float) -> None:
        """Count a failure of this item's image; one that the closed gate caused changes nothing."""
        if not self.is_open(now):
            return
        self._items.add(item)
        if len(self._items) >= FAILURES_TO_CLOSE:
            self._closed_until = now + self._pause_s
            self._pause_s = min(MAX_PAUSE_S, self._pause_s * 2.0)

    def pop_reopened(self) -> bool:
        """Return True once after a closed gate has opened: what was held back may be sent now."""
        has_reopened, self._has_reopened = self._has_reopened, False
        return has_reopened
