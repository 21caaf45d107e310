"""Say which items have begun or ceased to play a file between two states of the index. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Pairs = frozenset[tuple[str, int]]
"""(path, rating key) of files and the items that play them."""


@dataclass(frozen=True, slots=True)
class IndexChange:
    """What changed in one library's index.

    Attributes:
        gained: files with the items that play them since.
        lost: files with the items that no longer play them.
        vanished: items that play no file any more.
    """

    gained: Pairs = frozenset()
    lost: Pairs = frozenset()
    vanished: frozenset[int] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Return True if nothing changed."""
        return not (self.gained or self.lost)

    @property
    def items_by_gained_path(self) -> Mapping[str, set[int]]:
        """Return the items that have begun to play each gained file."""
        items: dict[str, set[int]] = {}
        for path, item in self.gained:
            items.setdefault(path, set()).add(item)
        return items

    @property
    def replaced_items(self) -> frozenset[int]:
        """Return the items of which another item has taken a file over, as after a split."""
        gained_paths = {path for path, _ in self.gained}
        return frozenset(item for path, item in self.lost if path in gained_paths)

    def followed_by(self, later: "IndexChange") -> "IndexChange":
        """Return both changes as one; what came back has neither been gained nor lost."""
        return IndexChange(
            (self.gained - later.lost) | (later.gained - self.lost),
            (self.lost - later.gained) | (later.lost - self.gained),
            (self.vanished - {item for _, item in later.gained}) | later.vanished,
        )

    def document(self) -> dict[str, Any]:
        """Return the change as JSON can hold it."""
        return {
            "gained": sorted(self.gained),
            "lost": sorted(self.lost),
            "vanished": sorted(self.vanished),
        }


def parse_change(document: object) -> IndexChange:
    """Return the stored change; an empty one for anything else."""
    if not isinstance(document, dict):
        return IndexChange()
    try:
        return IndexChange(
            frozenset((str(path), int(item)) for path, item in document["gained"]),
            frozenset((str(path), int(item)) for path, item in document["lost"]),
            frozenset(map(int, document["vanished"])),
        )
    except (KeyError, TypeError, ValueError):
        return IndexChange()


@dataclass(slots=True)
class ChangeCollector:
    """Collects the changes of a listing, one part of the index after another."""

    gained: set[tuple[str, int]] = field(default_factory=set)
    lost: set[tuple[str, int]] = field(default_factory=set)

    def compare(self, before: Iterable[tuple[str, int]], after: Iterable[tuple[str, int]]) -> None:
        """Add what differs between two states of one part."""
        old, new = set(before), set(after)
        self.gained |= new - old
        self.lost |= old - new

    def change(self, items: Iterable[int]) -> IndexChange:
        """Return the whole change; `items` are all items that the index has now."""
        lost_items = {item for _, item in self.lost}
        vanished = lost_items.difference(items) if lost_items else set()
        return IndexChange(frozenset(self.gained), frozenset(self.lost), frozenset(vanished))
