"""Describes what scenes show of performers, studios, tags and groups."""

from dataclasses import dataclass

# Which part of a scene's selection shows entities of this kind.
_SELECTED_AS = {"performer": "performers", "studio": "studio", "tag": "tags", "group": "groups"}

KINDS: tuple[str, ...] = tuple(_SELECTED_AS)


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
    """

    subject: str
    shown: str
    parent: str | None = ""
    updated_at: str = ""
    read_at: float = 0.0

    def shows_same_as(self, other: "Entity") -> bool:
        """Return True if scenes show the same of both."""
        same_parent = None in (self.parent, other.parent) or self.parent == other.parent
        return self.shown == other.shown and same_parent


def entity_subject(kind: str, number: int | str) -> str:
    """Return the subject of an entity's jobs, dead letters and rows, such as `tag:7`."""
    return f"{kind}:{number}"


def kind_of(subject: str) -> str:
    """`tag` of `tag:7`."""
    return subject.partition(":")[0]


def is_shown(kind: str, selection: str) -> bool:
    """Return True if scenes that are read with this selection show entities of this kind."""
    return _SELECTED_AS[kind] in selection.split()
