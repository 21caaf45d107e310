"""A model of an item that takes edits, and made-up values: what the properties of planning rest on."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, unquote, urlsplit

from hypothesis import strategies as st

from core.field_values import FieldValue, digest
from core.fields import EDIT_FIELDS, Kind
from core.plex_item import PlexItem
from core.record import FieldRecord, SyncRecord
from core.role_texts import role_entry, split_entry

EMPTY: dict[str, FieldValue] = {
    field.name: ()
    if field.kind in (Kind.NAMES, Kind.ROLES)
    else None
    if field.kind is Kind.RATING
    else ""
    for field in EDIT_FIELDS
}


def item_of(values: Mapping[str, FieldValue], locked: Iterable[str] = ()) -> PlexItem:
    """An item that plays /media/stem.mp4 and holds `values`, with everything else empty."""
    return PlexItem(9, 1, "", ("/media/stem.mp4",), {**EMPTY, **values}, frozenset(locked))


def record_of(fields: Mapping[str, FieldRecord]) -> SyncRecord:
    return SyncRecord(42, "server", 9, "section", "/media/stem.mp4", fields=fields)


def arguments_of(target: str) -> dict[str, str]:
    """The arguments of a request target; a name given twice would be lost on a server."""
    pairs = parse_qsl(urlsplit(target).query, keep_blank_values=True, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def applied(item: PlexItem, targets: Iterable[str], *, replaces: bool) -> PlexItem:
    """The item after the edits. Plex adds names to those present, or (`replaces`) takes the list as
    it is.
    """
    for arguments in map(arguments_of, targets):
        item = _with_roles(item, arguments, replaces=replaces)
        for field in EDIT_FIELDS:
            if field.kind is Kind.ROLES:
                continue
            value = arguments.get(f"{field.plex}.value")
            if value is not None:
                item = _with(
                    item, field.name, float(value or 0) if field.kind is Kind.RATING else value
                )
            names = {
                name.split("]")[0]: text
                for name, text in arguments.items()
                if name.startswith(f"{field.plex}[") and ".tagging." not in name
            }
            removal = names.pop(f"{field.plex}[", "")
            gone = [unquote(part) for part in removal.split(",")]
            added = [
                names[name] for name in sorted(names, key=lambda name: (len(name), name))
            ]  # 2 before 10
            before = item.values[field.name] or ()
            if (added or removal) and isinstance(before, tuple):
                kept = [name for name in before if name not in gone and not (replaces and added)]
                known = {name.casefold() for name in kept}
                item = _with(
                    item,
                    field.name,
                    (*kept, *(name for name in added if name.casefold() not in known)),
                )
    return item


def _with_roles(item: PlexItem, arguments: Mapping[str, str], *, replaces: bool) -> PlexItem:
    """The item with the texts of roles: of actors who stay, or who come with a text."""
    for field in EDIT_FIELDS:
        before = item.values.get(field.name)
        if field.kind is not Kind.ROLES or not isinstance(before, tuple):
            continue
        texts = {name.casefold(): text or "" for name, text in map(split_entry, before)}
        named = {
            name.partition("]")[0]: text
            for name, text in arguments.items()
            if name.startswith(f"{field.plex}[") and name.endswith("].tag.tag")
        }
        gone = [
            unquote(part).casefold()
            for part in arguments.get(f"{field.plex}[].tag.tag-", "").split(",")
        ]
        sent = {name.casefold() for name in named.values()}
        texts = {
            name: text
            for name, text in texts.items()
            if name in sent or (name not in gone and not (replaces and named))
        }
        for number, name in named.items():
            text = arguments.get(f"{number}].tagging.text", texts.get(name.casefold(), ""))
            texts[name.casefold()] = text
        entries = tuple(role_entry(name, text) for name, text in texts.items() if text)
        item = _with(item, field.name, entries)
    return item


def _with(item: PlexItem, name: str, value: FieldValue) -> PlexItem:
    return replace(item, values={**item.values, name: value})


# -- made-up values: few of each, so that they meet often -----------------------------------------

_TEXTS = st.sampled_from(["", "one", "two", " one ", "stem", "two\r\nlines", "é & + % /?#[]=,"])
_NAMES = st.lists(
    st.sampled_from(["A", "a", "B", "B ", "C,D", "Été", "50%2C", "", "E&F"]), max_size=5
).map(tuple)
_ROLES = st.lists(
    st.builds(
        role_entry, st.sampled_from(["A", "a", "B", "C,D"]), st.sampled_from(["1", "2", "Été"])
    ),
    max_size=3,
    unique_by=lambda entry: split_entry(entry)[0].casefold(),
).map(tuple)
_BY_KIND: dict[Kind, st.SearchStrategy[FieldValue]] = {
    Kind.TEXT: _TEXTS,
    Kind.DATE: st.sampled_from(["", "2023-05-06", "2024-01-01"]),
    Kind.RATING: st.sampled_from([None, 0.0, 7.5, 10.0]),
    Kind.NAMES: _NAMES,
    Kind.ROLES: _ROLES,
}
_VALUES = {field.name: _BY_KIND[field.kind] for field in EDIT_FIELDS}

WANTED = st.fixed_dictionaries({}, optional=_VALUES)
ITEMS = st.builds(
    item_of, st.fixed_dictionaries(_VALUES), st.sets(st.sampled_from([f.plex for f in EDIT_FIELDS]))
)


@st.composite
def records(draw: st.DrawFn) -> SyncRecord | None:
    """No record, or one of any fields, as if other values had been written before."""
    if draw(st.booleans()):
        return None
    fields = {}
    for field in EDIT_FIELDS:
        if draw(st.booleans()):
            names = draw(_NAMES) if field.kind is Kind.NAMES else ()
            names = draw(_ROLES) if field.kind is Kind.ROLES else names
            pushed, seen = (digest(field.kind, draw(_VALUES[field.name])) for _ in range(2))
            fields[field.name] = FieldRecord(pushed, seen, names)
    return record_of(fields)
