"""What PlexSync has learned about each Plex server: how it treats tags and long requests."""

from collections.abc import Callable

from plex.edit_request import EditLimits

# Every proxy passes requests of this length.
SHORT_LIMITS = EditLimits(target_chars=4_000, ids_chars=2_000)


class ServerCapabilities:
    """What was observed of each Plex server, stored beside the queue.

    `load` returns the stored text of a key, "" for none; `save` stores one.
    """

    def __init__(self, load: Callable[[str], str], save: Callable[[str, str], object]) -> None:
        self._load = load
        self._save_value = save
        self._cache: dict[str, str] = {}

    def appends(self, server: str) -> bool | None:
        """Return True if sent tags are added to the current ones, False if they replace them.

        None: not observed yet.
        """
        return {"append": True, "replace": False}.get(self._capability(f"tags:{server}"))

    def set_appends(self, server: str, appends: bool) -> None:
        """Remember what a verifying read has shown."""
        self._save(f"tags:{server}", "append" if appends else "replace")

    def limits(self, server: str) -> EditLimits:
        """Return the longest request that the server, or a proxy before it, accepts."""
        return SHORT_LIMITS if self._capability(f"targets:{server}") else EditLimits()

    def set_short_limits(self, server: str) -> None:
        """Remember that a request of the usual length was rejected as too long."""
        self._save(f"targets:{server}", "short")

    def _capability(self, key: str) -> str:
        # Only the worker writes these values, and it asks several times for each scene.
        if key not in self._cache:
            self._cache[key] = self._load(key)
        return self._cache[key]

    def _save(self, key: str, value: str) -> None:
        self._save_value(key, value)
        self._cache[key] = value
