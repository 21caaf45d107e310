"""The media query language of listings. Fields that the server does not know are ignored, as on a
real one.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.emulators.plex_model import TAG_KINDS, Item
from tests.emulators.plex_wire import Query, RefusedError

Predicate = Callable[[Item], bool]
Numbers = Callable[[Item], Sequence[float | None]]

_STRINGS: dict[str, Callable[[Item], str | None]] = {
    "title": lambda item: item.title,
    "titleSort": lambda item: item.title_sort,
    "studio": lambda item: item.studio,
    "contentRating": lambda item: item.content_rating,
    "editionTitle": lambda item: item.edition_title,
    "guid": lambda item: item.guid,
}
_INTEGERS: dict[str, Numbers] = {
    "id": lambda item: (item.rating_key,),
    "year": lambda item: (item.year,),
    "decade": lambda item: (item.year // 10 * 10 if item.year else None,),
    "userRating": lambda item: (item.user_rating,),
    "rating": lambda item: (item.rating,),
    "viewCount": lambda item: (item.view_count or 0,),
    "duration": lambda item: [media.duration for media in item.media],
    "mediaSize": lambda item: [part.size for part in item.parts],
}
_DATES: dict[str, Callable[[Item], int | None]] = {
    "addedAt": lambda item: item.added_at,
    "updatedAt": lambda item: item.updated_at,
    "lastRatedAt": lambda item: item.last_rated_at,
    "lastViewedAt": lambda item: item.last_viewed_at,
    "originallyAvailableAt": lambda item: _midnight(item.date) if item.date else None,
}
_BOOLEANS: dict[str, Predicate] = {
    "trash": lambda item: item.deleted_at is not None,
    "unmatched": lambda item: item.guid.startswith("local://"),
    "unwatched": lambda item: not item.view_count,
    "duplicate": lambda item: len(item.media) > 1,
    "inProgress": lambda item: False,
    "hdr": lambda item: False,
}
_SPANS = {"m": 60, "h": 3600, "d": 86400, "w": 604800, "mon": 2592000, "y": 31536000}
_RELATIVE = re.compile(r"-(\d+)(mon|m|h|d|w|y)$")


@dataclass
class _Group:
    any_of: bool = False
    members: list[Predicate] = field(default_factory=list)

    def predicate(self) -> Predicate:
        if self.any_of:
            return lambda item: any(member(item) for member in self.members)
        return lambda item: all(member(item) for member in self.members)


def wanted_ids(query: Query) -> list[int] | None:
    """The keys of a plain `id=1,2,3`, which needs no look at the other items."""
    value = query.get("id")
    return None if value is None else [_integer(part) for part in value.split(",") if part]


def predicate(query: Query, now: int) -> Predicate | None:
    """The test that an item must pass, or None when the query has no filter."""
    groups = [_Group()]
    for name, value in query.pairs:
        if name == "push":
            groups.append(_Group())
        elif name == "pop" and len(groups) > 1:
            finished = groups.pop()
            groups[-1].members.append(finished.predicate())
        elif name == "or":
            groups[-1].any_of = True
        elif condition := _condition(name, value, now):
            groups[-1].members.append(condition)
    while len(groups) > 1:
        groups[-2].members.append(groups.pop().predicate())
    if not groups[0].members:
        return None
    return groups[0].members[0] if len(groups[0].members) == 1 else groups[0].predicate()


def _condition(name: str, value: str, now: int) -> Predicate | None:
    plain = name.rstrip("<>!=")
    operator = name[len(plain) :] + "="
    field_name = plain.removeprefix("movie.")
    if field_name in _STRINGS:
        return _string(_STRINGS[field_name], operator, value)
    if field_name in _INTEGERS:
        return _number(_INTEGERS[field_name], operator, [_float(part) for part in value.split(",")])
    if field_name in _DATES:
        return _date(_DATES[field_name], operator, _moment(value, now))
    if field_name in _BOOLEANS:
        test = _BOOLEANS[field_name]
        desired = (value == "1") == (operator == "=")
        return lambda item: test(item) is desired
    if field_name in TAG_KINDS:
        return _tag(field_name, operator, {_integer(part) for part in value.split(",") if part})
    return None


def _string(read: Callable[[Item], str | None], operator: str, value: str) -> Predicate:
    choices = {part.casefold() for part in (value, *value.split(","))}
    tests: dict[str, Callable[[str, str], bool]] = {
        "=": lambda text, choice: choice in text,
        "==": lambda text, choice: choice == text,
        "<=": str.startswith,
        ">=": str.endswith,
    }
    test = tests.get(operator.removeprefix("!") if operator.startswith("!") else operator)
    if test is None:
        raise RefusedError(400, f"no such operator: {operator}")
    desired = not operator.startswith("!")

    def passes(item: Item) -> bool:
        text = (read(item) or "").casefold()
        return any(test(text, choice) for choice in choices) is desired

    return passes


def _number(read: Numbers, operator: str, values: list[float]) -> Predicate:
    first = values[0]
    if operator in ("=", "!="):
        desired = operator == "="
        return lambda item: any(value in values for value in read(item)) is desired
    tests = _comparisons(operator)
    return lambda item: any(value is not None and tests(value, first) for value in read(item))


def _date(read: Callable[[Item], int | None], operator: str, moment: int) -> Predicate:
    test = _comparisons(operator)

    def passes(item: Item) -> bool:
        value = read(item)
        return value is not None and test(value, moment)

    return passes


def _comparisons(operator: str) -> Callable[[float, float], bool]:
    tests: dict[str, Callable[[float, float], bool]] = {
        "=": lambda value, limit: value == limit,
        "!=": lambda value, limit: value != limit,
        ">=": lambda value, limit: value >= limit,
        "<=": lambda value, limit: value <= limit,
        ">>=": lambda value, limit: value > limit,
        "<<=": lambda value, limit: value < limit,
    }
    if operator not in tests:
        raise RefusedError(400, f"no such operator: {operator}")
    return tests[operator]


def _tag(kind: str, operator: str, ids: set[int]) -> Predicate:
    desired = operator == "="
    return lambda item: (
        any(tagging.tag.id in ids for tagging in item.taggings.get(kind, ())) is desired
    )


def _moment(value: str, now: int) -> int:
    if match := _RELATIVE.match(value):
        return now - int(match[1]) * _SPANS[match[2]]
    return _midnight(value) if "-" in value else _integer(value)


def _midnight(date: str) -> int:
    try:
        day = datetime.datetime.fromisoformat(date)
    except ValueError as error:
        raise RefusedError(400, f"not a date: {date[:40]}") from error
    return int(day.replace(tzinfo=datetime.timezone.utc).timestamp())


def _integer(text: str) -> int:
    return int(_float(text))


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise RefusedError(400, f"not a number: {text[:40]}") from error
