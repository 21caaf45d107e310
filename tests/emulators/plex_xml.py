"""The server's XML: complete metadata for one item, and the shortened form that listings use.

Listings carry fewer tags than the item has. A reader that takes a listing for the truth must fail
its tests.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.emulators.plex_markup import NOTHING, Attributes, attributes, element, escape
from tests.emulators.plex_model import Collection, Entry, Image, Item, Media, Part, Section
from tests.emulators.plex_switches import PlexSwitches

_ELEMENTS = {
    "genre": "Genre",
    "director": "Director",
    "writer": "Writer",
    "producer": "Producer",
    "country": "Country",
    "actor": "Role",
    "label": "Label",
    "collection": "Collection",
}
_STREAMS = (
    '<Stream id="{0}1" streamType="1" default="1" codec="h264" index="0" bitrate="4880"/>'
    '<Stream id="{0}2" streamType="2" selected="1" default="1" codec="aac" index="1" channels="2"/>'
)


@dataclass(frozen=True)
class Shape:
    """What a request asked to be left out or added."""

    fields: frozenset[str] = NOTHING
    elements: frozenset[str] = NOTHING
    guids: bool = False
    check_files: bool = False
    tag_cap: int | None = 2
    equal_sort_title: bool = True


def listing_shape(switches: PlexSwitches, shape: Shape) -> Shape:
    """The shape that a listing really uses."""
    dropped = shape if switches.exclude_elements_on_listing else Shape()
    cap = switches.director_country_collection_cap
    return Shape(dropped.fields, dropped.elements, shape.guids, False, cap, shape.equal_sort_title)


def listed(entry: Item | Collection, section: Section, shape: Shape) -> str:
    """An item or collection as listings show it; kept on the entry until the entry changes."""
    if isinstance(entry, Collection):
        return collection_directory(entry, section)
    if entry.fragment is not None and entry.fragment[0] == shape:
        return entry.fragment[1]
    caps = {"genre": 2, "writer": 2, "actor": 3}
    caps |= dict.fromkeys(("director", "country", "collection"), shape.tag_cap or 1000000)
    inside = "".join(_media(media, shape) for media in entry.media)
    for kind, cap in caps.items():
        name = _ELEMENTS[kind]
        if name not in shape.elements:
            inside += "".join(f'<{name} tag="{escape(tag)}"/>' for tag in entry.tags(kind)[:cap])
    text = f"<Video{attributes(_scalars(entry, shape), shape.fields)}>{inside}{_guids(entry, shape)}</Video>"
    entry.fragment = (shape, text)
    return text


def full(entry: Item | Collection, section: Section, shape: Shape) -> str:
    """An item or collection with all it has."""
    if isinstance(entry, Collection):
        return collection_directory(entry, section, with_locks=True)
    home: list[tuple[str, object]] = [
        ("librarySectionTitle", section.title),
        ("librarySectionID", section.key),
        ("librarySectionKey", f"/library/sections/{section.key}"),
    ]
    inside = ""
    if "Media" not in shape.elements:
        inside = "".join(_media(media, shape, complete=True) for media in entry.media)
    inside += "".join(
        _full_tags(entry, kind) for kind in _ELEMENTS if _ELEMENTS[kind] not in shape.elements
    )
    if "Field" not in shape.elements:
        inside += _locks(entry)
    pairs = attributes([*_scalars(entry, shape), *home], shape.fields)
    return f"<Video{pairs}>{inside}{_guids(entry, Shape(guids=True))}</Video>"


def collection_directory(collection: Collection, section: Section, with_locks: bool = False) -> str:
    """A collection as an element."""
    years = [
        year for key in collection.tag.members if (year := section.items[key].year) is not None
    ]
    pairs: list[tuple[str, object]] = [
        ("ratingKey", collection.rating_key),
        ("key", f"/library/collections/{collection.rating_key}/children"),
        ("guid", collection.guid),
        ("type", "collection"),
        ("title", collection.title),
        ("titleSort", collection.title_sort),
        ("subtype", "movie"),
        ("contentRating", collection.content_rating or ""),
        ("summary", collection.summary),
        ("index", collection.tag.id),
        ("smart", 1 if collection.smart else None),
        ("content", collection.uri if collection.smart else None),
        ("ratingCount", 0),
        (
            "thumb",
            collection.thumb
            or f"/library/collections/{collection.rating_key}/composite/{collection.updated_at}",
        ),
        ("art", collection.art),
        ("addedAt", collection.added_at),
        ("updatedAt", collection.updated_at),
        ("childCount", len(collection.tag.members)),
        ("collectionMode", collection.mode),
        ("collectionSort", collection.sort),
        ("maxYear", max(years, default=None)),
        ("minYear", min(years, default=None)),
        ("librarySectionID", section.key),
    ]
    return element("Directory", pairs, _locks(collection) if with_locks else "")


def photo(entry: Entry, image: Image, url: str, selected: bool) -> str:
    """One choice in the list of posters or backgrounds."""
    key = f"/library/metadata/{entry.rating_key}/file?url={url}"
    pairs: Attributes = [
        ("key", key),
        ("ratingKey", image.rating_key),
        ("selected", int(selected)),
        ("thumb", key),
        ("provider", image.provider),
    ]
    return element("Photo", pairs)


def _scalars(item: Item, shape: Shape) -> list[tuple[str, object]]:
    return [
        ("ratingKey", item.rating_key),
        ("key", f"/library/metadata/{item.rating_key}"),
        ("guid", item.guid),
        ("studio", item.studio),
        ("type", "movie"),
        ("title", item.title),
        ("titleSort", _sort_title(item, shape)),
        ("originalTitle", item.original_title),
        ("editionTitle", item.edition_title),
        ("contentRating", item.content_rating),
        ("summary", item.summary),
        ("rating", item.rating),
        ("audienceRating", item.audience_rating),
        ("userRating", item.user_rating),
        ("lastRatedAt", item.last_rated_at),
        ("viewCount", item.view_count),
        ("lastViewedAt", item.last_viewed_at),
        ("year", item.year),
        ("tagline", item.tagline),
        ("thumb", item.thumb),
        ("art", item.art),
        ("duration", item.media[0].duration if item.media else None),
        ("originallyAvailableAt", item.date),
        ("addedAt", item.added_at),
        ("updatedAt", item.updated_at),
        ("deletedAt", item.deleted_at),
    ]


def _sort_title(item: Item, shape: Shape) -> str | None:
    is_shown = shape.equal_sort_title or item.title_sort != item.title
    return item.title_sort if is_shown else None


def _media(media: Media, shape: Shape, complete: bool = False) -> str:
    if "Media" in shape.elements:
        return ""
    known = media.duration is not None
    pairs = attributes(
        [
            ("id", media.id),
            ("duration", media.duration),
            ("bitrate", 5012 if known else None),
            ("width", 1920 if known else None),
            ("height", 1080 if known else None),
            ("videoCodec", "h264" if known else None),
            ("videoResolution", "1080" if known else None),
            ("container", "mp4"),
            ("proxyType", media.proxy_type),
        ]
    )
    return f"<Media{pairs}>{''.join(_part(part, media, shape, complete) for part in media.parts)}</Media>"


def _part(part: Part, media: Media, shape: Shape, complete: bool) -> str:
    exists = int(part.exists) if shape.check_files else None
    pairs: Attributes = [
        ("id", part.id),
        ("key", f"/library/parts/{part.id}/{part.added_at}/file.mp4"),
        ("duration", media.duration),
        ("file", part.file),
        ("size", part.size),
        ("container", "mp4"),
        ("exists", exists),
        ("accessible", exists),
    ]
    return element("Part", pairs, _STREAMS.format(part.id) if complete else "")


def _full_tags(item: Item, kind: str) -> str:
    return "".join(
        element(
            _ELEMENTS[kind],
            [
                ("id", tagging.tag.id),
                ("filter", f"{kind}={tagging.tag.id}"),
                ("tag", tagging.tag.name),
                ("role", tagging.text),
                ("thumb", tagging.tag.thumb),
            ],
        )
        for tagging in item.taggings.get(kind, ())
    )


def _locks(entry: Entry) -> str:
    return "".join(
        element("Field", [("locked", 1), ("name", name)]) for name in sorted(entry.locked)
    )


def _guids(item: Item, shape: Shape) -> str:
    matched = item.guid.startswith("plex://")
    return (
        element("Guid", [("id", f"imdb://tt{item.rating_key:07}")])
        if shape.guids and matched
        else ""
    )
