"""What a Plex server remembers: sections, items, files, tags, images.

Plain data, so that a test can read the outcome of a sync as `plex.library.item(101).title`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

TAG_KINDS = ("genre", "director", "writer", "producer", "country", "actor", "label", "collection")

# The smallest valid picture: what an item shows before anybody uploads a poster.
GENERATED_FRAME = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


@dataclass(slots=True)
class Tag:
    """A genre, person, collection or the like; `members` are the rating keys that carry it."""

    id: int
    kind: str
    name: str
    thumb: str | None = None
    members: dict[int, None] = field(default_factory=dict)


@dataclass(slots=True)
class Tagging:
    """One tag on one item; for an actor `text` is the name of the role."""

    tag: Tag
    text: str | None = None


@dataclass(slots=True)
class Part:
    """One file on the server's disk."""

    id: int
    file: str
    size: int
    added_at: int
    exists: bool = True


@dataclass(slots=True)
class Media:
    """One version of an item: one part, or several for cd1, cd2."""

    id: int
    parts: list[Part]
    duration: int | None = 1_834_000
    proxy_type: int | None = None


@dataclass(slots=True)
class Image:
    """One poster or background on offer for an item."""

    rating_key: str
    data: bytes
    provider: str | None = None
    selected: bool = False

    @property
    def sha1(self) -> str:
        """The digest under which the server files an upload."""
        return hashlib.sha1(self.data, usedforsecurity=False).hexdigest()


@dataclass(slots=True, kw_only=True)
class Entry:
    """What items and collections have in common. Setting an attribute drops the rendered listing
    fragment.
    """

    rating_key: int
    section_key: int
    title: str
    title_sort: str
    added_at: int
    updated_at: int
    summary: str = ""
    content_rating: str | None = None
    thumb: str | None = None
    art: str | None = None
    locked: set[str] = field(default_factory=set)
    posters: list[Image] = field(default_factory=list)
    arts: list[Image] = field(default_factory=list)
    hidden_reads: int = 0
    fragment: tuple[object, str] | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name != "fragment":
            object.__setattr__(self, "fragment", None)

    @property
    def selected_poster(self) -> Image | None:
        """The poster that clients show, if one is chosen."""
        return next((image for image in self.posters if image.selected), None)

    @property
    def selected_art(self) -> Image | None:
        """The background that clients show, if one is chosen."""
        return next((image for image in self.arts if image.selected), None)

    @property
    def poster_bytes(self) -> bytes | None:
        """The bytes of the chosen poster."""
        chosen = self.selected_poster
        return chosen.data if chosen else None

    @property
    def art_bytes(self) -> bytes | None:
        """The bytes of the chosen background."""
        chosen = self.selected_art
        return chosen.data if chosen else None


@dataclass(slots=True, kw_only=True)
class Item(Entry):
    """One video of a movie section."""

    guid: str
    original_title: str | None = None
    studio: str | None = None
    tagline: str | None = None
    edition_title: str | None = None
    rating: float | None = None
    audience_rating: float | None = None
    user_rating: float | None = None
    last_rated_at: int | None = None
    date: str | None = None
    year: int | None = None
    deleted_at: int | None = None
    view_count: int | None = None
    last_viewed_at: int | None = None
    media: list[Media] = field(default_factory=list)
    taggings: dict[str, list[Tagging]] = field(default_factory=dict)

    def tags(self, kind: str) -> list[str]:
        """The names of one kind of tag, in the server's order."""
        return [tagging.tag.name for tagging in self.taggings.get(kind, ())]

    @property
    def genres(self) -> list[str]:
        """Genre names."""
        return self.tags("genre")

    @property
    def roles(self) -> list[str]:
        """Names of the actors."""
        return self.tags("actor")

    @property
    def role_texts(self) -> list[str]:
        """Actors with the texts of their roles, as `Mia: Herself`; without those that have none."""
        return [
            f"{each.tag.name}: {each.text}" for each in self.taggings.get("actor", ()) if each.text
        ]

    @role_texts.setter
    def role_texts(self, texts: list[str]) -> None:
        known = dict(text.split(": ", 1) for text in texts)
        for each in self.taggings.get("actor", ()):
            each.text = known.get(each.tag.name)

    @property
    def directors(self) -> list[str]:
        """Names of the directors."""
        return self.tags("director")

    @property
    def collections(self) -> list[str]:
        """Titles of the collections."""
        return self.tags("collection")

    @property
    def labels(self) -> list[str]:
        """Label names."""
        return self.tags("label")

    @property
    def parts(self) -> list[Part]:
        """All files of all versions."""
        return [part for media in self.media for part in media.parts]

    @property
    def files(self) -> list[str]:
        """Paths of all files of all versions."""
        return [part.file for part in self.parts]


@dataclass(slots=True, kw_only=True)
class Collection(Entry):
    """A collection; for all but smart ones, its members are those that carry its tag."""

    tag: Tag
    guid: str
    by_tagging: bool = False
    smart: bool = False
    uri: str = ""
    mode: int = -1
    sort: int = 0


@dataclass(slots=True)
class Scan:
    """A scan that runs; it ends when the clock passes `ends_at`."""

    uuid: str
    ends_at: float
    path: str | None


@dataclass(slots=True)
class Section:
    """A library of one type with its folders; `items` are in the order of their keys."""

    key: int
    uuid: str
    title: str
    type: str
    agent: str
    scanner: str
    language: str
    locations: list[tuple[int, str]]
    created_at: int
    updated_at: int
    scanned_at: int
    content_changed_at: int = 1
    hidden: int = 0
    items: dict[int, Item] = field(default_factory=dict)
    collections: dict[int, Collection] = field(default_factory=dict)
    scans: list[Scan] = field(default_factory=list)
    version: int = 0
    orders: dict[str, tuple[int, list[Item]]] = field(default_factory=dict)

    def holds(self, path: str) -> bool:
        """Whether the path lies in one of the folders of this section."""
        return any(is_below(path, folder) for _, folder in self.locations)


def is_below(path: str, folder: str) -> bool:
    """Whether the path is the folder or lies in it, for either kind of separator."""
    root = folder.rstrip("/\\")
    return path == root or path.startswith((root + "/", root + "\\"))


def file_stem(path: str) -> str:
    """The file name without folders and extension, which is what an unmatched item is called."""
    name = path.replace("\\", "/").rpartition("/")[2]
    return name.rpartition(".")[0] or name


def sort_title(title: str) -> str:
    """The sort title that the server derives: without a leading article."""
    first, _, rest = title.partition(" ")
    return rest if rest and first.lower() in ("the", "a", "an") else title
