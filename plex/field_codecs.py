"""How each kind of field is read from Plex's XML and written as arguments of an edit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote
from xml.etree.ElementTree import Element

from core.field_values import FieldValue, is_empty
from core.fields import BY_NAME, Field, Kind
from core.role_texts import role_entry, split_entry
from plex.plan import Change


@dataclass(frozen=True, slots=True)
class FieldCodec:
    """One kind's two directions: an item's element to a value, a change to arguments without the
    lock.
    """

    read: Callable[[Field, Element], FieldValue]
    arguments: Callable[[Change], dict[str, str]]


def read(field: Field, video: Element) -> FieldValue:
    """Return the field's value on an item read in full; a listing shortens lists of names."""
    return _WIRES[field.kind].read(field, video)


def edit_arguments(change: Change) -> dict[str, str]:
    """Return the arguments of an edit for one change, not URL-encoded yet, its lock included."""
    # Without an explicit lock Plex may decide by itself.
    lock = {f"{change.field.plex}.locked": "1" if change.lock else "0"}
    lock.update({f"{field.plex}.locked": "0" for field in change.unlocks})
    return _WIRES[change.field.kind].arguments(change) | lock


def removal_name(field: Field) -> str:
    """Return the name of the argument that removes names."""
    return f"{field.plex}[].tag.tag-"


def removal_argument(names: tuple[str, ...]) -> str:
    """Return the names to remove: each encoded by itself, since Plex splits the list at commas."""
    return ",".join(quote(name, safe="") for name in names)


def _read_text(field: Field, video: Element) -> FieldValue:
    value = video.get(field.plex, "")
    if not value and field.derived_from:
        # plexapi reads a missing sort title as the title: Plex may leave out one that equals it.
        value = video.get(BY_NAME[field.derived_from].plex, "")
    return value


def _read_date(field: Field, video: Element) -> FieldValue:
    return video.get(field.plex, "")[:10]


def _read_rating(field: Field, video: Element) -> FieldValue:
    try:
        return float(video.get(field.plex, "")) or None
    except ValueError:  # absent means unrated, and so does what is no number
        return None


def _read_names(field: Field, video: Element) -> FieldValue:
    return tuple(
        name for element in video.findall(field.element) if (name := element.get("tag", ""))
    )


def _text_arguments(change: Change) -> dict[str, str]:
    return {f"{change.field.plex}.value": "" if is_empty(change.value) else str(change.value)}


def _rating_arguments(change: Change) -> dict[str, str]:
    value = change.value
    text = f"{value:.1f}" if isinstance(value, float | int) and value else ""
    return {f"{change.field.plex}.value": text}


def _names_arguments(change: Change) -> dict[str, str]:
    plex = change.field.plex
    names = change.value if isinstance(change.value, tuple) else ()
    arguments = {f"{plex}[{index}].tag.tag": name for index, name in enumerate(names)}
    if change.remove:
        arguments[removal_name(change.field)] = removal_argument(change.remove)
    return arguments


def _read_roles(field: Field, video: Element) -> FieldValue:
    return tuple(
        role_entry(name, text)
        for element in video.findall(field.element)
        if (name := element.get("tag", "")) and (text := element.get("role", ""))
    )


def _roles_arguments(change: Change) -> dict[str, str]:
    """Return the text of each role: `tagging.text` is the attribute that Plex's API documents."""
    arguments = {}
    entries = change.value if isinstance(change.value, tuple) else ()
    for index, (name, text) in enumerate(map(split_entry, entries)):
        arguments[f"{change.field.plex}[{index}].tag.tag"] = name
        if text is not None:
            arguments[f"{change.field.plex}[{index}].tagging.text"] = text
    return arguments


_WIRES: Mapping[Kind, FieldCodec] = {
    Kind.TEXT: FieldCodec(_read_text, _text_arguments),
    Kind.DATE: FieldCodec(_read_date, _text_arguments),
    Kind.RATING: FieldCodec(_read_rating, _rating_arguments),
    Kind.NAMES: FieldCodec(_read_names, _names_arguments),
    Kind.ROLES: FieldCodec(_read_roles, _roles_arguments),
}
