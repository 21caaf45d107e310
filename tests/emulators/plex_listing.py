"""Which entries a listing shows and in which order. Orders of whole sections are kept until
something changes.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from tests.emulators.plex_filters import predicate, wanted_ids
from tests.emulators.plex_library import PlexLibrary
from tests.emulators.plex_markup import element
from tests.emulators.plex_model import Collection, Item, Section
from tests.emulators.plex_wire import Query, RefusedError, number

_SORTS: dict[str, Callable[[Item], Any]] = {
    "titleSort": lambda item: item.title_sort.casefold(),
    "title": lambda item: item.title.casefold(),
    "addedAt": lambda item: item.added_at,
    "updatedAt": lambda item: item.updated_at,
    "originallyAvailableAt": lambda item: item.date,
    "year": lambda item: item.year,
    "userRating": lambda item: item.user_rating,
    "rating": lambda item: item.rating,
    "duration": lambda item: item.media[0].duration if item.media else None,
    "lastViewedAt": lambda item: item.last_viewed_at,
    "viewCount": lambda item: item.view_count or 0,
    "id": lambda item: item.rating_key,
    "guid": lambda item: item.guid,
}
_TAG_FILTERS = {"genre": "Genre", "actor": "Actor", "collection": "Collection", "director": "Director",
                "writer": "Writer", "producer": "Producer", "country": "Country", "label": "Labels"}  # fmt: skip
_META_FIELDS = {
    "title": "string", "studio": "string", "contentRating": "string", "editionTitle": "string",
    "userRating": "integer", "year": "integer", "duration": "integer", "viewCount": "integer",
    "mediaSize": "integer", "originallyAvailableAt": "date", "addedAt": "date", "lastViewedAt": "date",
    "unmatched": "boolean", "duplicate": "boolean", "unwatched": "boolean", "trash": "boolean",
    **dict.fromkeys(_TAG_FILTERS, "tag"),
}  # fmt: skip
_OPERATORS = {
    "string": {"=": "contains", "!=": "does not contain", "==": "is", "!==": "is not", "<=": "begins with",
               ">=": "ends with"},
    "integer": {"=": "is", "!=": "is not", ">>=": "is greater than", "<<=": "is less than"},
    "date": {">>=": "is after", "<<=": "is before"},
    "boolean": {"=": "is true", "!=": "is false"},
    "tag": {"=": "is", "!=": "is not"},
}  # fmt: skip


def select(library: PlexLibrary, section: Section, query: Query) -> list[Item | Collection]:
    """The entries that a listing of this section has, in order, before paging."""
    kind = query.get("type") or "1"
    if kind == "18":
        return _limited(_collections(section, query), query)
    if kind != "1":
        return []
    entries: list[Item | Collection] = list(_items(library, section, query))
    if query.flag("includeCollections"):
        entries += section.collections.values()
    return _limited(entries, query)


def _limited(entries: list[Item | Collection], query: Query) -> list[Item | Collection]:
    limit = query.get("limit")
    return entries if limit is None else entries[: number(limit)]


def _items(library: PlexLibrary, section: Section, query: Query) -> list[Item]:
    order = query.get("sort") or "titleSort"
    ids = wanted_ids(query)
    test = predicate(query, library.now)
    if ids is None and test is None:
        return _whole(section, order)
    pool = (
        section.items.values()
        if ids is None
        else [section.items[key] for key in ids if key in section.items]
    )
    return ordered([item for item in pool if test is None or test(item)], order)


def _whole(section: Section, order: str) -> list[Item]:
    if order == "id":
        return list(section.items.values())
    kept = section.orders.get(order)
    if kept is None or kept[0] != section.version or "random" in order:
        kept = (section.version, ordered(list(section.items.values()), order))
        section.orders[order] = kept
    return kept[1]


def ordered(items: list[Item], order: str) -> list[Item]:
    """Sort by `field:desc,field:nullsLast`; items without a value come first unless `nullsLast` is given."""
    if order == "random":
        return random.sample(items, len(items))
    for term in reversed(order.split(",")):
        name, _, direction = term.partition(":")
        read = _SORTS.get(name.removeprefix("movie."))
        if read is None:
            raise RefusedError(400, f"cannot sort by {name[:40]}")
        items = _sorted_by(items, read, direction)
    return items


def _sorted_by(items: list[Item], read: Callable[[Item], Any], direction: str) -> list[Item]:
    valued = sorted(
        (item for item in items if read(item) is not None), key=read, reverse="desc" in direction
    )
    missing = [item for item in items if read(item) is None]
    last = "nullsLast" in direction or "desc" in direction
    return valued + missing if last else missing + valued


def _collections(section: Section, query: Query) -> list[Item | Collection]:
    found: list[Collection] = sorted(
        section.collections.values(), key=lambda each: each.title_sort.casefold()
    )
    ids = wanted_ids(query)
    title = query.get("title")
    exact = query.get("title=")
    return [
        each
        for each in found
        if (ids is None or each.rating_key in ids)
        and (title is None or title.casefold() in each.title.casefold())
        and (exact is None or exact.casefold() == each.title.casefold())
    ]


def choices(section: Section, kind: str) -> list[str]:
    """The choices of a filter, as elements."""
    if kind == "studio":
        names = sorted({item.studio for item in section.items.values() if item.studio})
        return [element("Directory", [("key", name), ("title", name)]) for name in names]
    tags = {
        tagging.tag.id: tagging.tag
        for item in section.items.values()
        for tagging in item.taggings.get(kind, ())
    }
    path = f"/library/sections/{section.key}/all?{kind}="
    return [
        element("Directory", [("key", key), ("title", tag.name), ("fastKey", f"{path}{key}")])
        for key, tag in sorted(tags.items(), key=lambda pair: pair[1].name.casefold())
    ]


def meta(section_key: int, kind: str) -> str:
    """What filters, sorts and operators there are: plexapi asks before it searches."""
    path = f"/library/sections/{section_key}"
    collections = kind == "collection"
    fields = {"title": "string", "addedAt": "date"} if collections else _META_FIELDS
    inside = ("" if collections else _meta_filters(path)) + _meta_sorts()
    inside += "".join(
        element("Field", [("key", name), ("title", name), ("type", of_type)])
        for name, of_type in fields.items()
    )
    key = f"{path}/all?type={18 if collections else 1}"
    shown = element("Type", [("key", key), ("type", kind), ("title", kind), ("active", 1)], inside)
    return f"<Meta>{shown}{_meta_operators()}</Meta>"


def _meta_filters(path: str) -> str:
    return "".join(
        element(
            "Filter",
            [
                ("filter", name),
                ("filterType", "string"),
                ("key", f"{path}/{name}"),
                ("title", title),
                ("type", "filter"),
            ],
        )
        for name, title in _TAG_FILTERS.items()
    )


def _meta_sorts() -> str:
    return "".join(
        element(
            "Sort",
            [
                ("key", name),
                ("descKey", f"{name}:desc"),
                ("title", name),
                ("defaultDirection", "asc"),
                ("default", "asc" if name == "titleSort" else None),
            ],
        )
        for name in (*_SORTS, "random")
    )


def _meta_operators() -> str:
    return "".join(
        element(
            "FieldType",
            [("type", name)],
            "".join(
                element("Operator", [("key", key), ("title", title)])
                for key, title in operators.items()
            ),
        )
        for name, operators in _OPERATORS.items()
    )
