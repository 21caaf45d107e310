"""Reads and writes the cache as JSON only, under keys that are the same on every platform.

diskcache's own `JSONDisk` writes no pickles, but it still loads one that is found in the cache's
database, and loading a pickle runs what is in it. It also compresses keys, and another build of
zlib compresses the same key to other bytes: no row would be found any more.
"""

import json
from typing import Any

from diskcache import JSONDisk
from diskcache.core import MODE_PICKLE


class SafeJSONDisk(JSONDisk):
    """A pickle counts as nothing, and is never loaded; a key is its JSON text."""

    def put(self, key: Any) -> tuple[str, bool]:
        """Return a key as the database stores it, and that it is no pickle."""
        return json.dumps(key, separators=(",", ":")), True

    def get(self, key: Any, raw: Any) -> Any:
        """Return a key as it was set; None for a pickled one, or a compressed one of JSONDisk.

        Raises:
            ValueError: the key is damaged.
        """
        return json.loads(key) if raw and isinstance(key, str) else None

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> Any:
        """Return a value as it was set; None for a pickled one."""
        return None if mode == MODE_PICKLE else super().fetch(mode, filename, value, read)
