"""One job: what Stash has, which items play it, what differs, one write. Returns an outcome or raises."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

from core.errors import PlexRejected, SceneDeleted, SceneHasNoFile, StaleMatch
from core.field_values import FieldValue
from core.fields import BY_NAME
from core.job import DESTROY, Job
from core.match import Confidence
from core.outcome import Disposition, Outcome
from core.plex_item import PlexItem
from core.record import FieldRecord, SyncRecord
from plex.plan import field_records
from stash.client import Cover
from sync.batch import Batch, SceneJob, match_cases, read_items
from sync.context import SyncContext
from sync.filters import exclusion_reason
from sync.images import confirmed_update, sync_images
from sync.path_learning import LEARNED
from sync.shared_edits import write_shared_edits
from sync.targets import (
    adopt_record,
    check_override,
    is_certain,
    items_to_write,
    matched_files,
    owner_of,
    plays_file,
)
from sync.write_item import ItemWriter
from validation.desired_values import desired_images
from validation.metadata import SyncMetadata


@dataclass(slots=True)
class WrittenItem:
    """One item that was written and must be read once more; `wanted` is what it should show.

    `images` are the image fields that show ours: sent just now, or not touched since.
    """

    record: SyncRecord
    section: int
    desired: dict[str, FieldValue]
    changed: frozenset[str]
    images: frozenset[str] = frozenset()


@dataclass(slots=True)
class _JobProgress:
    """What one job has done so far, over all its items."""

    wrote: set[str] = field(default_factory=set)
    items: list[int] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    claimed: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    covers: dict[str, Cover] = field(default_factory=dict)


class SceneSync:
    """Carries out jobs of a batch that was read. `written` collects what must be verified."""

    def __init__(self, ctx: SyncContext) -> None:
        self._ctx = ctx
        self._writer = ItemWriter(ctx)
        self.written: list[WrittenItem] = []

    def sync(self, batch: Batch, job: Job) -> Outcome:
        """Do one job.

        Raises:
            PlexSyncError: whatever kept it from being done; the policy decides what follows.
        """
        case = batch.cases[job.id]
        if case.error is not None:
            raise case.error
        if case.scene is None:
            if DESTROY in job.cause.split("+"):
                self._ctx.records.forget_scene(job.scene_id)
            else:  # nobody said so: after a full import its file may be another scene's
                self._ctx.records.unassign(job.scene_id)
            return Outcome(Disposition.COMPLETE, "gone", message=SceneDeleted("").advice)
        title = display_title(case.scene)
        if not case.scene.files:
            return Outcome(
                Disposition.COMPLETE, "no_file", message=SceneHasNoFile("").advice, title=title
            )
        if not self._ctx.config.sync_metadata:
            return Outcome(Disposition.COMPLETE, "off", title=title)
        excluded = exclusion_reason(case.scene, self._ctx.config)
        if excluded or case.match is None:
            return Outcome(
                Disposition.COMPLETE, "excluded", message=f"Left alone: {excluded}.", title=title
            )
        if self._ctx.config.skip_not_found and case.match.confidence is Confidence.NONE:
            return Outcome(
                Disposition.COMPLETE, "skipped", message="Plex does not have it.", title=title
            )
        keys = self._items_of(batch, case)
        run = _JobProgress()
        for key in filter(batch.items.__contains__, keys):
            self._sync_item(batch, case, key, run)
        self._drop_stale_records(batch, case, keys)
        if run.failed:
            reason = next(iter(run.failed.values()))
            text = f"Plex does not take {', '.join(run.failed)} of scene {job.scene_id} ({reason})."
            raise PlexRejected(text, fields=tuple(run.failed))
        return Outcome(
            Disposition.COMPLETE,
            "wrote" if run.wrote else "claimed" if run.claimed and not run.items else "same",
            wrote=tuple(name for name in BY_NAME if name in run.wrote),
            items=tuple(run.items),
            confidence=case.match.confidence.value,
            message="; ".join(run.claimed),
            title=title,
            warnings=tuple(run.warnings),
        )

    def share(self, batch: Batch) -> None:
        """Write together what several items of the batch have in common."""
        plans = {}
        for case in batch.cases.values():
            for file in matched_files(case) if is_certain(case) else ():
                item, scene = batch.items.get(file.item), case.scene
                if (
                    item is None
                    or scene is None
                    or not plays_file(item, file)
                    or file.item in plans
                ):
                    continue
                if owner_of(self._ctx, batch, scene.scene_id, item) is None:
                    old = adopt_record(self._ctx, batch, scene.scene_id, item)
                    changes = plans[file.item] = self._writer.plan(scene, item, old)
                    record = self._record(batch, case, item, old)
                    self._writer.record_intent(
                        record, changes, self._writer.desired(scene), item, old
                    )
        batch.shared = write_shared_edits(self._ctx, plans, batch.items)

    # -- which items ----------------------------------------------------------------------------

    def _items_of(self, batch: Batch, case: SceneJob) -> tuple[int, ...]:
        """The items to write, each read and proved to play the scene's file; matched anew once."""
        for again in (False, True):
            keys = items_to_write(self._ctx, case)
            check_override(batch, case)
            stale = [
                file
                for file in matched_files(case)
                if not plays_file(batch.items.get(file.item), file)
            ]
            if not stale:
                return keys
            for file in stale:
                self._ctx.log.info("match.stale", scene=case.job.scene_id, item=file.item)
                self._ctx.finder.forget(file)
            if not again:
                self._ctx.finder.refresh(lambda: True)
                match_cases(self._ctx, [case])
                read_items(self._ctx, batch, [case])
        raise StaleMatch(f"Plex changed its items while scene {case.job.scene_id} was matched.")

    def _drop_stale_records(self, batch: Batch, case: SceneJob, keys: tuple[int, ...]) -> None:
        """A scene that moved to other items no longer claims the old ones."""
        for item in self._ctx.records.of_scene(case.job.scene_id, batch.server):
            if item not in keys:
                self._ctx.records.forget_item(case.job.scene_id, batch.server, item)

    # -- one item -------------------------------------------------------------------------------

    def _sync_item(self, batch: Batch, case: SceneJob, key: int, run: _JobProgress) -> None:
        scene, item = case.scene, batch.items[key]
        assert scene is not None  # a case without its scene ended before
        other = owner_of(self._ctx, batch, scene.scene_id, item)
        if other is not None:
            run.claimed.append(
                f"item {key} also plays scene {other}, which is the one that is shown in Plex"
            )
            return
        run.items.append(key)
        old = adopt_record(self._ctx, batch, scene.scene_id, item)
        record = self._record(batch, case, item, old)
        changes = self._writer.plan(scene, item, old)
        failed: dict[str, str] = {}
        if batch.shared.get(key) != changes:
            with self._ctx.watch.step("write") if changes else nullcontext():
                changes, failed = self._writer.write(record, scene, item, old, case.job, changes)
        desired = self._writer.desired(scene)
        done = tuple(change for change in changes if change.field.name not in failed)
        known = confirmed_update(old)
        kept = {name: value for name, value in desired.items() if name not in failed}
        record = record.with_fields(
            {**self._intended_records(record, failed), **field_records(done, kept, item, old)}
        )
        run.wrote.update(change.field.name for change in done)
        record, images, warnings = self._sync_images(scene, item, record, known, run, bool(failed))
        self._ctx.records.save(record)
        run.wrote.update(images)
        run.warnings.extend(warnings)
        if done or images:
            ours = {
                name
                for name, sent in record.images.items()
                if sent.sha1 and sent.item_path == item.images.get(name)
            }
            changed = frozenset(change.field.name for change in done)
            self.written.append(
                WrittenItem(record, item.section, kept, changed, frozenset({*ours, *images}))
            )
        run.failed.update(failed)

    def _intended_records(
        self, record: SyncRecord, failed: Mapping[str, str]
    ) -> dict[str, FieldRecord]:
        """What was intended for fields that Plex refused, so that the very same is not tried without a reason."""
        if not failed:
            return {}
        kept = self._ctx.records.of_scene(record.scene_id, record.server)[record.item].fields
        return {name: kept[name] for name in failed if name in kept}

    def _sync_images(
        self,
        scene: SyncMetadata,
        item: PlexItem,
        record: SyncRecord,
        known: str,
        run: _JobProgress,
        failed: bool,
    ) -> tuple[SyncRecord, tuple[str, ...], tuple[str, ...]]:
        """Send images. What was written before is remembered first, so that a retry sends images alone.

        Until they are sent the record keeps the old `updated_at`: it proves nothing that is not true.
        """
        fields = desired_images(self._ctx.config)
        current = record.updated_at
        if failed or (fields and known != current):
            self._ctx.records.save(replace(record, updated_at=known))
        if failed:
            return replace(record, updated_at=known), (), ()
        return sync_images(self._ctx, scene, item, record, fields, known, run.covers)

    def _record(
        self, batch: Batch, case: SceneJob, item: PlexItem, old: SyncRecord | None
    ) -> SyncRecord:
        scene = case.scene
        assert scene is not None and case.match is not None
        section = self._ctx.finder.section_of(item.section)
        path = next((file.path for file in matched_files(case) if file.item == item.rating_key), "")
        return SyncRecord(
            scene_id=scene.scene_id,
            server=batch.server,
            item=item.rating_key,
            section=section.uuid if section else "",
            path=path,
            oshash=scene.files[0].oshash,
            updated_at=scene.updated_at,
            read_at=case.read_at,
            confidence=LEARNED if case.match.is_learned else case.match.confidence.value,
            fields=old.fields if old else {},
            images=old.images if old else {},
        )


def display_title(scene: SyncMetadata) -> str:
    """What a person knows the scene by: its title, else its file's name."""
    return scene.title or (
        scene.files[0].path.replace("\\", "/").rpartition("/")[2] if scene.files else ""
    )
