"""Remember that Plex has answered at a URL: its name is then known to exist."""

import hashlib
from collections.abc import Callable

REACHED = "plex_reached"


class ReachedUrl:
    """Keeps a digest of the last Plex URL that was answered, in the queue's database.

    `then` is called with every response.
    """

    def __init__(
        self,
        get: Callable[[str], str],
        set_value: Callable[[str, str], object],
        url: str,
        then: Callable[[float, int], object],
    ) -> None:
        self._set = set_value
        self._then = then
        self._digest = hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:16]
        self.is_known = get(REACHED) == self._digest

    def on_response(self, took_s: float, status: int) -> None:
        """Record an answer; only the first one is written."""
        self._then(took_s, status)
        if not self.is_known:
            self.is_known = True
            self._set(REACHED, self._digest)
