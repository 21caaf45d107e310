"""Read the groups that a scene shows: its own and all that contain them. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from core.unicode_form import caseless

RawLink = Mapping[str, object]
"""Stash's `SceneGroup` or `GroupDescription`: an object with a `group`."""


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """One group.

    Attributes:
        group_id: Stash's id.
        name: its name, never empty.
        parents: the ids of the groups that contain it directly, see `joined_ids`; None where Stash
            was not asked for them.
    """

    group_id: int
    name: str
    parents: str | None


def joined_ids(ids: Iterable[int]) -> str:
    """Return ids as one comparable text, "" for none.

    Examples:
        >>> joined_ids([12, 3, 12])
        '3,12'
    """
    return ",".join(map(str, sorted(set(ids))))


def shown_groups(links: object) -> tuple[ShownGroup, ...]:
    """Return each group once, by name; a group without a name is left out.

    Examples:
        >>> series = {"id": "7", "name": "Night Trains", "containing_groups": []}
        >>> part = {"id": "9", "name": "Lisbon", "containing_groups": [{"group": series}]}
        >>> [(group.name, group.parents) for group in shown_groups([{"group": part}])]
        [('Lisbon', '7'), ('Night Trains', '')]

    Raises:
        ValueError: Stash sent a shape that it does not send.
    """
    found: dict[int, ShownGroup] = {}
    for group in _walk(links):
        known = found.get(group.group_id)
        if known is None or known.parents is None:
            found[group.group_id] = group
    named = (group for group in found.values() if group.name)
    return tuple(sorted(named, key=lambda group: (caseless(group.name), group.group_id)))


def _walk(links: object) -> Iterator[ShownGroup]:
    """Yield every group that the links name, directly or through others."""
    for raw in _groups(links):
        parents = None
        if "containing_groups" in raw:
            parents = joined_ids(map(_id, _groups(raw["containing_groups"])))
            yield from _walk(raw["containing_groups"])
        name = raw.get("name")
        if not isinstance(name, str):
            raise ValueError("the name of a group is not a text")
        yield ShownGroup(_id(raw), name.strip(), parents)


def _groups(links: object) -> list[Mapping[str, object]]:
    if links is None:
        return []
    if not isinstance(links, list | tuple):
        raise ValueError("groups is not a list of objects")
    groups = [link.get("group") if isinstance(link, Mapping) else None for link in links]
    if not all(isinstance(group, Mapping) for group in groups):
        raise ValueError("groups is not a list of objects")
    return [group for group in groups if isinstance(group, Mapping)]


def _id(raw: Mapping[str, object]) -> int:
    value = raw.get("id")
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("an id is missing or not a number")
    return int(value)
