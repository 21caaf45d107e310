"""Edits as the server reads them from the arguments of a PUT: checked as a whole first, then
applied to each item.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from tests.emulators.plex_library import PlexLibrary
from tests.emulators.plex_model import TAG_KINDS, Collection, Item, sort_title
from tests.emulators.plex_switches import PlexSwitches
from tests.emulators.plex_wire import RefusedError

_VALUE = re.compile(r"(\w+)\.value$")
_LOCK = re.compile(r"(\w+)\.locked$")
_ADD = re.compile(r"(\w+)\[(\d+)\]\.(tag\.tag|tag\.thumb|tagging\.text)$")
_REMOVE = re.compile(r"(\w+)\[\]\.tag\.tag-$")
_CLEAR = re.compile(r"(\w+)\[\]\.tag$")

_TEXTS = {
    "titleSort": "title_sort",
    "originalTitle": "original_title",
    "studio": "studio",
    "summary": "summary",
    "tagline": "tagline",
    "contentRating": "content_rating",
    "editionTitle": "edition_title",
}
_NUMBERS = {"userRating": "user_rating", "rating": "rating", "audienceRating": "audience_rating"}
_SCALARS = {*_TEXTS, *_NUMBERS, "title", "originallyAvailableAt", "addedAt"}
_COLLECTION_TEXTS = {
    "titleSort": "title_sort",
    "summary": "summary",
    "contentRating": "content_rating",
}
_COLLECTION_SCALARS = {*_COLLECTION_TEXTS, "title", "addedAt"}
_QUIET = {"userRating"}


@dataclass
class Addition:
    """One indexed tag of an edit."""

    name: str = ""
    text: str | None = None
    thumb: str | None = None


@dataclass
class Edit:
    """All that one PUT asks for."""

    values: dict[str, str] = field(default_factory=dict)
    locks: dict[str, bool] = field(default_factory=dict)
    additions: dict[str, dict[int, Addition]] = field(default_factory=dict)
    removals: dict[str, list[str]] = field(default_factory=dict)
    cleared: set[str] = field(default_factory=set)
    steps: list[tuple[str, str]] = field(
        default_factory=list
    )  # (kind, step) in the order of the wire

    def tag_kinds(self) -> set[str]:
        """The kinds of tags that this edit changes."""
        return {*self.additions, *self.removals, *self.cleared}


def parse_edit(pairs: Sequence[tuple[str, str]]) -> Edit:
    """Read the arguments; names that are no part of an edit are ignored."""
    edit = Edit()
    for name, value in pairs:
        if match := _VALUE.match(name):
            edit.values[match[1]] = value
        elif match := _LOCK.match(name):
            edit.locks[match[1]] = value == "1"
        elif match := _ADD.match(name):
            _note_addition(edit, _kind(match[1]), int(match[2]), match[3], value)
        elif match := _REMOVE.match(name):
            # Decoded once by now; each name between the commas was encoded a second time.
            edit.removals[_kind(match[1])] = [unquote(part) for part in value.split(",")]
            edit.steps.append((match[1], "remove"))
        elif match := _CLEAR.match(name):
            edit.cleared.add(_kind(match[1]))
            edit.steps.append((match[1], "clear"))
    return edit


def apply_edit(library: PlexLibrary, entries: Sequence[Item | Collection], edit: Edit) -> None:
    """Check everything, then change all entries; half an edit is never left behind."""
    switches = library.switches
    if switches.trim_text:
        edit.values = {
            name: value.replace("\r\n", "\n").strip() for name, value in edit.values.items()
        }
    for entry in entries:
        _check(entry, edit, switches.empty_date)
    _distort(edit, switches)
    for entry in entries:
        if isinstance(entry, Collection):
            _edit_collection(library, entry, edit)
        else:
            _edit_item(library, entry, edit)
        _set_locks(entry, edit, switches.autolock)
        if edit.values.keys() - _QUIET or (edit.tag_kinds() and switches.tag_edits_move_updated_at):
            entry.updated_at = library.now
        if switches.edits_move_content_changed_at:
            library.sections[entry.section_key].content_changed_at += 1
        library.bump(entry.section_key)


def _distort(edit: Edit, switches: PlexSwitches) -> None:
    """Change what will be kept, as the switches say; a value is accepted all the same."""
    for name in switches.ignored_fields:
        edit.values.pop(name, None)
        edit.additions.pop(name, None)
        edit.removals.pop(name, None)
        edit.cleared.discard(name)
    date = edit.values.get("originallyAvailableAt")
    if date and switches.date_shift_days:
        shifted = datetime.date.fromisoformat(date)
        shifted += datetime.timedelta(days=switches.date_shift_days)
        edit.values["originallyAvailableAt"] = shifted.isoformat()
    if switches.role_texts == "ignored":
        for addition in edit.additions.get("actor", {}).values():
            addition.text = None
    if switches.tag_form:
        for additions in edit.additions.values():
            for each in additions.values():
                each.name = unicodedata.normalize(switches.tag_form, each.name)


def rate(library: PlexLibrary, item: Item, rating: float | None) -> None:
    """Set or clear the stars."""
    item.user_rating = rating
    item.last_rated_at = None if rating is None else library.now
    library.bump(item.section_key)


def _kind(name: str) -> str:
    if name not in TAG_KINDS:
        raise RefusedError(400, f"no such tag: {name}")
    return name


def _note_addition(edit: Edit, kind: str, index: int, what: str, value: str) -> None:
    addition = edit.additions.setdefault(kind, {}).setdefault(index, Addition())
    if what == "tag.tag":
        addition.name = value
        edit.steps.append((kind, "add"))
    elif what == "tag.thumb":
        addition.thumb = value
    else:
        addition.text = value


def _check(entry: Item | Collection, edit: Edit, empty_date: str) -> None:
    known = _COLLECTION_SCALARS if isinstance(entry, Collection) else _SCALARS
    unknown = edit.values.keys() - known
    if unknown:
        raise RefusedError(400, f"no such field: {sorted(unknown)}")
    for name in edit.values.keys() & _NUMBERS.keys():
        _rating(edit.values[name])
    if "addedAt" in edit.values and not edit.values["addedAt"].isdigit():
        raise RefusedError(500, "addedAt is no time")
    date = edit.values.get("originallyAvailableAt")
    if date == "" and empty_date == "500":
        raise RefusedError(500, "empty date")
    if date and not _is_date(date):
        raise RefusedError(500, "not a date")


def _is_date(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _rating(text: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise RefusedError(500, "a rating is a number") from error
    if not 0 <= value <= 10:
        raise RefusedError(500, "a rating is between 0 and 10")
    return value


def _edit_collection(library: PlexLibrary, collection: Collection, edit: Edit) -> None:
    title = edit.values.get("title")
    if title:
        others = library.sections[collection.section_key].collections.values()
        if any(
            each is not collection and each.title.casefold() == title.casefold() for each in others
        ):
            raise RefusedError(409, "title in use")
        library.tags.rename_collection(collection, title)
        if "titleSort" not in collection.locked:
            collection.title_sort = sort_title(title)
    for name, attribute in _COLLECTION_TEXTS.items():
        if name in edit.values:
            setattr(collection, attribute, edit.values[name])


def _edit_item(library: PlexLibrary, item: Item, edit: Edit) -> None:
    values = edit.values
    if values.get("title"):
        item.title = values["title"]
        if "titleSort" not in item.locked:
            item.title_sort = sort_title(item.title)
    for name, attribute in _TEXTS.items():
        if name in values and name != "titleSort":
            setattr(item, attribute, values[name] or ("" if name == "summary" else None))
    if values.get("titleSort"):
        item.title_sort = values["titleSort"]
    elif "titleSort" in values and library.switches.empty_sort_title == "derived":
        item.title_sort = sort_title(item.title)
    for name, attribute in _NUMBERS.items():
        if name in values:
            setattr(item, attribute, _rating(values[name]))
    if "userRating" in values:
        rate(library, item, item.user_rating)
    if "addedAt" in values:
        item.added_at = int(values["addedAt"])
    _edit_date(item, values.get("originallyAvailableAt"), library.switches.empty_date)
    for kind in sorted(edit.tag_kinds()):
        _edit_tags(library, item, kind, edit)


def _edit_date(item: Item, date: str | None, empty_date: str) -> None:
    if date is None or (date == "" and empty_date == "ignored"):
        return
    item.date = date or None
    item.year = int(date[:4]) if date else None


def _edit_tags(library: PlexLibrary, item: Item, kind: str, edit: Edit) -> None:
    steps = ["clear", "remove", "add"]
    if library.switches.tag_wire_order:
        steps = list(dict.fromkeys(step for name, step in edit.steps if name == kind))
    replaces = library.switches.tags_replace and kind in edit.additions
    if replaces:
        desired = {each.name.casefold() for each in edit.additions[kind].values()}
        for name in item.tags(kind):
            if name.casefold() not in desired:
                library.tags.remove(item, kind, name)
    for step in steps:
        if step == "clear" and kind in edit.cleared:
            library.tags.clear(item, kind)
        elif step == "remove":
            _remove_tags(library, item, kind, edit)
        elif step == "add":
            _add_tags(library, item, kind, edit)


def _remove_tags(library: PlexLibrary, item: Item, kind: str, edit: Edit) -> None:
    # A tag that the same edit also adds stays, and keeps its place.
    kept = {each.name.casefold() for each in edit.additions.get(kind, {}).values()}
    for name in edit.removals.get(kind, ()):
        if name.casefold() not in kept:
            library.tags.remove(item, kind, name)


def _add_tags(library: PlexLibrary, item: Item, kind: str, edit: Edit) -> None:
    for _, each in sorted(edit.additions.get(kind, {}).items()):
        library.tags.add(item, kind, each.name, text=each.text, thumb=each.thumb, now=library.now)


def _set_locks(entry: Item | Collection, edit: Edit, autolock: bool) -> None:
    locked = set(entry.locked)
    if autolock:
        locked |= {*edit.values, *edit.tag_kinds()} - edit.locks.keys()
    locked |= {name for name, desired in edit.locks.items() if desired}
    locked -= {name for name, desired in edit.locks.items() if not desired}
    entry.locked = locked
