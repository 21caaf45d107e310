"""Carry out the jobs of a batch: plan all, write what is common, then write each scene."""

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import replace

from core.calls import Alone, Steps
from core.errors import PlexRejected, SceneDeleted, SceneHasNoFile, StaleMatch
from core.job import DESTROY, FORCE_SYNC, Job
from core.match import Confidence
from core.outcome import Disposition, Outcome, SyncResult
from core.record import SyncRecord
from sync.batch import Batch, SceneJob, display_title, read_items
from sync.capabilities import SHORT_LIMITS
from sync.context import SyncContext
from sync.filters import exclusion_of
from sync.image_gate import ImageGate
from sync.image_sender import ImageSender
from sync.images import ImageRequest, ImageResult, ImageWriter
from sync.job_progress import JobProgress, outcome_of
from sync.made_collections import MadeCollections
from sync.missing_libraries import settle_records
from sync.plan_batch import BatchPlanner
from sync.plan_items import PlannedItem, replan_item
from sync.restore_excluded import ExcludedScenes
from sync.scene_records import confirmed_update, new_record, record_after_write
from sync.shared_edits import SharedEditWriter
from sync.suspensions import SuspendedField, overwritten_fields, suspended_images
from sync.targets import (
    check_override,
    is_certain,
    items_to_write,
    matched_files,
    plays_file,
)
from sync.verify import WrittenItem, written_item
from sync.write_item import ItemWriter
from validation.metadata import SyncMetadata


class SceneSync:
    """Carries out the jobs of batches.

    `written` collects what must be verified, `suspended` what must be reported.

    `gate` outlives it, and holds images back while Plex takes none.
    """

    def __init__(self, ctx: SyncContext, gate: ImageGate) -> None:
        self._ctx = ctx
        self._matcher = ctx.matcher()
        self._strict = ctx.config.strict_matching
        self._planner = BatchPlanner(self._matcher, ctx.stash, ctx.plan_rules, strict=self._strict)
        self._collections = MadeCollections(ctx.records.collections, ctx.plex, ctx.libraries)
        self._sender = ctx.sender()
        self._writer = ItemWriter(self._sender, ctx.records.originals, ctx.clock)
        self._images = ImageWriter(
            libraries=ctx.libraries,
            stash=ctx.stash,
            plex=ctx.plex,
            sender=ImageSender(ctx.plex, ctx.libraries, ctx.records, ctx.clock, ctx.check_epoch),
            clock=ctx.clock,
            timer=ctx.watch,
            gate=gate,
        )
        self._excluded = ExcludedScenes(
            ctx.config,
            ctx.overrides,
            ctx.stash,
            ctx.plex,
            ctx.finder,
            ctx.records,
            self._matcher,
            ctx.log,
            ctx.restorer,
            ctx.enqueue,
        )
        self.written: list[WrittenItem] = []
        self.suspended: list[SuspendedField] = []

    # -- the batch ------------------------------------------------------------------------------

    def plan(self, batch: Batch) -> None:
        """Plan each item of the batch once; do this before `share` and `sync`.

        Raises:
            PlexError, StashUnavailable: a server failed.
        """
        self._planner.plan(batch)
        self._excluded.plan(batch)
        self._collections.record_before_write(batch, batch.cases.values())

    def share(self, batch: Batch) -> Steps[None]:
        """Write what several items of the batch have in common; only certain matches take part."""
        cases: dict[int, SceneJob] = {}
        for case in filter(is_certain, batch.cases.values()):
            for key, planned in case.planned.items():
                if planned.owner is None:
                    cases.setdefault(key, case)
        intended = self._save_intents(
            batch, [(case, case.planned[key]) for key, case in cases.items()]
        )
        plans = {planned.item.rating_key: planned for planned in intended}
        for key, case in cases.items():
            case.planned[key] = plans[key]
        writer = SharedEditWriter(
            self._ctx.plex, self._ctx.capabilities, self._sender, self._ctx.log, self._ctx.libraries
        )
        written = yield from writer.write_shared(tuple(plans.values()))
        batch.written = frozenset((plans[key].scene.scene_id, key) for key in written)

    # -- one job --------------------------------------------------------------------------------

    def items_of(self, batch: Batch, job: Job) -> frozenset[int]:
        """Return the items that a job of a planned batch writes, unless Plex has changed them."""
        case = batch.cases[job.id]
        return frozenset([*case.planned, *(item for item, _, _ in case.restorable)])

    def sync(self, batch: Batch, job: Job) -> Steps[Outcome]:
        """Do one job of a planned batch.

        Jobs of the batch may take turns, if `items_of` has no item of one in common with another.

        Raises:
            PlexSyncError: the job cannot be done; the retry policy decides what follows.
        """
        case = batch.cases[job.id]
        if case.error is not None:
            raise case.error
        if case.scene is None:
            return self._forget_scene(batch, job)
        if case.restorable:
            return (yield from self._excluded.restore(batch, case, case.scene))
        outcome = self._outcome_without_sync(case, case.scene)
        if outcome is not None:
            return outcome
        keys = yield from self._matched_items(batch, case, case.scene)
        progress = JobProgress()
        try:
            for key in keys:
                if key in batch.items:
                    # Only what follows the last request is left to the end of the job.
                    batch.records.save(*progress.pop_records())
                    planned = self._planner.current_plan(batch, case, key)
                    yield from self._sync_item(batch, case, planned, progress)
            settle_records(batch.records, job.scene_id, keys, self._ctx.finder)
            return outcome_of(case, case.scene, progress)
        except Exception:
            batch.records.save(*progress.pop_records())
            raise

    def _forget_scene(self, batch: Batch, job: Job) -> Outcome:
        if DESTROY in job.causes:
            batch.records.forget_scene(job.scene_id)
        else:
            # No hook reported the deletion: after a full import another scene may have its file.
            batch.records.unassign(job.scene_id)
        return Outcome(Disposition.COMPLETE, SyncResult.GONE, message=SceneDeleted("").advice)

    def _outcome_without_sync(self, case: SceneJob, scene: SyncMetadata) -> Outcome | None:
        """Return the outcome of a scene that the settings leave alone; None for every other one."""
        title = display_title(scene)
        if not scene.files:
            advice = SceneHasNoFile("").advice
            return Outcome(Disposition.COMPLETE, SyncResult.NO_FILE, message=advice, title=title)
        if not self._ctx.config.sync_metadata:
            return Outcome(Disposition.COMPLETE, SyncResult.OFF, title=title)
        excluded = exclusion_of(scene, self._ctx.config, self._ctx.overrides)
        if excluded or case.match is None:
            message = f"Left alone: {excluded.text if excluded else 'it was not matched'}."
            return Outcome(Disposition.COMPLETE, SyncResult.EXCLUDED, message=message, title=title)
        is_absent = case.match.confidence is Confidence.NONE and not self._matcher.missing_libraries
        if self._ctx.config.skip_not_found and is_absent:
            message = "Plex does not have it."
            return Outcome(Disposition.COMPLETE, SyncResult.SKIPPED, message=message, title=title)
        return None

    def _matched_items(
        self, batch: Batch, case: SceneJob, scene: SyncMetadata
    ) -> Steps[tuple[int, ...]]:
        """Return the items to write, which play the scene's file; match again once if not."""
        for is_rematched in (False, True):
            keys = items_to_write(case.match, scene, self._matcher, strict=self._strict)
            check_override(case, batch.items)
            stale = [
                file
                for file in matched_files(case.match)
                if not plays_file(batch.items.get(file.item), file)
            ]
            if not stale:
                if is_rematched:
                    self._planner.plan_rematched(batch, case, scene, keys)
                    self._collections.record_before_write(batch, [case])
                return keys
            # The scene may be found in items that another job is writing.
            yield Alone()
            for file in stale:
                self._ctx.log.info("match.stale", scene=scene.scene_id, item=file.item)
            if is_rematched:
                self._matcher.forget(stale)
            else:
                case.match = self._matcher.rematch(scene, stale)
                read_items(self._ctx.plex, batch, [case])
        raise StaleMatch(f"Plex changed its items while scene {scene.scene_id} was matched.")

    # -- one item -------------------------------------------------------------------------------

    def _sync_item(
        self, batch: Batch, case: SceneJob, planned: PlannedItem, progress: JobProgress
    ) -> Steps[None]:
        key = planned.item.rating_key
        if planned.owner is not None:
            self._ctx.records.save_claim(batch.records.server, key, planned.scene.scene_id)
            text = "which is the one that is shown in Plex"
            progress.claimed.append(f"item {key} also plays scene {planned.owner}, {text}")
            return
        progress.items.append(key)
        last_update = confirmed_update(planned.record, planned.scene)
        failed: dict[str, str] = {}
        if (planned.scene.scene_id, key) not in batch.written:
            planned, failed = yield from self._write(batch, case, planned)
        changed = frozenset(change.field.name for change in planned.changes) - set(failed)
        now = self._ctx.clock.wall()
        record = record_after_write(self._new_record(batch, case, planned), planned, failed, now)
        self.suspended += overwritten_fields(planned)
        request = ImageRequest(
            planned.scene, last_update, progress.covers, is_forced=FORCE_SYNC in case.job.causes
        )
        images = yield from self._write_images(
            batch, planned, record, request, has_failed=bool(failed)
        )
        batch.records.keep(images.record)
        progress.records.append(images.record)
        progress.wrote.update(changed, images.written)
        progress.warnings.extend(images.warnings)
        self.suspended += suspended_images(planned, images.suspended)
        progress.failed_images.extend(images.failed)
        progress.failed.update(failed)
        if changed or images.written:
            self.written.append(written_item(planned, images, changed, failed))

    def _write(
        self, batch: Batch, case: SceneJob, planned: PlannedItem
    ) -> Steps[tuple[PlannedItem, dict[str, str]]]:
        """Write the planned changes; return the plan that was written and the rejected fields."""
        with self._ctx.watch.step("write") if planned.changes else nullcontext():
            for is_short in (False, True):
                [planned] = self._save_intents(batch, [(case, planned)])
                try:
                    failed = yield from self._writer.send(planned, case.job.attempts)
                    return planned, dict(failed)
                except PlexRejected as error:
                    if is_short or not error.too_long or self._sender.limits() == SHORT_LIMITS:
                        raise
                self._ctx.log.info("plex.request_too_long", scene=planned.scene.scene_id)
                self._ctx.capabilities.set_short_limits(batch.records.server)
                # Short limits cut long texts further.
                planned = replan_item(
                    planned.scene,
                    planned.item,
                    batch.records,
                    batch.ownership,
                    self._ctx.plan_rules(),
                )
        raise AssertionError("the second round returns or raises")

    def _write_images(
        self,
        batch: Batch,
        planned: PlannedItem,
        record: SyncRecord,
        request: ImageRequest,
        *,
        has_failed: bool,
    ) -> Steps[ImageResult]:
        """Send the images. If that fails the fields are saved, so that a retry sends images alone.

        Until the images are sent the record keeps the old `updated_at`, which claims nothing that
        is not true.
        """
        if has_failed:
            return ImageResult(replace(record, updated_at=request.last_update))
        try:
            return (yield from self._images.write(planned.item, record, request))
        except Exception:
            batch.records.save(replace(record, updated_at=request.last_update))
            raise

    def _save_intents(
        self, batch: Batch, plans: Iterable[tuple[SceneJob, PlannedItem]]
    ) -> list[PlannedItem]:
        pairs = [
            (planned, planned.record or self._new_record(batch, case, planned))
            for case, planned in plans
        ]
        return self._writer.save_intents(pairs, batch.records)

    def _new_record(self, batch: Batch, case: SceneJob, planned: PlannedItem) -> SyncRecord:
        section = self._ctx.finder.section_of(planned.item.section)
        return new_record(case, planned, batch.records.server, section)
