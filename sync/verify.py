"""Read what was written once more: complete the records and notice what Plex dropped silently."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from core.errors import PlexError, reason_of
from core.field_values import FieldValue
from core.fields import BY_NAME
from core.log import EventLog
from core.plex_item import PlexItem
from core.record import SyncRecord
from core.send_history import Suspension
from plex.client import PlexClient
from plex.verification import verify, written_values
from sync.images import ImageResult
from sync.plan_items import PlannedItem
from sync.suspensions import SuspendedField
from sync_queue.records import Records


@dataclass(frozen=True, slots=True)
class WrittenItem:
    """One item that was written and must be read once more.

    Attributes:
        record: the record as it was saved after the write.
        section: the key of the item's library.
        desired: what the item should show, without the fields that Plex rejected.
        changed: the fields that were written.
        removed: the names that were taken off, by field.
        images: the image fields that show what PlexSync sent, now or before.
    """

    record: SyncRecord
    section: int
    desired: dict[str, FieldValue]
    changed: frozenset[str]
    removed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    images: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DroppedFields:
    """A scene's item with the fields that Plex accepted and did not keep.

    `suspended` are those of them that are no longer written.
    """

    scene_id: int
    item: int
    fields: tuple[str, ...]
    suspended: tuple[SuspendedField, ...] = ()


def written_item(
    planned: PlannedItem, images: ImageResult, changed: frozenset[str], failed: dict[str, str]
) -> WrittenItem:
    """Return what the verifying read must look at."""
    shown = {
        name
        for name, image in images.record.images.items()
        if image.sha1 and image.item_path == planned.item.images.get(name)
    }
    shown_after = written_values(planned.desired, planned.changes)
    return WrittenItem(
        record=images.record,
        section=planned.item.section,
        desired={name: value for name, value in shown_after.items() if name not in failed},
        changed=changed,
        removed={change.field.name: change.remove for change in planned.changes if change.remove},
        images=frozenset({*shown, *images.written}),
    )


def verify_written(
    plex: PlexClient, records: Records, log: EventLog, written: Iterable[WrittenItem]
) -> list[DroppedFields]:
    """Read every written item again, 200 in one request, and remember what Plex shows now.

    Returns what Plex dropped, [] for nothing. A read that fails costs nothing: the records then
    say only what was pushed.
    """
    newest = {(entry.record.scene_id, entry.record.item): entry for entry in written}
    by_section: dict[int, list[WrittenItem]] = {}
    for entry in newest.values():
        by_section.setdefault(entry.section, []).append(entry)
    dropped: list[DroppedFields] = []
    for section, entries in by_section.items():
        try:
            items = plex.items(section, sorted({entry.record.item for entry in entries}))
        except PlexError as error:
            log.info("verify.skipped", section=section, reason=reason_of(error))
            continue
        dropped += _complete_records(records, entries, items)
    return dropped


def _complete_records(
    records: Records, entries: list[WrittenItem], items: dict[int, PlexItem]
) -> list[DroppedFields]:
    scene_ids = sorted({entry.record.scene_id for entry in entries})
    # A later job of the drain may have changed or removed a record since the write.
    stored = {
        (record.scene_id, record.item): record
        for record in records.of_scenes(scene_ids, entries[0].record.server)
    }
    dropped, completed = [], []
    for entry in entries:
        record = stored.get((entry.record.scene_id, entry.record.item))
        item = items.get(entry.record.item)
        if record is None or item is None:
            continue
        shown, loss = _complete_record(record, entry, item)
        if shown != record:
            completed.append(shown)
        if loss.fields:
            dropped.append(loss)
    records.save_all(completed)
    return dropped


def _complete_record(
    record: SyncRecord, entry: WrittenItem, item: PlexItem
) -> tuple[SyncRecord, DroppedFields]:
    """Return the record with what the item shows now, and the fields that Plex dropped. Pure."""
    changed = {name: known for name, known in record.fields.items() if name in entry.changed}
    fields, dropped = verify(changed, entry.desired, item, entry.removed)
    images = {
        name: replace(image, item_path=item.images.get(name, ""))
        for name, image in record.images.items()
        if name in entry.images and image.item_path != item.images.get(name, "")
    }
    completed = record.with_fields(fields).with_images(images)
    suspended = tuple(
        SuspendedField(
            record.scene_id,
            record.item,
            entry.section,
            BY_NAME[name],
            Suspension.NOT_KEPT,
            entry.desired[name],
            item.values.get(name),
        )
        for name in dropped
        if fields[name].history.is_suspended
    )
    return completed, DroppedFields(record.scene_id, record.item, dropped, suspended)
