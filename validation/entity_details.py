"""Read what scenes show of an entity besides its name, from an object as Stash sent it. Pure."""

from collections.abc import Callable, Mapping

from core.entity import join_details

RawObject = Mapping[str, object]

PERFORMER_DETAILS = ("gender", "birthdate", "disambiguation")
"""Stash's names of what a scene may show of a performer, depending on the settings."""


def details_of(kind: str, raw: RawObject) -> str:
    """Return `Entity.details` of an entity; "" for a kind of which scenes show only the name.

    Examples:
        >>> details_of("performer", {"id": "3", "name": "Mia", "gender": "FEMALE"})
        'gender=FEMALE'
        >>> details_of("tag", {"id": "7", "name": "train"})
        ''
    """
    read = _DETAILS.get(kind)
    return read(raw) if read else ""


def _performer_details(raw: RawObject) -> str:
    return join_details({name: _text(raw[name]) for name in PERFORMER_DETAILS if name in raw})


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


_DETAILS: Mapping[str, Callable[[RawObject], str]] = {"performer": _performer_details}
