"""Open, check and replace the cache that holds the index of Plex's files."""

import shutil
import sqlite3
from pathlib import Path

from diskcache import Cache

from plex.safe_json_disk import SafeJSONDisk

# diskcache deletes a value file before its row's transaction commits: a kill in between would lose
# the value. SQLite stores at most this many bytes in a row, so no value becomes a file.
_MAX_ROW_BYTES = 2**31 - 1

_NO_KEY = ""  # no key of the index is a text


def open_cache(folder: Path) -> Cache:
    """Return the cache in this folder, created where there is none; nothing in it expires.

    Raises:
        sqlite3.Error, OSError: the folder does not allow it.
    """
    return Cache(
        str(folder),
        disk=SafeJSONDisk,
        disk_min_file_size=_MAX_ROW_BYTES,
        eviction_policy="none",
        cull_limit=0,
    )


def has_unreadable_keys(cache: Cache) -> bool:
    """Return True if the oldest or the newest key is not of this form.

    Up to version 1.1.0 keys were compressed. Such rows are never found, so they would stay for
    good; the newest key shows an earlier version that was installed again for a while.
    """
    return None in (next(iter(cache), _NO_KEY), next(reversed(cache), _NO_KEY))


def recreate_cache(folder: Path) -> Cache:
    """Delete the cache and return an empty one."""
    shutil.rmtree(folder, ignore_errors=True)
    return open_cache(folder)


def is_cache_damage(error: sqlite3.DatabaseError) -> bool:
    """Return True unless the file is busy, full or out of reach.

    Wider than the queue's test for damage, because Plex can be listed again.
    """
    return not isinstance(error, sqlite3.OperationalError) or "no such" in str(error)
