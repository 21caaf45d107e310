"""Keep the trees of tags and studios that the settings need, each read with one query.

A tree is read when the first scene needs it, and again when a scene shows that it is outdated, when
a tag or studio has changed, and with each catch-up. So a batch of scenes costs no further request.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from core.errors import StashQueryError, StashSchemaError, StashUnavailable
from core.tree import STUDIO, TAG, Node, Tree, Trees
from stash import queries
from stash.answers import expect_shape

_PARENTS = {TAG: "parents", STUDIO: "parent_studio"}

RawScenes = Iterable[Mapping[str, Any] | None]
"""Scenes as Stash sent them; None for a deleted one."""


_Place = tuple[str, int, tuple[int, ...] | None]
"""A kind, an id and the parents."""


@dataclass(frozen=True, slots=True)
class TreeNeeds:
    """What the settings need of trees.

    Attributes:
        kinds: the kinds whose trees scenes show, `tag` or `studio`.
        by_performers: scenes take over the tags of their performers.
    """

    kinds: frozenset[str] = frozenset()
    by_performers: bool = False


NO_TREE_NEEDS = TreeNeeds()


class TreeCache:
    """The trees of one Stash, as they were read last.

    `send` carries out a query. Nothing is read before `want` says that the settings need it.
    """

    def __init__(self, send: Callable[[str], Mapping[str, Any]]) -> None:
        self._send = send
        self.needs = NO_TREE_NEEDS
        self._trees: dict[str, Tree] = {}
        # What a tree did not have although it was read because of it: it is not read again for it.
        self._unexplained: set[_Place] = set()

    def want(self, needs: TreeNeeds) -> None:
        """Keep the trees of these needs from now on, and no other."""
        self.needs = needs
        self._trees = {kind: tree for kind, tree in self._trees.items() if kind in needs.kinds}

    def query_showing(self, kind: str) -> str:
        """Return the query for the scenes that show an entity: its own, and those that show it as
        something above their own, or through a performer.
        """
        by_performers = kind == TAG and self.needs.by_performers
        return queries.scenes_showing(
            kind, all_levels=kind in self.needs.kinds, by_performers=by_performers
        )

    @property
    def trees(self) -> Trees:
        """Return the trees as they were read last; None for one that was not."""
        return Trees(self._trees.get(TAG), self._trees.get(STUDIO))

    def reload(self, kinds: Iterable[str] = (TAG, STUDIO)) -> Trees:
        """Read the wanted trees of these kinds and return all.

        Raises:
            StashUnavailable, StashSchemaError: Stash did not send one.
        """
        for kind in sorted(self.needs.kinds & set(kinds)):
            self._trees[kind] = self._read(kind)
            self._unexplained = {place for place in self._unexplained if place[0] != kind}
        return self.trees

    def of_scenes(self, scenes: RawScenes) -> Trees:
        """Return trees that hold what these scenes show; read those that do not.

        Raises:
            StashUnavailable, StashSchemaError: Stash did not send one.
        """
        if not self.needs.kinds:
            return self.trees
        shown = [scene for scene in scenes if scene]
        for kind in sorted(self.needs.kinds):
            outdated = self._outdated(kind, shown)
            if outdated - self._unexplained:
                self.reload([kind])
                self._unexplained |= self._outdated(kind, shown)
        return self.trees

    def _outdated(self, kind: str, scenes: Iterable[Mapping[str, Any]]) -> set[_Place]:
        """Return what these scenes show and the tree does not have, or has in another place."""
        nodes = self._trees[kind].nodes if kind in self._trees else {}
        return {
            (kind, node_id, parents)
            for node_id, parents in _places(kind, scenes)
            if node_id not in nodes or parents not in (None, nodes[node_id].parents)
        }

    def _read(self, kind: str) -> Tree:
        try:
            data = self._send(queries.tree(kind))
        except StashSchemaError:
            raise
        except StashQueryError as error:
            # No scene is at fault: its job waits, instead of becoming a dead letter.
            raise StashUnavailable(f"Stash does not send its {kind}s: {error}") from error
        with expect_shape():
            nodes = [_node(row, _PARENTS[kind]) for row in data["listed"]["rows"]]
        return Tree({node.id: node for node in nodes})


def _node(row: Mapping[str, Any], key: str) -> Node:
    """Return one tag or studio; `key` is Stash's name of its parents."""
    above = row[key] or []
    parents = [above] if isinstance(above, Mapping) else above
    ids = tuple(sorted({int(parent["id"]) for parent in parents}))
    return Node(int(row["id"]), str(row["name"]).strip(), ids)


# A scene of another shape says nothing here; the parser reports what is wrong with it.
_OTHER_SHAPE = (KeyError, TypeError, ValueError, AttributeError)


def _places(
    kind: str, scenes: Iterable[Mapping[str, Any]]
) -> list[tuple[int, tuple[int, ...] | None]]:
    """Return the ids of what the scenes show, each with its parents."""
    places: list[tuple[int, tuple[int, ...] | None]] = []
    for scene in scenes:
        with suppress(*_OTHER_SHAPE):
            rows = _tags(scene) if kind == TAG else [scene["studio"]] if scene["studio"] else []
            nodes = [_node(row, _PARENTS[kind]) for row in rows]
            places += [(node.id, node.parents) for node in nodes]
    return places


def _tags(scene: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    owners = (scene, *(scene.get("performers") or ()))
    return [tag for owner in owners for tag in owner.get("tags") or ()]
