"""One change of a performer, studio, tag or group becomes jobs of the scenes that show it.

New place first: the scenes are queued, then the entity's row is changed, then the job ends. Whoever is killed
in between does it again, which queues the same scenes once more.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum

from core.clock import Clock
from core.entity import Entity, is_shown
from core.job import PRIORITY_FAN_OUT, Job, scene_subject
from core.outcome import Disposition, Outcome, SyncResult
from stash.client import StashClient
from sync.batch import Batch, SceneJob
from sync.context import SyncContext
from sync_queue.entities import EntityIndex
from sync_queue.store import JobStore
from validation.metadata import SyncMetadata

PAGE = 500
FAN_OUT = "fan_out"
GONE = "gone"
WRITTEN = frozenset({SyncResult.WROTE, SyncResult.SAME, SyncResult.CLAIMED})  # outcomes after which Plex shows the scene as it was read
UNREPORTED_CAUSES = frozenset(
    {"catch_up", "seen"}
)  # nobody told of these changes: others may have been missed, too

EntitiesBySubject = Mapping[str, Entity | None]
"""What Stash says of each subject now; None for what is gone."""


class AffectedScenes(Enum):
    """Which scenes a change of an entity can have touched."""

    NONE = "same"  # what scenes show of it has not changed
    CURRENT = "changed"  # every scene that Stash says shows it
    INDEXED = "gone"  # every scene that showed it when it was written: Stash cannot say any more


def affected_scenes(
    known: Entity | None, now: Entity | None, causes: frozenset[str]
) -> AffectedScenes:
    """Decide from what scenes showed until now and what they show from now on. Pure.

    An entity that nobody knows is shown by no scene that PlexSync has written. A person who renames it wants
    it in Plex all the same; what is merely found later has nothing there to be out of step with.
    """
    if now is None:
        return AffectedScenes.INDEXED
    if known is None:
        return AffectedScenes.NONE if causes <= UNREPORTED_CAUSES else AffectedScenes.CURRENT
    return AffectedScenes.NONE if known.shows_same_as(now) else AffectedScenes.CURRENT


def entities_of(scene: SyncMetadata, read_at: float) -> tuple[Entity, ...]:
    """What a scene shows, as far as other people may change it without touching the scene."""
    named = [
        *_named("performer", scene.performer_ids, scene.performers, read_at),
        *_named("tag", scene.tag_ids, scene.tags, read_at),
    ]
    if scene.studio_id is not None:
        parent = "" if scene.parent_studio_id is None else str(scene.parent_studio_id)
        named.append(Entity(f"studio:{scene.studio_id}", scene.studio, parent, read_at=read_at))
    if scene.parent_studio_id is not None:
        named.append(
            Entity(f"studio:{scene.parent_studio_id}", scene.parent_studio, None, read_at=read_at)
        )
    return tuple(named)


def _named(kind: str, ids: Sequence[int], names: Sequence[str], read_at: float) -> Iterator[Entity]:
    return (
        Entity(f"{kind}:{key}", name, read_at=read_at) for key, name in zip(ids, names, strict=True)
    )


class FanOut:
    """Expands entity jobs. Asks Stash, never Plex."""

    def __init__(
        self,
        store: JobStore,
        index: EntityIndex,
        clock: Clock,
        checkpoint: Callable[[str], object] = str,
    ) -> None:
        self._store = store
        self._index = index
        self._clock = clock
        self._checkpoint = checkpoint
        self._last_checked: dict[str, float] = {}

    # -- scenes ---------------------------------------------------------------------------------

    def record_before_write(self, ctx: SyncContext, batch: Batch) -> None:
        """Before anything is written: keep what the batch's scenes are about to show.

        Who goes by another name here than every other scene shows was renamed, or renumbered, unheard.
        """
        if not ctx.config.sync_metadata:
            return
        cases = [
            case for case in batch.cases.values() if case.scene is not None and case.scene.files
        ]
        shows = {
            case.scene.scene_id: entities_of(case.scene, case.read_at)
            for case in cases
            if case.scene
        }
        renamed = [
            one
            for one in self._index.record_before_write(shows)
            if not self._store.has_pending_change(one, since=0.0)
        ]
        if renamed:
            self._store.enqueue_many(renamed, "seen")

    def record_after_write(self, case: SceneJob, outcome: Outcome) -> None:
        """After a scene was written: keep what it shows now, or forget it with its scene."""
        if case.scene is None:
            self._index.forget_scene(case.job.scene_id)
        elif outcome.result in WRITTEN:
            self._index.record_after_write(
                case.scene.scene_id, [one.subject for one in entities_of(case.scene, case.read_at)]
            )

    # -- entities -------------------------------------------------------------------------------

    def read(self, stash: StashClient, jobs: Sequence[Job]) -> EntitiesBySubject:
        """What the jobs' entities are now, in one request.

        Raises:
            StashUnavailable, StashQueryError: nothing was read; no single job is to blame.
        """
        return stash.entities([job.subject for job in jobs], self._clock.wall())

    def expand(self, stash: StashClient, job: Job, now: EntitiesBySubject) -> Outcome:
        """Queue the scenes that the change has touched.

        Raises:
            StashUnavailable, StashQueryError: some may be queued; the job does it all again.
        """
        entity, known = now[job.subject], self._index.known(job.subject)
        causes = frozenset(job.cause.split("+"))
        reach = (
            affected_scenes(known, entity, causes) if is_shown(job.kind) else AffectedScenes.NONE
        )
        queued = self._queue(stash, job, reach)
        if (
            reach is AffectedScenes.NONE
            and causes & UNREPORTED_CAUSES
            and self._last_checked.get(job.kind, 0.0) <= job.enqueued_at
        ):
            queued += self.enqueue_deleted(stash, job.kind)
        self._checkpoint("fan_out.queued")
        if entity is not None:
            self._index.remember(entity)
        else:
            self._index.forget(job.subject)
        self._checkpoint("fan_out.recorded")
        title = (entity or known or Entity("", "")).shown
        return Outcome(Disposition.COMPLETE, SyncResult(reach.value), message=str(queued), title=title)

    def name_of(self, job: Job) -> str:
        """What people know the entity by; "" when nobody does."""
        known = self._index.known(job.subject)
        return known.shown if known else ""

    def enqueue_deleted(self, stash: StashClient, kind: str) -> int:
        """Queue what is known of one kind and no longer in Stash; how many.

        A merge of performers tells nobody: the target looks touched, and the others are missing.
        """
        self._last_checked[kind] = self._clock.wall()
        known = self._index.known_of_kind(kind) if is_shown(kind) else []
        gone = sorted(set(known) - stash.entity_ids(kind)) if known else []
        news = [
            subject for subject in gone if not self._store.has_pending_change(subject, since=0.0)
        ]
        return self._store.enqueue_many(news, GONE) if news else 0

    def _queue(self, stash: StashClient, job: Job, reach: AffectedScenes) -> int:
        if reach is AffectedScenes.NONE:
            return 0
        priority = max(job.priority, PRIORITY_FAN_OUT)  # nobody waits for what was merely found
        queued = after = 0
        while page := self._page(stash, job.subject, reach, after):
            queued += self._store.enqueue_many(map(scene_subject, page), FAN_OUT, priority)
            after = page[-1]
            self._checkpoint("fan_out.page")
        return queued

    def _page(
        self, stash: StashClient, subject: str, reach: AffectedScenes, after: int
    ) -> list[int]:
        if reach is AffectedScenes.INDEXED:
            return self._index.scenes_showing(subject, after, PAGE)
        return stash.scenes_showing(subject, after, PAGE)
