"""Reads and writes the cache as JSON only.

diskcache's own `JSONDisk` writes no pickles, but it still loads one that is found in the cache's
database, and loading a pickle runs what is in it.
"""

from typing import Any

from diskcache import JSONDisk
from diskcache.core import MODE_PICKLE


class SafeJSONDisk(JSONDisk):
    """A pickle counts as nothing, and is never loaded."""

    def get(self, key: Any, raw: Any) -> Any:
        """Return a key as it was set; None for a pickled one."""
        return super().get(key, raw) if raw else None

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> Any:
        """Return a value as it was set; None for a pickled one."""
        return None if mode == MODE_PICKLE else super().fetch(mode, filename, value, read)
