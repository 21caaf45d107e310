"""Elements, attributes and containers: how the server writes XML, whatever it is about."""

from __future__ import annotations

from collections.abc import Iterable

from tests.emulators.plex_model import Section
from tests.emulators.plex_wire import XML_TYPE, Response

NOTHING: frozenset[str] = frozenset()
# Control characters are written out raw on purpose: a client that sent them gets them back.
_ESCAPES = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "\n": "&#10;",
        "\r": "&#13;",
        "\t": "&#9;",
    }
)
_PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>\n'

Attributes = Iterable[tuple[str, object]]


def escape(text: str) -> str:
    """Text for use inside an attribute."""
    return text.translate(_ESCAPES)


def attributes(pairs: Attributes, excluded: frozenset[str] = NOTHING) -> str:
    """Attributes with a leading space each; those without a value are absent."""
    return "".join(
        f' {name}="{escape(str(value))}"'
        for name, value in pairs
        if value is not None and name not in excluded
    )


def element(name: str, pairs: Attributes, inside: str = "") -> str:
    """One element."""
    if inside:
        return f"<{name}{attributes(pairs)}>{inside}</{name}>"
    return f"<{name}{attributes(pairs)}/>"


def container(
    pairs: Attributes, children: Iterable[str] = (), headers: dict[str, str] | None = None
) -> Response:
    """A complete answer around the children."""
    document = f"{_PROLOGUE}<MediaContainer{attributes(pairs)}>{''.join(children)}</MediaContainer>"
    return Response(200, document.encode("utf-8", "replace"), XML_TYPE, headers or {})


def section_attributes(section: Section) -> list[tuple[str, object]]:
    """What a container of items says about its section."""
    return [
        ("allowSync", 1),
        ("identifier", "com.plexapp.plugins.library"),
        ("librarySectionID", section.key),
        ("librarySectionTitle", section.title),
        ("librarySectionUUID", section.uuid),
        ("mediaTagPrefix", "/system/bundle/media/flags/"),
        ("mediaTagVersion", section.created_at),
    ]


def section_directory(section: Section, *, is_owner: bool = True) -> str:
    """A section in the list of sections."""
    pairs: Attributes = [
        ("allowSync", int(is_owner)),
        ("art", "/:/resources/movie-fanart.jpg"),
        ("composite", f"/library/sections/{section.key}/composite/{section.updated_at}"),
        ("filters", 1),
        ("refreshing", int(bool(section.scans))),
        ("thumb", "/:/resources/video.png"),
        ("key", section.key),
        ("type", section.type),
        ("title", section.title),
        ("agent", section.agent),
        ("scanner", section.scanner),
        ("language", section.language),
        ("uuid", section.uuid),
        ("updatedAt", section.updated_at),
        ("createdAt", section.created_at),
        ("scannedAt", section.scanned_at),
        ("content", 1),
        ("directory", 1),
        ("contentChangedAt", section.content_changed_at),
        ("hidden", section.hidden),
    ]
    places = "".join(
        element("Location", [("id", key), ("path", path)]) for key, path in section.locations
    )
    return element("Directory", pairs, places)
