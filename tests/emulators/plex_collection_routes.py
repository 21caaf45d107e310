"""Routes about collections that are made, filled and removed by name instead of tagging."""

from __future__ import annotations

import re

from tests.emulators.plex_listing import select
from tests.emulators.plex_markup import container, section_attributes
from tests.emulators.plex_model import Collection, Item
from tests.emulators.plex_section_routes import page
from tests.emulators.plex_site import Call, Route
from tests.emulators.plex_wire import Query, RefusedError, Response, number
from tests.emulators.plex_xml import collection_directory

_URI = re.compile(r"server://(\w+)/com\.plexapp\.plugins\.library(/library/.+)$")
_KEYS = re.compile(r"/library/metadata/([\d,]+)$")


def collection(call: Call) -> Response:
    """One collection."""
    found = call.collection()
    section = call.library.sections[found.section_key]
    _refresh_smart(call, found)
    directory = collection_directory(found, section, with_locks=True)
    return container([("size", 1), *section_attributes(section)], [directory])


def children(call: Call) -> Response:
    """The members."""
    found = call.collection()
    section = call.library.sections[found.section_key]
    _refresh_smart(call, found)
    return page(call, section, [section.items[key] for key in found.tag.members])


def create(call: Call) -> Response:
    """Make a collection, filled or smart; one with the same title may exist."""
    query = call.request.query
    section = call.library.sections.get(number(query.get("sectionId") or "0"))
    title = query.get("title")
    if section is None or not title:
        raise RefusedError(400)
    made = call.library.tags.new_collection(section, title, call.library.now, by_tagging=False)
    if query.flag("smart"):
        made.smart, made.uri = True, query.get("uri") or ""
        _refresh_smart(call, made)
    elif query.get("uri"):
        _join(call, made, query.get("uri") or "")
    directory = collection_directory(made, section)
    return container([("size", 1), *section_attributes(section)], [directory])


def add_members(call: Call) -> Response:
    """Add all items that the address names."""
    found = call.collection()
    _refuse_smart(found)
    _join(call, found, call.request.query.get("uri") or "")
    return collection(call)


def remove_member(call: Call) -> Response:
    """Take one item out."""
    found = call.collection()
    _refuse_smart(found)
    key = int(call.parts[1])
    if key not in found.tag.members:
        raise RefusedError(404)
    call.library.tags.leave(call.library.item(key), found)
    return Response()


def remove(call: Call) -> Response:
    """Remove the collection; its items stay."""
    call.library.tags.drop_collection(call.collection())
    return Response()


def _refuse_smart(found: Collection) -> None:
    if found.smart:
        raise RefusedError(400, "a smart collection has no members of its own")


def _path_of(call: Call, uri: str) -> str:
    match = _URI.match(uri)
    if match is None or match[1] != call.site.machine_identifier:
        raise RefusedError(400, "not an address of this server")
    return match[2]


def _join(call: Call, found: Collection, uri: str) -> None:
    match = _KEYS.match(_path_of(call, uri))
    if match is None:
        raise RefusedError(400, "no items in the address")
    section = call.library.sections[found.section_key]
    for key in match[1].split(","):
        if int(key) in section.items:
            call.library.tags.join(section.items[int(key)], found)


def _refresh_smart(call: Call, found: Collection) -> None:
    if found.smart:
        section = call.library.sections[found.section_key]
        _, _, arguments = _path_of(call, found.uri).partition("?")
        entries = select(call.library, section, Query(arguments))
        found.tag.members = {entry.rating_key: None for entry in entries if isinstance(entry, Item)}


_ONE = "/library/collections/{rk}"
ROUTES = (
    Route("POST", "/library/collections", create, owner_only=True),
    Route("GET", _ONE, collection),
    Route("DELETE", _ONE, remove, owner_only=True),
    Route("GET", f"{_ONE}/children", children),
    Route("GET", f"{_ONE}/items", children),
    Route("PUT", f"{_ONE}/items", add_members, owner_only=True),
    Route("DELETE", f"{_ONE}/items/{{rk}}", remove_member, owner_only=True),
)
