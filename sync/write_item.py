"""Writes one item: what differs, together if Plex takes it, field by field if it does not."""

from collections.abc import Mapping

from core.errors import PlexRejected, PlexSyncError, PlexTemporaryError
from core.field_values import FieldValue
from core.job import Job
from core.plex_item import PlexItem
from core.record import SyncRecord
from plex.edit_request import EditLimits, edit_targets, fit_text
from plex.plan import Change, intended_records, plan_changes
from plex.restore import originals
from sync.context import SHORT_LIMITS, SyncContext
from validation.desired_values import desired_values
from validation.metadata import SyncMetadata

LAST_TRY = 4  # after this many failed attempts the next one is the last


class ItemWriter:
    """Plans and sends the edits of single items."""

    def __init__(self, ctx: SyncContext) -> None:
        self._ctx = ctx
        self._last: tuple[SyncMetadata, EditLimits, Mapping[str, FieldValue]] | None = None

    def desired(self, scene: SyncMetadata) -> Mapping[str, FieldValue]:
        """What the scene's items should show; texts are cut to what one request can carry."""
        limits = self._limits()
        if self._last is None or self._last[0] is not scene or self._last[1] != limits:
            self._last = (
                scene,
                limits,
                _truncate(desired_values(scene, self._ctx.config), limits),
            )
        return self._last[2]  # it is asked for at every step of a scene

    def plan(
        self, scene: SyncMetadata, item: PlexItem, old: SyncRecord | None
    ) -> tuple[Change, ...]:
        """What must be written; () when nothing differs."""
        return plan_changes(
            self.desired(scene), item, old, self._ctx.rules, identified=scene.has_identity
        )

    def record_intent(
        self,
        record: SyncRecord,
        changes: tuple[Change, ...],
        desired: Mapping[str, FieldValue],
        item: PlexItem,
        old: SyncRecord | None,
    ) -> None:
        """Keep what is about to be overwritten, and what is about to be written.

        A worker may be killed between the request and its record.
        """
        intended = intended_records(changes, desired, item, old)
        if intended:
            kept = originals(changes, intended, item)
            self._ctx.records.originals.save(
                record.server, item.rating_key, item.section, kept, self._ctx.clock.wall()
            )
        base = old or SyncRecord(
            record.scene_id, record.server, record.item, record.section, record.path
        )
        if intended and base.with_fields(intended) != base:
            self._ctx.records.save(base.with_fields(intended))

    def write(
        self,
        record: SyncRecord,
        scene: SyncMetadata,
        item: PlexItem,
        old: SyncRecord | None,
        job: Job,
        changes: tuple[Change, ...],
    ) -> tuple[tuple[Change, ...], dict[str, str]]:
        """Write the planned changes, in shorter requests where a long one is refused; what was written, what failed.

        Raises:
            PlexError: Plex took nothing; the job waits or is buried as the policy says.
        """
        for is_short in (False, True):
            if is_short:
                changes = self.plan(scene, item, old)  # anew: short limits cut long texts further
            self.record_intent(record, changes, self.desired(scene), item, old)
            try:
                return changes, self._send_all(item, changes, job)
            except PlexRejected as error:
                if is_short or not error.too_long or self._limits() == SHORT_LIMITS:
                    raise
            self._ctx.log.info("plex.request_too_long", scene=scene.scene_id)
            self._ctx.capabilities.set_short_limits(record.server)
        raise AssertionError("the second round returns or raises")

    def _send_all(self, item: PlexItem, changes: tuple[Change, ...], job: Job) -> dict[str, str]:
        """Send the changes together; where Plex refuses, each field alone. The refused ones and why."""
        if not changes:
            return {}
        try:
            self.send(item, changes)
        except PlexRejected as error:
            if error.too_long:
                raise
            return self.send_individually(item, changes)
        except PlexTemporaryError:
            if job.attempts < LAST_TRY:
                raise
            return self.send_individually(item, changes)
        return {}

    def send_individually(self, item: PlexItem, changes: tuple[Change, ...]) -> dict[str, str]:
        """Each field in a request of its own, once: a bad date must not keep the title back.

        Raises:
            PlexTemporaryError: not one field was taken, so the fields are not what is wrong.
        """
        failed: dict[str, str] = {}
        last: PlexSyncError | None = None
        for change in changes:
            try:
                self.send(item, (change,))
            except (PlexRejected, PlexTemporaryError) as error:
                failed[change.field.name], last = str(error), error
        if isinstance(last, PlexTemporaryError) and len(failed) == len(changes):
            raise last
        return failed

    def send(self, item: PlexItem, changes: tuple[Change, ...]) -> None:
        """Send the changes as they are, in as few requests as possible.

        Raises:
            PlexError: Plex took nothing, or not all of it.
        """
        names = tuple(change.field.name for change in changes)
        self._ctx.log.debug("step.send", item=item.rating_key, fields=names)
        for target in edit_targets(item.section, [item.rating_key], changes, self._limits()):
            self._ctx.check_epoch()
            self._ctx.plex.edit(target)

    def _limits(self) -> EditLimits:
        return self._ctx.capabilities.limits(self._ctx.plex.machine_identifier())


def _truncate(desired: Mapping[str, FieldValue], limits: EditLimits) -> dict[str, FieldValue]:
    return {
        name: fit_text(value, limits) if isinstance(value, str) else value
        for name, value in desired.items()
    }
