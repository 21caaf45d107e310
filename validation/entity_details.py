"""Read what scenes show of an entity besides its name, from an object as Stash sent it. Pure."""

from collections.abc import Callable, Mapping

from core.entity import ids_text, join_details
from core.tree import PARENTS

RawObject = Mapping[str, object]

PERFORMER_TAGS = "tags"
PERFORMER_DETAILS = ("gender", "birthdate", "disambiguation")
"""Stash's names of what a scene may show of a performer, depending on the settings."""


def details_of(kind: str, raw: RawObject) -> str:
    """Return `Entity.details` of an entity; "" for a kind of which scenes show only the name.

    Examples:
        >>> details_of("performer", {"id": "3", "name": "Mia", "gender": "FEMALE"})
        'gender=FEMALE'
        >>> details_of("tag", {"id": "7", "name": "train", "parents": [{"id": "3"}]})
        'parents=3'
        >>> details_of("studio", {"id": "5", "name": "Aurora"})
        ''
    """
    read = _DETAILS.get(kind)
    return read(raw) if read else ""


def _performer_details(raw: RawObject) -> str:
    details = {name: _text(raw[name]) for name in PERFORMER_DETAILS if name in raw}
    return join_details({**details, **_ids(raw, PERFORMER_TAGS)})


def _tag_details(raw: RawObject) -> str:
    return join_details(_ids(raw, PARENTS))


def _ids(raw: RawObject, key: str) -> dict[str, str]:
    """Return the ids of the objects under `key`, as a detail of that name; {} if it is missing."""
    if key not in raw:
        return {}
    return {key: ids_text(ids_of(raw[key]))}


def ids_of(value: object) -> list[int]:
    """Return the ids in a list of objects; None stands for an empty list.

    Raises:
        ValueError: it has a shape that Stash does not send.
    """
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise ValueError("not a list of objects with ids")
    ids = [one.get("id") if isinstance(one, Mapping) else None for one in value]
    if not all(isinstance(one, str | int) for one in ids):
        raise ValueError("not a list of objects with ids")
    return [int(str(one)) for one in ids]


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


_DETAILS: Mapping[str, Callable[[RawObject], str]] = {
    "performer": _performer_details,
    "tag": _tag_details,
}
