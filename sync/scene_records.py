"""Build the record of a scene on an item. Pure."""

from collections.abc import Collection

from core.record import SyncRecord
from core.send_history import Suspension
from plex.client import Section
from plex.locks import with_locks
from plex.plan import field_records, intended_records
from plex.suspensions import suspend, with_histories
from stash.times import is_settled, parse_time
from sync.batch import SceneJob
from sync.path_learning import LEARNED
from sync.plan_items import PlannedItem
from sync.targets import matched_files
from validation.metadata import SyncMetadata


def new_record(
    case: SceneJob, planned: PlannedItem, server: str, section: Section | None
) -> SyncRecord:
    """Return the scene's record on the item as of this sync, with the fields known before it.

    `section` is the item's library; None when Plex no longer has it.
    """
    scene, item, stored = planned.scene, planned.item, planned.record
    assert case.match is not None  # nothing is planned without a match
    paths = [file.path for file in matched_files(case.match) if file.item == item.rating_key]
    return SyncRecord(
        scene_id=scene.scene_id,
        server=server,
        item=item.rating_key,
        section=section.uuid if section else "",
        path=paths[0] if paths else "",
        oshash=scene.files[0].oshash,
        updated_at=scene.updated_at,
        read_at=case.read_at,
        confidence=LEARNED if case.match.is_learned else case.match.confidence.value,
        fields=stored.fields if stored else {},
        images=stored.images if stored else {},
    )


def record_after_write(
    record: SyncRecord, planned: PlannedItem, failed: Collection[str], now: float
) -> SyncRecord:
    """Return the record with what was written at `now` and what is no longer written.

    Fields in `failed`, which Plex rejected, keep what was intended, so that the same value is not
    tried again without a reason.
    """
    written = tuple(change for change in planned.changes if change.field.name not in failed)
    desired = {name: value for name, value in planned.desired.items() if name not in failed}
    item, stored = planned.item, planned.record
    rejected = {}
    if failed:
        intended = intended_records(planned.changes, planned.desired, item, stored)
        rejected = {name: known for name, known in intended.items() if name in failed}
    fields = {**rejected, **field_records(written, desired, item, stored)}
    sent = {change.field.name for change in written if not change.keeps}
    fields = with_histories(with_locks(fields, written, stored), sent, desired, stored, now)
    overwritten = {change.field.name for change in planned.overwritten}
    return suspend(record.with_fields(fields), overwritten, Suspension.OVERWRITTEN)


def confirmed_update(record: SyncRecord | None, scene: SyncMetadata) -> str:
    """Return the `updated_at` of the last sync of the scene's file, "" for none.

    Also "" when the scene was read within the resolution of Stash's times, so that a later edit
    may have the same `updated_at`.
    """
    if record is None or not is_settled(parse_time(record.updated_at), record.read_at):
        return ""
    # Stash can give a scene another file without another `updated_at`.
    if record.oshash and record.oshash != scene.files[0].oshash:
        return ""
    return record.updated_at
