"""Describes what scenes show of performers, studios, tags and groups."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# Which part of a scene's selection shows entities of this kind.
_SELECTED_AS = {"performer": "performers", "studio": "studio", "tag": "tags", "group": "groups"}

KINDS: tuple[str, ...] = tuple(_SELECTED_AS)

_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class Entity:
    """What scenes show of one entity, as it was read.

    Attributes:
        subject: `tag:7`.
        shown: its name; "" where scenes show two of them.
        parent: the id of a studio's parent, or the ids of the groups that contain a group; "" for
            none, None if it was read only as the parent of another one.
        updated_at: Stash's text; "" where it was read with a scene.
        read_at: epoch seconds.
        details: what scenes show besides the name, as `join_details` writes it; what is not in it
            is unknown, because the settings did not need it when the entity was read.
    """

    subject: str
    shown: str
    parent: str | None = ""
    updated_at: str = ""
    read_at: float = 0.0
    details: str = ""

    def shows_same_as(self, other: "Entity") -> bool:
        """Return True if scenes show the same of both; what one of them does not know is equal."""
        same_parent = None in (self.parent, other.parent) or self.parent == other.parent
        return same_parent and self.reads_same_as(other)

    def reads_same_as(self, other: "Entity") -> bool:
        """Return True if both have one name and no known detail differs."""
        return self.shown == other.shown and agree(self.details, other.details)


def join_details(parts: Mapping[str, str | None]) -> str:
    """Return the named parts as one text; a part that is None is unknown and left out.

    Examples:
        >>> join_details({"gender": "FEMALE", "birthdate": None}), join_details({"gender": None})
        ('gender=FEMALE', '')
    """
    return _SEPARATOR.join(
        f"{name}={value.replace(_SEPARATOR, ' ')}"
        for name, value in sorted(parts.items())
        if value is not None
    )


def agree(details: str, other: str) -> bool:
    """Return True if no part that both texts of details know differs.

    Examples:
        >>> agree(join_details({"gender": "FEMALE", "birthdate": ""}), join_details({"gender": ""}))
        False
        >>> agree("", join_details({"gender": "FEMALE"}))
        True
    """
    known, given = _parts(details), _parts(other)
    return all(known[name] == given[name] for name in known.keys() & given.keys())


def add_details(known: str, read: str) -> str:
    """Return the known details, with those parts of `read` that they lack."""
    return join_details({**_parts(read), **_parts(known)})


def _parts(details: str) -> dict[str, str | None]:
    pairs = (part.partition("=") for part in details.split(_SEPARATOR) if part)
    return {name: value for name, _, value in pairs}


def ids_text(ids: Iterable[int]) -> str:
    """Return ids as one comparable text, "" for none.

    Examples:
        >>> ids_text([12, 3, 12])
        '3 12'
    """
    return " ".join(map(str, sorted(set(ids))))


def entity_subject(kind: str, number: int | str) -> str:
    """Return the subject of an entity's jobs, dead letters and rows, such as `tag:7`."""
    return f"{kind}:{number}"


def kind_of(subject: str) -> str:
    """`tag` of `tag:7`."""
    return subject.partition(":")[0]


def selected_as(kind: str) -> str:
    """Return the name under which a scene's selection has entities of this kind."""
    return _SELECTED_AS[kind]


def is_shown(kind: str, selection: str) -> bool:
    """Return True if scenes that are read with this selection show entities of this kind."""
    return _SELECTED_AS[kind] in selection.split()
