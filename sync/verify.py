"""Read what was written once more: complete the records and notice what Plex dropped silently."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.errors import PlexError
from core.field_values import FieldValue
from core.log import EventLog
from core.plex_item import PlexItem
from core.record import SyncRecord
from plex.client import PlexClient
from plex.plan import verify
from sync_queue.records import Records


@dataclass(frozen=True, slots=True)
class WrittenItem:
    """One item that was written and must be read once more.

    Attributes:
        record: the record as it was saved after the write.
        section: the key of the item's library.
        desired: what the item should show, without the fields that Plex rejected.
        changed: the fields that were written.
        images: the image fields that show what PlexSync sent, now or before.
    """

    record: SyncRecord
    section: int
    desired: dict[str, FieldValue]
    changed: frozenset[str]
    images: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DroppedFields:
    """A scene's item with the fields that Plex accepted and did not keep."""

    scene_id: int
    item: int
    fields: tuple[str, ...]


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
            log.info("verify.skipped", section=section, reason=type(error).__name__)
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
    dropped = []
    for entry in entries:
        record = stored.get((entry.record.scene_id, entry.record.item))
        item = items.get(entry.record.item)
        if record is None or item is None:
            continue
        fields = _complete_record(records, record, entry, item)
        if fields:
            dropped.append(DroppedFields(record.scene_id, record.item, fields))
    return dropped


def _complete_record(
    records: Records, record: SyncRecord, entry: WrittenItem, item: PlexItem
) -> tuple[str, ...]:
    """Save what the item shows now; return the fields that Plex dropped."""
    changed = {name: known for name, known in record.fields.items() if name in entry.changed}
    fields, dropped = verify(changed, entry.desired, item)
    images = {
        name: replace(image, item_path=item.images.get(name, ""))
        for name, image in record.images.items()
        if name in entry.images
    }
    completed = record.with_fields(fields).with_images(images)
    if completed != record:
        records.save(completed)
    return dropped
