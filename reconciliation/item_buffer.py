"""Keep the items that waiting scenes need: which must be read, and which were, while needed."""

from collections import Counter
from collections.abc import Mapping, Sequence

from core.match import PlexFile
from core.plex_item import PlexItem
from plex.client import READ_BATCH


class ItemBuffer:
    """Items of all libraries; a rating key is unique on its server."""

    def __init__(self) -> None:
        self._unread: dict[int, dict[int, None]] = {}
        self._items: dict[int, PlexItem | None] = {}
        self._users: Counter[int] = Counter()

    def request(self, files: Sequence[PlexFile]) -> None:
        """Note that one more scene needs the items behind these files."""
        for file in files:
            self._users[file.item] += 1
            if file.item not in self._items:
                self._unread.setdefault(file.section, {})[file.item] = None

    def release(self, files: Sequence[PlexFile]) -> None:
        """Note that a scene no longer needs these items; drop those that no other scene needs."""
        for file in files:
            self._users[file.item] -= 1
            if self._users[file.item] <= 0:
                del self._users[file.item]
                self._items.pop(file.item, None)
                self._unread.get(file.section, {}).pop(file.item, None)

    def is_loaded(self, item: int) -> bool:
        """Return True if the item was read, also if Plex no longer has it."""
        return item in self._items

    def item(self, item: int) -> PlexItem | None:
        """Return the item as it was read; None when Plex no longer has it."""
        return self._items[item]

    def section_with_full_batch(self) -> int | None:
        """Return the key of a library with enough unread items for one full read; None for none."""
        for section, keys in self._unread.items():
            if len(keys) >= READ_BATCH:
                return section
        return None

    def next_batch(self, section: int) -> list[int]:
        """Return the rating keys of the next read of one library."""
        return list(self._unread.get(section, {}))[:READ_BATCH]

    def store(self, section: int, keys: Sequence[int], items: Mapping[int, PlexItem]) -> None:
        """Keep what a read of these keys returned; a key without an item is gone from Plex."""
        for key in keys:
            del self._unread[section][key]
            self._items[key] = items.get(key)

    def skip(self, section: int) -> frozenset[int]:
        """Drop the next read of a library, which fails again and again; return its rating keys."""
        keys = self.next_batch(section)
        for key in keys:
            del self._unread[section][key]
        return frozenset(keys)
