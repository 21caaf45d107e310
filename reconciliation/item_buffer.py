"""The items that waiting scenes need: which are to be read, and which were, as long as somebody needs them."""

from collections import Counter
from collections.abc import Mapping, Sequence

from core.match import PlexFile
from core.plex_item import PlexItem
from plex.client import READ_BATCH


class ItemBuffer:
    """Items of all libraries; a rating key is unique on its server."""

    def __init__(self) -> None:
        self._wanted: dict[int, dict[int, None]] = {}
        self._read: dict[int, PlexItem | None] = {}
        self._needed: Counter[int] = Counter()

    def request(self, files: Sequence[PlexFile]) -> None:
        """One more scene needs the items behind these files."""
        for file in files:
            self._needed[file.item] += 1
            if file.item not in self._read:
                self._wanted.setdefault(file.section, {})[file.item] = None

    def release(self, files: Sequence[PlexFile]) -> None:
        """A scene is done with them; what nobody needs is put away."""
        for file in files:
            self._needed[file.item] -= 1
            if self._needed[file.item] <= 0:
                del self._needed[file.item]
                self._read.pop(file.item, None)
                self._wanted.get(file.section, {}).pop(file.item, None)

    def is_loaded(self, item: int) -> bool:
        """Whether the item was read; one that is gone was read, too."""
        return item in self._read

    def item(self, item: int) -> PlexItem | None:
        """The item as it was read; None when it is gone."""
        return self._read[item]

    def section_with_full_batch(self) -> int | None:
        """A library of which a whole read is wanted."""
        return next(
            (section for section, keys in self._wanted.items() if len(keys) >= READ_BATCH), None
        )

    def next_batch(self, section: int) -> list[int]:
        """The keys of the next read of one library."""
        return list(self._wanted.get(section, {}))[:READ_BATCH]

    def store(self, section: int, keys: Sequence[int], found: Mapping[int, PlexItem]) -> None:
        """These keys were read; what is not among the found ones is gone."""
        for key in keys:
            del self._wanted[section][key]
            self._read[key] = found.get(key)

    def skip(self, section: int) -> frozenset[int]:
        """The items of the next read are not to be had; they are not asked for again."""
        keys = self.next_batch(section)
        for key in keys:
            del self._wanted[section][key]
        return frozenset(keys)
