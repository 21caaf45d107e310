"""Builds the targets of edit requests: as few as possible, and none longer than servers accept."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import quote

from core.errors import PlexRejected
from core.fields import Field, Kind
from plex.field_codecs import edit_arguments, removal_argument, removal_name
from plex.plan import Change
from validation.limits import MAX_WORD_CHARS

_OVERHEAD_CHARS = 200  # path, type, one id, and a text field's names and lock
_COMMA = "%2C"
_MAX_ENCODED_CHARS = len("%F0%9F%98%80")  # of one character: four bytes of UTF-8

_Pieces: TypeAlias = tuple[str, ...]
"""Encoded arguments, each with its leading `&` (or names, each with its leading comma)."""


@dataclass(frozen=True, slots=True)
class EditLimits:
    """Lengths of the encoded target in characters: as a whole, and of its list of ids."""

    target_chars: int = 16_000
    ids_chars: int = 4_000


def fit_text(text: str, limits: EditLimits) -> str:
    """Return the longest start of `text` that one request can carry, preferably ended after a word.

    Apply it to desired texts before planning, so that what is compared and recorded is what is
    sent.
    """
    budget = limits.target_chars - _OVERHEAD_CHARS
    # Almost every text is far too short to be encoded for this.
    if len(text) * _MAX_ENCODED_CHARS <= budget or len(_encoded(text)) <= budget:
        return text
    kept = 0
    for char in text:
        budget -= len(_encoded(char))
        if budget < 0:
            break
        kept += 1
    return _to_word_end(text, kept).rstrip()


def edit_targets(
    section: int, items: Sequence[int], changes: Sequence[Change], limits: EditLimits
) -> tuple[str, ...]:
    """Return the targets of the PUT requests that write `changes` to each of `items`; usually one.

    What does not fit goes into further targets: short fields together, a long text alone, a long
    list of names in several. Each is complete, and their order does not matter.

    Raises:
        ValueError: `items` is empty. Without an id Plex would edit the whole section.
        PlexRejected: a single name, or a value that is no text, is longer than a request may be.

    Examples:
        >>> from core.fields import BY_NAME
        >>> edit_targets(1, [7, 8], [Change(BY_NAME["title"], "A & B")], EditLimits())
        ('/library/sections/1/all?type=1&id=7%2C8&title.locked=1&title.value=A%20%26%20B',)
    """
    if not items:
        raise ValueError("an edit without items would change the whole section")
    if not changes:
        return ()
    base = f"/library/sections/{section}/all?type=1&id="
    room = limits.target_chars - len(base) - max(len(str(item)) for item in items)
    queries = _queries([_fitted(change, limits) for change in changes], room)
    ids_room = min(limits.ids_chars, limits.target_chars - len(base) - max(map(len, queries)))
    return tuple(base + ids + query for ids in _id_lists(items, ids_room) for query in queries)


def lock_target(section: int, item: int, field: Field, *, locked: bool) -> str:
    """Return the target of the PUT that locks or unlocks one field of one item and nothing else."""
    return f"/library/sections/{section}/all?type=1&id={item}&{field.plex}.locked={int(locked)}"


# The names of arguments are the same in each request, and tags and studios in many.
@lru_cache(maxsize=1024)
def _encoded(text: str) -> str:
    return quote(text, safe="")


def _argument(name: str, value: str) -> str:
    return f"&{_encoded(name)}={_encoded(value)}"


def _to_word_end(text: str, kept: int) -> str:
    for end in range(kept, max(kept - MAX_WORD_CHARS, 0), -1):
        if text[end].isspace():
            return text[:end]
    return text[:kept]


def _fitted(change: Change, limits: EditLimits) -> Change:
    if change.field.kind is Kind.TEXT and isinstance(change.value, str):
        text = fit_text(change.value, limits)
        return change if text == change.value else replace(change, value=text)
    return change


def _queries(changes: Sequence[Change], room: int) -> list[str]:
    """All changes as queries that fit, the arguments of each sorted."""
    whole: list[_Pieces] = []
    parts: list[_Pieces] = []
    for change in changes:
        pieces = tuple(_argument(name, value) for name, value in edit_arguments(change).items())
        if _chars(pieces) <= room:
            whole.append(pieces)
        else:
            parts += _name_parts(change, room)
    # The short ones first, so that they share a request and the long text has its own. Parts of one
    # list are never packed again: two lists of removals in one request would be one too many.
    packed = _packed(sorted(whole, key=_chars), room) + parts
    # Names and texts of the same actors name them twice.
    return ["".join(sorted(set(pieces))) for pieces in packed]


def _name_parts(change: Change, room: int) -> list[_Pieces]:
    """Return a list of names in parts, then its removals in parts, each with the lock.

    Numbers continue from part to part, as they would in one request.
    """
    if change.field.kind not in (Kind.NAMES, Kind.ROLES):
        raise PlexRejected(
            "a value is too long for a request", fields=(change.field.name,), too_long=True
        )
    arguments = edit_arguments(replace(change, remove=()))
    lock_name = f"{change.field.plex}.locked"
    lock = _argument(lock_name, arguments.pop(lock_name))
    added = _packed(_by_number(arguments), room - len(lock))
    key = f"&{_encoded(removal_name(change.field))}="
    listed = ((_COMMA + _encoded(removal_argument((name,))),) for name in change.remove)
    removed = _packed(listed, room - len(lock) - len(key))
    parts = [(*pieces, lock) for pieces in added]
    parts += [(key + "".join(pieces).removeprefix(_COMMA), lock) for pieces in removed]
    if any(_chars(pieces) > room for pieces in parts):
        raise PlexRejected(
            "a name is too long for a request", fields=(change.field.name,), too_long=True
        )
    return parts


def _by_number(arguments: Mapping[str, str]) -> list[_Pieces]:
    """Return the arguments of each number, which belong together."""
    groups: dict[str, _Pieces] = {}
    for name, value in arguments.items():
        number = name.partition("]")[0]
        groups[number] = (*groups.get(number, ()), _argument(name, value))
    return list(groups.values())


def _packed(groups: Iterable[_Pieces], room: int) -> list[_Pieces]:
    """The groups joined, in their order, into as few as fit."""
    packed: list[_Pieces] = []
    for group in groups:
        if packed and _chars(packed[-1]) + _chars(group) <= room:
            packed[-1] += group
        else:
            packed.append(group)
    return packed


def _chars(pieces: _Pieces) -> int:
    return sum(map(len, pieces))


def _id_lists(items: Sequence[int], room: int) -> Iterator[str]:
    """The ids, each once, joined with encoded commas, in as few lists as fit into `room`."""
    ids = [(_COMMA + str(item),) for item in dict.fromkeys(items)]
    for pieces in _packed(ids, room + len(_COMMA)):
        yield "".join(pieces).removeprefix(_COMMA)
