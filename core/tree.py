"""Describe how Stash's tags and studios are arranged below each other.

A tag may have several parents, a studio has one at most. Stash refuses loops; one that a damaged
database holds ends here at the first repetition.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.entity import Entity, entity_subject, ids_text, join_details

TAG, STUDIO = "tag", "studio"
# Stash's name of a tag's parents, also in the details of its entity.
PARENTS = "parents"


@dataclass(frozen=True, slots=True)
class Node:
    """A tag or a studio with its place.

    Attributes:
        id: Stash's id.
        name: its name.
        parents: the ids of its parents in ascending order; None where they were not read.
    """

    id: int
    name: str
    parents: tuple[int, ...] | None = None

    def entity(self, kind: str, read_at: float = 0.0) -> Entity:
        """Return what scenes show of it."""
        subject = entity_subject(kind, self.id)
        parents = None if self.parents is None else ids_text(self.parents)
        if kind == STUDIO:
            return Entity(subject, self.name, parents, read_at=read_at)
        details = "" if parents is None else join_details({PARENTS: parents})
        return Entity(subject, self.name, read_at=read_at, details=details)


@dataclass(frozen=True, slots=True)
class Tree:
    """Every tag, or every studio, by its id."""

    nodes: Mapping[int, Node] = field(default_factory=dict)

    def __contains__(self, node_id: int) -> bool:
        return node_id in self.nodes

    def ancestors(self, node_id: int) -> tuple[Node, ...]:
        """Return everything above a node, the nearest first and each once; () where it is unknown.

        Examples:
            >>> nodes = [Node(1, "Places"), Node(2, "City", (1,)), Node(3, "Lisbon", (2,))]
            >>> [node.name for node in Tree({node.id: node for node in nodes}).ancestors(3)]
            ['City', 'Places']
        """
        above: dict[int, Node] = {}
        layer = self._parents(node_id)
        while layer:
            new = {node.id: node for node in layer if node.id not in above and node.id != node_id}
            above.update(new)
            layer = [parent for node in new.values() for parent in self._parents(node.id)]
        return tuple(above.values())

    def _parents(self, node_id: int) -> list[Node]:
        node = self.nodes.get(node_id)
        ids = (node.parents or ()) if node is not None else ()
        return [self.nodes[parent] for parent in ids if parent in self.nodes]


@dataclass(frozen=True, slots=True)
class SceneTag:
    """A tag that a scene or one of its performers has, with everything above it.

    `ancestors` has the nearest first; () where the settings need no tree.
    """

    node: Node
    ancestors: tuple[Node, ...] = ()

    @property
    def name(self) -> str:
        """Return the tag's name."""
        return self.node.name


@dataclass(frozen=True, slots=True)
class Trees:
    """The trees that the settings need; None for one that they do not."""

    tag: Tree | None = None
    studio: Tree | None = None

    def place_tag(self, node: Node) -> SceneTag:
        """Return a tag, as a scene shows it, with everything above it."""
        return SceneTag(node, self.tag.ancestors(node.id) if self.tag is not None else ())

    def above_studio(self, studio_id: int | None, parent: Node | None) -> tuple[Node, ...]:
        """Return everything above a studio, its parent first.

        `parent` is what the scene shows, which is newer than the tree.
        """
        if studio_id is None or parent is None:
            return ()
        if self.studio is None:
            return (parent,)
        known = self.studio.nodes.get(parent.id)
        own = Node(parent.id, parent.name, known.parents if known is not None else None)
        above = self.studio.ancestors(parent.id)
        return (own, *(node for node in above if node.id != studio_id))

    def of_kind(self, kind: str) -> Tree | None:
        """Return the tree of `tag` or `studio`; None if it was not read, or kinds have no tree."""
        return {TAG: self.tag, STUDIO: self.studio}.get(kind)


NO_TREES = Trees()
