"""Reading a library's listing page by page: four values a file, no objects."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from core.errors import PlexTemporaryError
from core.match import PlexFile
from plex.client import PAGE, PlexClient
from plex.item_xml import OPTIMIZED_VERSION


def iter_items(
    client: PlexClient, section: int, added_since: int | None = None, page: int = PAGE
) -> Iterator[Element]:
    """Yield every item of a library in listing form; read a page when the previous one is used up.

    A server may send fewer items than asked for, so the next page starts after what arrived.

    Raises:
        PlexTemporaryError: the listing ended before its own total. What was read proves nothing.
    """
    start = 0
    while True:
        answer = client.list_page(section, start, page, added_since)
        yield from answer.videos
        start += len(answer.videos)
        if start >= answer.total:
            return
        if not answer.videos:
            raise PlexTemporaryError(
                f"the listing of library {section} broke off at {start} of {answer.total}"
            )


def files_of(video: Element, section: int) -> Iterator[PlexFile]:
    """Yield the media files that one listed item plays, optimized versions excluded."""
    if video.get("deletedAt"):
        return
    for media in video.findall("Media"):
        if media.get("proxyType") == OPTIMIZED_VERSION or media.get("deletedAt"):
            continue
        for part in media.findall("Part"):
            path = part.get("file")
            if path:
                yield PlexFile(
                    path, _parse_int(part.get("size")), _parse_int(video.get("ratingKey")), section
                )


def added_at(video: Element) -> int:
    """Return when Plex added the item, epoch seconds by Plex's clock; 0 if it does not say."""
    return _parse_int(video.get("addedAt"))


def _parse_int(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0
