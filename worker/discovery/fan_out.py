"""Turn a change of a performer, studio, tag or group into jobs of the scenes that show it.

The scenes are enqueued first, then the entity's row is changed, then the job is completed. A crash
in between repeats the job, which enqueues the same scenes once more.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum

from core.checkpoint import Checkpoint, no_checkpoint
from core.clock import Clock
from core.entity import Entity, entity_subject, is_shown
from core.job import CATCH_UP, PRIORITY_FAN_OUT, SEEN, Job, scene_subject
from core.outcome import Disposition, Outcome, SyncResult
from core.tree import STUDIO, TAG, Node
from stash.client import StashClient
from sync.batch import Batch, SceneJob
from sync_queue.collections import OwnCollections
from sync_queue.entities import EntityIndex
from sync_queue.store import JobStore
from validation.metadata import SyncMetadata
from worker.discovery.moved_entities import MovedEntities

PAGE = 500
FAN_OUT = "fan_out"
GROUP = "group"
GONE = "gone"
# Results after which Plex shows the scene as it was read.
WRITTEN = frozenset({SyncResult.WROTE, SyncResult.SAME, SyncResult.CLAIMED})
# Causes of changes that no hook reported: other changes may have been missed, too.
UNREPORTED_CAUSES = frozenset({CATCH_UP, SEEN})

EntitiesBySubject = Mapping[str, Entity | None]
"""The current state of each subject in Stash; None if it was deleted."""


class AffectedScenes(Enum):
    """Which scenes a change of an entity affects; the values are written to the log."""

    # What scenes show of the entity has not changed.
    NONE = "same"
    # Every scene that shows the entity in Stash now.
    CURRENT = "changed"
    # Every scene that showed the deleted entity when it was written: Stash has no list any more.
    INDEXED = "gone"


def affected_scenes(
    known: Entity | None, now: Entity | None, causes: frozenset[str]
) -> AffectedScenes:
    """Return the scenes that are affected by the change from `known` to `now`. Pure.

    No scene that PlexSync has written shows an entity that is not `known`. If a hook reports it,
    the user has renamed it and expects the new name in Plex; if a catch-up finds it, there is
    nothing in Plex to correct.
    """
    if now is None:
        return AffectedScenes.INDEXED
    if known is None:
        return AffectedScenes.NONE if causes <= UNREPORTED_CAUSES else AffectedScenes.CURRENT
    return AffectedScenes.NONE if known.shows_same_as(now) else AffectedScenes.CURRENT


def entities_of(scene: SyncMetadata, read_at: float) -> tuple[Entity, ...]:
    """Return the entities that a scene shows and that can change without an edit of the scene."""
    tags: dict[int, Node] = {}
    for tag in (*scene.own_tags, *scene.performer_tags):
        for node in (tag.node, *tag.ancestors):
            tags.setdefault(node.id, node)
    performers = zip(scene.performer_ids, scene.performers, strict=True)
    groups = zip(scene.group_ids, scene.groups, scene.group_parents, strict=True)
    details = scene.entity_details
    return (
        *(
            Entity(subject, name, read_at=read_at, details=details.get(subject, ""))
            for subject, name in ((f"performer:{key}", name) for key, name in performers)
        ),
        *(node.entity(TAG, read_at) for node in tags.values()),
        *(node.entity(STUDIO, read_at) for node in _studios(scene)),
        *(Entity(f"group:{key}", name, parents, read_at=read_at) for key, name, parents in groups),
    )


def _studios(scene: SyncMetadata) -> Iterator[Node]:
    """Yield the studio and everything above it; the parents of the last one may be unknown."""
    if scene.studio_id is not None:
        parents = tuple(node.id for node in scene.above_studio[:1])
        yield Node(scene.studio_id, scene.studio, parents)
    yield from scene.above_studio


class FanOut:
    """Expands entity jobs. Sends requests to Stash, never to Plex."""

    def __init__(
        self,
        store: JobStore,
        index: EntityIndex,
        clock: Clock,
        checkpoint: Checkpoint = no_checkpoint,
    ) -> None:
        self._store = store
        self._index = index
        self._collections = OwnCollections(store)
        self._clock = clock
        self._checkpoint = checkpoint
        self._moved = MovedEntities(store, index)
        self._last_checked: dict[str, float] = {}

    def record_before_write(self, batch: Batch, stash: StashClient) -> None:
        """Record what the batch's scenes are about to show, before anything is written.

        An entity whose name or place differs from the recorded one was changed without a hook:
        enqueue it.
        """
        self._moved.enqueue(stash)
        entities: dict[int, tuple[Entity, ...]] = {}
        for case in batch.cases.values():
            if case.scene is not None and case.scene.files:
                shown = entities_of(case.scene, case.read_at)
                entities[case.scene.scene_id] = shown
                case.shows = tuple(entity.subject for entity in shown)
        renamed = [
            subject
            for subject in self._index.record_before_write(entities)
            if not self._store.has_pending_change(subject, since=0.0)
        ]
        if renamed:
            self._store.enqueue_many(renamed, SEEN)

    def record_after_write(self, case: SceneJob, outcome: Outcome) -> None:
        """Record what a written scene shows now; forget a scene that was deleted."""
        if case.scene is None:
            self._index.forget_scene(case.job.scene_id)
        elif outcome.result in WRITTEN and not case.scene.left_out and case.shows is not None:
            self._index.record_after_write(case.scene.scene_id, case.shows)

    def read(self, stash: StashClient, jobs: Sequence[Job]) -> EntitiesBySubject:
        """Read the current state of the jobs' entities with one request, and their trees again.

        Raises:
            StashUnavailable, StashQueryError: nothing was read; no single job is at fault.
        """
        stash.trees.reload({job.kind for job in jobs})
        self._moved.enqueue(stash, {job.subject for job in jobs})
        return stash.entities([job.subject for job in jobs], self._clock.wall())

    def expand(self, stash: StashClient, job: Job, now: EntitiesBySubject) -> Outcome:
        """Enqueue the scenes that the change affects.

        Raises:
            StashUnavailable, StashQueryError: some may be enqueued; the job repeats all of it.
        """
        entity, known = now[job.subject], self._index.known(job.subject)
        causes = job.causes
        affected = AffectedScenes.NONE
        if is_shown(job.kind, stash.selection.text):
            affected = affected_scenes(known, entity, causes)
        queued = self._enqueue_affected(stash, job, affected)
        # The target of a merge is touched without a visible change: look for the sources.
        is_unexplained = affected is AffectedScenes.NONE and bool(causes & UNREPORTED_CAUSES)
        if is_unexplained and self._last_checked.get(job.kind, 0.0) <= job.enqueued_at:
            queued += self.enqueue_deleted(stash, job.kind)
        # Synopsis and front image are no scene's: only the group's collections show them.
        if job.kind == GROUP:
            self._collections.mark_due(job.subject, entity.shown if entity else "")
        self._checkpoint("fan_out.queued")
        if entity is not None:
            self._index.remember(entity)
        else:
            self._index.forget(job.subject)
        self._checkpoint("fan_out.recorded")
        title = (entity or known or Entity("", "")).shown
        result = SyncResult(affected.value)
        return Outcome(Disposition.COMPLETE, result, message=str(queued), title=title)

    def name_of(self, job: Job) -> str:
        """Return the entity's recorded name; "" if it has none."""
        known = self._index.known(job.subject)
        return known.shown if known else ""

    def enqueue_deleted(self, stash: StashClient, kind: str) -> int:
        """Enqueue recorded entities of one kind that Stash no longer has; return how many.

        Stash calls no hook for the sources of a merge: only the target is reported as updated.
        """
        self._last_checked[kind] = self._clock.wall()
        known = self._index.known_of_kind(kind) if is_shown(kind, stash.selection.text) else []
        deleted = sorted(set(known) - self._existing(stash, kind)) if known else []
        subjects = [
            subject for subject in deleted if not self._store.has_pending_change(subject, since=0.0)
        ]
        return self._store.enqueue_many(subjects, GONE) if subjects else 0

    def _existing(self, stash: StashClient, kind: str) -> frozenset[str]:
        """Return the subjects of all entities of one kind in Stash; where the settings need their
        tree, it shows which have moved as well.
        """
        tree = stash.trees.reload({kind}).of_kind(kind)
        if tree is None:
            return stash.entity_ids(kind)
        self._moved.enqueue(stash)
        return frozenset(entity_subject(kind, number) for number in tree.nodes)

    def _enqueue_affected(self, stash: StashClient, job: Job, affected: AffectedScenes) -> int:
        if affected is AffectedScenes.NONE:
            return 0
        # What the catch-up has found keeps its low priority.
        priority = max(job.priority, PRIORITY_FAN_OUT)
        queued = after = 0
        while page := self._page(stash, job.subject, affected, after):
            queued += self._store.enqueue_many(map(scene_subject, page), FAN_OUT, priority)
            after = page[-1]
            self._checkpoint("fan_out.page")
        return queued

    def _page(
        self, stash: StashClient, subject: str, affected: AffectedScenes, after: int
    ) -> list[int]:
        if affected is AffectedScenes.INDEXED:
            return self._index.scenes_showing(subject, after, PAGE)
        return stash.scenes_showing(subject, after, PAGE)
