"""Remember that Plex has answered at a URL: its name is then known to exist."""

import hashlib
from collections.abc import Callable

REACHED = "plex_reached"


class ReachedUrl:
    """Keeps a digest of the last Plex URL that was answered, in the queue's database."""

    def __init__(
        self, get: Callable[[str], str], set_value: Callable[[str, str], object], url: str
    ) -> None:
        self._set = set_value
        self._digest = hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:16]
        self.is_known = get(REACHED) == self._digest

    def on_response(self) -> None:
        """Record an answer; only the first one is written."""
        if not self.is_known:
            self.is_known = True
            self._set(REACHED, self._digest)
