"""Routes about sections: what there is, listings, edits of many, scans, trash."""

from __future__ import annotations

from tests.emulators.plex_edits import apply_edit, parse_edit
from tests.emulators.plex_listing import choices, meta, select
from tests.emulators.plex_markup import container, element, section_attributes, section_directory
from tests.emulators.plex_model import Collection, Item, Section
from tests.emulators.plex_site import Call, Route
from tests.emulators.plex_wire import RefusedError, Response
from tests.emulators.plex_xml import listed, listing_shape

_CHOICES = {
    "genre",
    "actor",
    "collection",
    "director",
    "writer",
    "producer",
    "country",
    "label",
    "studio",
}


def library_root(call: Call) -> Response:
    """The container that plexapi asks for before it asks for sections."""
    pairs: list[tuple[str, object]] = [
        ("size", 3),
        ("allowSync", 0),
        ("art", "/:/resources/library-art.png"),
        ("identifier", "com.plexapp.plugins.library"),
        ("mediaTagPrefix", "/system/bundle/media/flags/"),
        ("mediaTagVersion", 1700000000),
        ("title1", "Plex Library"),
    ]
    names = {
        "sections": "Library Sections",
        "recentlyAdded": "Recently Added Content",
        "onDeck": "On Deck Content",
    }
    return container(
        pairs,
        [element("Directory", [("key", key), ("title", name)]) for key, name in names.items()],
    )


def sections(call: Call) -> Response:
    """All sections that the account may see."""
    seen = [section for key, section in call.library.sections.items() if call.may_see(key)]
    pairs = [("size", len(seen)), ("allowSync", 0), ("title1", "Plex Library")]
    owner = call.account.owner
    return container(pairs, [section_directory(section, is_owner=owner) for section in seen])


def section_menu(call: Call) -> Response:
    """The menu of one section."""
    section = call.section()
    names = {"all": "All", "collections": "Collections", "genre": "By Genre", "folder": "By Folder"}
    children = [
        element("Directory", [("key", key), ("title", name)]) for key, name in names.items()
    ]
    return container(
        [("size", len(children)), *section_attributes(section), ("title1", section.title)], children
    )


def listing(call: Call) -> Response:
    """The list of a section's items or collections."""
    section = call.section()
    return page(call, section, select(call.library, section, call.request.query))


def collections(call: Call) -> Response:
    """The collections of a section."""
    section = call.section()
    found = sorted(section.collections.values(), key=lambda each: each.title_sort.casefold())
    return page(call, section, list(found))


def page(call: Call, section: Section, entries: list[Item | Collection]) -> Response:
    """The part of the entries that was asked for."""
    start, size = call.request.paging()
    switches = call.site.switches
    if size is None and switches.require_container_size:
        raise RefusedError(400, "no container size")
    asked = len(entries) if size is None else size
    cap = asked if switches.max_page is None else min(asked, switches.max_page)
    shown = entries[start : start + cap]
    shape = listing_shape(switches, call.shape())
    pairs: list[tuple[str, object]] = [("size", len(shown))]
    headers = {}
    if size is not None:
        pairs += [("totalSize", len(entries)), ("offset", start)]
        headers = {
            "X-Plex-Container-Start": str(start),
            "X-Plex-Container-Total-Size": str(len(entries)),
        }
    pairs += [
        ("art", "/:/resources/movie-fanart.jpg"),
        *section_attributes(section),
        ("thumb", "/:/resources/video.png"),
        ("title1", section.title),
        ("title2", f"All {section.title}"),
        ("viewGroup", "movie"),
    ]
    children = [listed(entry, section, shape) for entry in shown]
    if call.request.query.flag("includeMeta"):
        kind = (
            "collection"
            if call.request.path.endswith("/collections") or _asks_collections(call)
            else "movie"
        )
        children.append(meta(section.key, kind))
    return container(pairs, children, headers)


def _asks_collections(call: Call) -> bool:
    return call.request.query.get("type") == "18"


def filter_choices(call: Call) -> Response:
    """The choices of one filter, such as all genres."""
    section = call.section()
    kind = call.parts[1]
    if kind not in _CHOICES:
        raise RefusedError(404)
    children = choices(section, kind)
    return container(
        [("size", len(children)), *section_attributes(section), ("title1", section.title)], children
    )


def edit_many(call: Call) -> Response:
    """Edit the items named by `id`. Without it a real server would edit the whole section."""
    query = call.request.query
    ids = [int(part) for part in (query.get("id") or "").split(",") if part.isdigit()]
    if not ids:
        call.site.violations.append(f"edit of a whole section: {call.request.target[:200]}")
        raise RefusedError(500, "an edit without id")
    section = call.section()
    known = section.collections if query.get("type") == "18" else section.items
    live = [known[key] for key in dict.fromkeys(ids) if key in known]
    if not live:
        raise RefusedError(404)
    apply_edit(call.library, live, parse_edit(query.pairs))
    return Response()


def refresh(call: Call) -> Response:
    """Start a scan."""
    call.library.begin_scan(call.section().key, call.request.query.get("path"))
    return Response()


def cancel_refresh(call: Call) -> Response:
    """Stop the scans of this section."""
    call.section().scans.clear()
    return Response()


def empty_trash(call: Call) -> Response:
    """Remove what is gone."""
    call.library.empty_trash(call.section().key)
    return Response()


ROUTES = (
    Route("GET", "/library", library_root),
    Route("GET", "/library/sections", sections),
    Route("GET", "/library/sections/", sections),
    Route("GET", "/library/sections/{S}", section_menu),
    Route("GET", "/library/sections/{S}/all", listing),
    Route("PUT", "/library/sections/{S}/all", edit_many, owner_only=True),
    Route("GET", "/library/sections/{S}/collections", collections),
    Route("GET", "/library/sections/{S}/refresh", refresh, owner_only=True),
    Route("POST", "/library/sections/{S}/refresh", refresh, owner_only=True),
    Route("DELETE", "/library/sections/{S}/refresh", cancel_refresh, owner_only=True),
    Route("PUT", "/library/sections/{S}/emptyTrash", empty_trash, owner_only=True),
    Route("GET", "/library/sections/{S}/{kind}", filter_choices),
)
