"""Find tags and studios that are elsewhere in their tree than when scenes were written.

Stash runs no hook for a tag that is put below another one in that one's form, nor for the children
of merged or deleted tags, and touches none of them. So each tree that was read is compared once
with what the index knows.
"""

from collections.abc import Container, Iterator

from core.job import PRIORITY_FAN_OUT, SEEN
from core.tree import STUDIO, TAG, Tree
from stash.client import StashClient
from sync_queue.entities import EntityIndex
from sync_queue.store import JobStore


class MovedEntities:
    """Enqueues the entities of which a tree shows another place, or another name, than is known.

    Their own jobs find the scenes.
    """

    def __init__(self, store: JobStore, index: EntityIndex) -> None:
        self._store = store
        self._index = index
        self._compared: dict[str, Tree] = {}

    def enqueue(self, stash: StashClient, in_progress: Container[str] = ()) -> int:
        """Compare the trees that were read since the last call; return how many were enqueued.

        `in_progress` are entities whose jobs are carried out now.
        """
        enqueued = 0
        for kind in (TAG, STUDIO):
            tree = stash.trees.trees.of_kind(kind)
            if tree is None or self._compared.get(kind) is tree:
                continue
            moved = [
                subject
                for subject in self._moved(kind, tree)
                if subject not in in_progress
                and not self._store.has_pending_change(subject, since=0.0)
            ]
            if moved:
                enqueued += self._store.enqueue_many(moved, SEEN, PRIORITY_FAN_OUT)
            self._compared[kind] = tree
        return enqueued

    def reload(self, stash: StashClient) -> int:
        """Read the trees that the settings need and compare them; return how many were enqueued.

        Raises:
            StashUnavailable, StashSchemaError: Stash did not send one.
        """
        stash.trees.reload()
        return self.enqueue(stash)

    def _moved(self, kind: str, tree: Tree) -> Iterator[str]:
        """Yield the known entities that the tree shows differently.

        One that the tree lacks was deleted, which is found by other ways.
        """
        now = {entity.subject: entity for entity in (n.entity(kind) for n in tree.nodes.values())}
        for known in self._index.entities_of_kind(kind):
            if not known.shows_same_as(now.get(known.subject, known)):
                yield known.subject
