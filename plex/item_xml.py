"""Parses one item of a full read, so that no other module knows Plex's item XML."""

from xml.etree.ElementTree import Element

from core.fields import EDIT_FIELDS, IMAGE_FIELDS
from core.plex_item import PlexItem
from plex import field_codecs as kinds

# The proxyType of a version that Plex 1.43 converted itself; no scene's file can be one.
OPTIMIZED_VERSION = "42"


def parse_item(video: Element, section: int) -> PlexItem:
    """Return the snapshot of a `Video` element as `/library/metadata/<key>` shows it.

    Raises:
        ValueError: the element has no usable rating key.
    """
    parts = _parts(video)
    return PlexItem(
        rating_key=int(video.get("ratingKey", "")),
        section=section,
        title=video.get("title", ""),
        files=tuple(part.get("file", "") for part in parts),
        values={field.name: kinds.read(field, video) for field in EDIT_FIELDS},
        locked=frozenset(
            field.get("name", "") for field in video.findall("Field") if field.get("locked") == "1"
        ),
        images={field.name: video.get(field.plex, "") for field in IMAGE_FIELDS},
    )


def _parts(video: Element) -> list[Element]:
    """Every part with a file: several versions and several parts of one version alike."""
    versions = [
        media for media in video.findall("Media") if media.get("proxyType") != OPTIMIZED_VERSION
    ]
    return [part for media in versions for part in media.findall("Part") if part.get("file")]
