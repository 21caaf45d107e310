"""Choose tags by what the user writes: names, patterns, and tags with everything below them.

    Night, Cam *, "Red, white", Clothing > *

names the tag Night, all that begin with Cam, one with a comma in its name, and Clothing with
everything below it. Case, blanks and Unicode form do not count.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from core.folding import broad_form
from core.tree import SceneTag
from validation.limits import MAX_LIBRARIES
from validation.quoted_list import split_list

_WILDCARD = "*"
_BELOW = re.compile(r"\s*>\s*\*{1,2}\s*\Z")
_KNOWN_NAMES = 8192  # a library has some thousand tags, and each scene shows the same ones again


@lru_cache(maxsize=_KNOWN_NAMES)
def tag_key(name: str) -> str:
    """Return the form in which names of tags are compared."""
    return broad_form(name)


@dataclass(frozen=True, slots=True)
class TagNames:
    """Names and patterns, both in the form of `tag_key`; a pattern is what stands between its
    wildcards.
    """

    exact: frozenset[str] = frozenset()
    patterns: tuple[tuple[str, ...], ...] = ()

    def has(self, name: str) -> bool:
        """Return True if a name is among them."""
        if not self:
            return False
        key = tag_key(name)
        return key in self.exact or any(_fits(parts, key) for parts in self.patterns)

    def __bool__(self) -> bool:
        return bool(self.exact or self.patterns)


NO_NAMES = TagNames()


@dataclass(frozen=True, slots=True)
class TagSelection:
    """The tags that a setting chooses; false if it chooses none.

    Attributes:
        own: what a tag's own name is compared with.
        trees: the same for a tag's name and the names of everything above it.
    """

    own: TagNames = NO_NAMES
    trees: TagNames = NO_NAMES

    @property
    def needs_tree(self) -> bool:
        """Return True if it must be known what is above a tag."""
        return bool(self.trees)

    def has(self, tag: SceneTag) -> bool:
        """Return True if the tag is chosen."""
        if self.own.has(tag.name):
            return True
        return self.needs_tree and any(
            self.trees.has(name) for name in (tag.name, *(node.name for node in tag.ancestors))
        )

    def __bool__(self) -> bool:
        return bool(self.own) or bool(self.trees)


def read_tag_selection(text: str) -> TagSelection:
    """Return the tags that a text chooses.

    Examples:
        >>> chosen = read_tag_selection('cam *, "Red, white", Clothing > *')
        >>> [chosen.own.has(name) for name in ("Cam Show", "red,  white", "Clothing", "Webcam")]
        [True, True, False, False]
        >>> chosen.trees.has("CLOTHING"), chosen.needs_tree
        (True, True)

    Raises:
        ValueError: an entry names no tag, or there are too many.
    """
    entries = split_list(text, ",")
    if len(entries) > MAX_LIBRARIES:
        raise ValueError(f"more than {MAX_LIBRARIES:,} entries")
    own: list[str] = []
    trees: list[str] = []
    for number, entry in enumerate(entries, start=1):
        name = _BELOW.sub("", entry)
        if not tag_key(name):
            raise ValueError(f"entry {number} names no tag before '> *'")
        (own if name == entry else trees).append(tag_key(name))
    return TagSelection(_names(own), _names(trees))


def _names(keys: Iterable[str]) -> TagNames:
    names = dict.fromkeys(keys)
    exact = frozenset(name for name in names if _WILDCARD not in name)
    patterns = (tuple(name.split(_WILDCARD)) for name in names if _WILDCARD in name)
    return TagNames(exact, tuple(patterns))


def _fits(parts: tuple[str, ...], key: str) -> bool:
    """Return True if the key consists of these parts with anything between them.

    No regular expression: one with many wildcards could take for ever.
    """
    first, *middle, last = parts
    end = len(key) - len(last)
    if not (key.startswith(first) and key.endswith(last)):
        return False
    place = len(first)
    for part in middle:
        found = key.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return place <= end
