"""Builds the targets of edit requests: as few as possible, and none longer than servers accept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from core.errors import PlexRejected
from core.fields import Kind
from plex.kinds import edit_arguments
from plex.plan import Change

_OVERHEAD_CHARS = 200  # path, type, one id, and a text field's names and lock
_WORD_CHARS = 40  # how far back a cut may go to find the end of a word


@dataclass(frozen=True, slots=True)
class EditLimits:
    """Lengths of the encoded target in characters: as a whole, and of its list of ids."""

    target_chars: int = 16_000
    ids_chars: int = 4_000


def fit_text(text: str, limits: EditLimits) -> str:
    """The longest start of `text` that one request can carry, better ended after a word.

    Apply it to wanted texts before planning, so that what is compared and remembered is what is sent.
    """
    budget = limits.target_chars - _OVERHEAD_CHARS
    if len(_encoded(text)) <= budget:
        return text
    kept = 0
    for char in text:
        budget -= len(_encoded(char))
        if budget < 0:
            break
        kept += 1
    return _to_word_end(text, kept).rstrip()


def edit_targets(section: int, items: Sequence[int], changes: Sequence[Change], limits: EditLimits) -> tuple[str, ...]:
    """The targets of the PUT requests that write `changes` to every one of `items`; usually one.

    What does not fit goes into further targets: short fields together, a long text alone, a long list
    of names in several, each of which is complete in itself. Their order does not matter.

    Raises:
        ValueError: `items` is empty. Without an id Plex would edit the whole section.
        PlexRejected: a single name is longer than a request may be.
    """
    if not items:
        raise ValueError("an edit without items would change the whole section")
    if not changes:
        return ()
    base = f"/library/sections/{section}/all?type=1&id="
    room = limits.target_chars - len(base) - max(len(str(item)) for item in items)
    queries = [query for change in changes for query in _queries(change, room, limits)]
    packed = _packed(queries, room)
    ids_room = min(limits.ids_chars, limits.target_chars - len(base) - max(map(len, packed)))
    return tuple(base + ids + query for ids in _id_lists(items, ids_room) for query in packed)


def _encoded(text: str) -> str:
    return quote(text, safe="")


def _to_word_end(text: str, kept: int) -> str:
    for end in range(kept, max(kept - _WORD_CHARS, 0), -1):
        if text[end].isspace():
            return text[:end]
    return text[:kept]


def _query(change: Change) -> str:
    """One change's arguments, each with its leading `&`."""
    arguments = sorted(edit_arguments(change).items())
    return "".join(f"&{_encoded(name)}={_encoded(value)}" for name, value in arguments)


def _queries(change: Change, room: int, limits: EditLimits) -> list[str]:
    """The change as one query that fits, or as several."""
    if change.field.kind is Kind.TEXT and isinstance(change.value, str):
        change = replace(change, value=fit_text(change.value, limits))
    query = _query(change)
    if len(query) <= room:
        return [query]
    if change.field.kind is Kind.NAMES:
        return _names_queries(change, room)
    raise PlexRejected("the value is too long for a request", fields=(change.field.name,), too_long=True)


def _names_queries(change: Change, room: int) -> list[str]:
    """A long list of names in parts, then its removals in parts; every part is right alone."""
    lock = f"&{_encoded(change.field.plex + '.locked')}={int(change.lock)}"
    names = change.value if isinstance(change.value, tuple) else ()
    adds = [
        f"&{_encoded(f'{change.field.plex}[{number}].tag.tag')}={_encoded(name)}" for number, name in enumerate(names)
    ]
    key = f"&{_encoded(change.field.plex + '[].tag.tag-')}="
    removals = [key + _encoded(_encoded(name)) for name in change.remove]
    queries = [lock + part for part in _packed(adds, room - len(lock))] if adds else []
    queries += [lock + query for query in removals]
    for query in queries:
        if len(query) > room:
            raise PlexRejected("a name is too long for a request", fields=(change.field.name,), too_long=True)
    return queries


def _packed(queries: Sequence[str], room: int) -> list[str]:
    """The queries joined into as few as fit into `room`, in their order."""
    packed = [""]
    for query in queries:
        if packed[-1] and len(packed[-1]) + len(query) > room:
            packed.append("")
        packed[-1] += query
    return packed


def _id_lists(items: Sequence[int], room: int) -> Iterator[str]:
    """The ids, joined with encoded commas, in as few lists as fit into `room`."""
    group: list[str] = []
    for item in map(str, items):
        if group and len("%2C".join([*group, item])) > room:
            yield "%2C".join(group)
            group = []
        group.append(item)
    yield "%2C".join(group)
