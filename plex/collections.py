"""Requests about a library's collections: which there are, how many members one has, its end.

Membership is not edited here: it is a field of the items. The request forms are those that plexapi
4.18 sends (its `Collection` and `LibrarySection`), the attributes those of Plex's API description.
"""

from dataclasses import dataclass
from urllib.parse import quote
from xml.etree.ElementTree import Element

from plex.errors import plex_errors
from plex.transport import PlexTransport

PAGE = 1_000  # collections in one listing page
COLLECTION_TYPE = 18
# A part of the path of the picture that Plex makes of a collection's members.
_COMPOSITE = "/composite/"


@dataclass(frozen=True, slots=True)
class PlexCollection:
    """One collection as a library lists it.

    Attributes:
        key: its rating key.
        title: its title, which its members carry.
        summary: "" for none.
        count: how many members it has; None if Plex does not say.
        thumb: the path of its image.
        is_smart: its members follow from a search.
    """

    key: int
    title: str
    summary: str = ""
    count: int | None = None
    thumb: str = ""
    is_smart: bool = False

    @property
    def is_bare(self) -> bool:
        """Return True if it has no summary and no image, as when an edit has made it."""
        return not self.summary and (not self.thumb or _COMPOSITE in self.thumb)


class CollectionRequests:
    """The requests. All raise `core.errors.PlexError` subclasses and nothing else."""

    def __init__(self, transport: PlexTransport) -> None:
        self._transport = transport

    def list_all(self, section: int) -> tuple[PlexCollection, ...]:
        """Return all collections of a library, a page of 1,000 with each request."""
        found: list[PlexCollection] = []
        while True:
            root = self._transport.read(
                f"/library/sections/{section}/collections",
                {
                    "X-Plex-Container-Start": str(len(found)),
                    "X-Plex-Container-Size": str(PAGE),
                },
            )
            with plex_errors():
                page = [_collection(element) for element in root.findall("Directory")]
                total = int(root.get("totalSize") or 0)
            found += page
            if not page or len(found) >= total:
                return tuple(found)

    def count_members(self, key: int) -> int | None:
        """Return how many members a collection has; None if Plex does not say.

        Raises:
            PlexNotFound: there is no such collection.
        """
        root = self._transport.read(
            f"/library/collections/{key}/children",
            {"X-Plex-Container-Start": "0", "X-Plex-Container-Size": "0"},
        )
        return _number(root.get("totalSize"))

    def delete(self, key: int) -> None:
        """Delete a collection; its members stay in the library.

        Raises:
            PlexNotFound: there is no such collection.
        """
        self._transport.send(
            f"/library/collections/{key}", self._transport.session.delete, parse=False
        )


def summary_target(section: int, key: int, summary: str, *, locked: bool) -> str:
    """Return the target of the PUT that sets the summary of one collection; "" clears it.

    Examples:
        >>> summary_target(1, 9001, "A & B", locked=True)
        '/library/sections/1/all?type=18&id=9001&summary.locked=1&summary.value=A%20%26%20B'
    """
    base = f"/library/sections/{section}/all?type={COLLECTION_TYPE}&id={key}"
    return f"{base}&summary.locked={int(locked)}&summary.value={quote(summary, safe='')}"


def unlock_image_target(section: int, key: int) -> str:
    """Return the target of the PUT that unlocks the image of one collection."""
    return f"/library/sections/{section}/all?type={COLLECTION_TYPE}&id={key}&thumb.locked=0"


def _collection(element: Element) -> PlexCollection:
    return PlexCollection(
        key=int(element.get("ratingKey", "")),
        title=element.get("title", ""),
        summary=element.get("summary", ""),
        count=_number(element.get("childCount")),
        thumb=element.get("thumb", ""),
        is_smart=element.get("smart") == "1",
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None
