"""After a drain: what was written is read once more, for the record and to notice silent losses."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.errors import PlexError
from core.plex_item import PlexItem
from plex.plan import verify
from sync.context import SyncContext
from sync.sync_scene import WrittenItem


@dataclass(frozen=True, slots=True)
class DroppedFields:
    """A scene's item whose fields Plex accepted and did not keep."""

    scene_id: int
    item: int
    fields: tuple[str, ...]


def verify_written(ctx: SyncContext, written: Iterable[WrittenItem]) -> list[DroppedFields]:
    """Read every written item again, 200 to a request, and remember what Plex shows now.

    A read that fails proves nothing and costs nothing: the records then say what was pushed only.
    """
    newest = {(one.record.scene_id, one.record.item): one for one in written}
    by_section: dict[int, list[WrittenItem]] = {}
    for one in newest.values():
        by_section.setdefault(one.section, []).append(one)
    lost: list[DroppedFields] = []
    for section, group in by_section.items():
        try:
            items = ctx.plex.items(section, sorted({one.record.item for one in group}))
        except PlexError as error:
            ctx.log.info("verify.skipped", section=section, reason=type(error).__name__)
            continue
        for one in group:
            lost.extend(_remember(ctx, one, items.get(one.record.item)))
    return lost


def _remember(ctx: SyncContext, one: WrittenItem, item: PlexItem | None) -> list[DroppedFields]:
    record = ctx.records.of_scene(one.record.scene_id, one.record.server).get(one.record.item)
    if item is None or record is None:
        return []
    changed = {name: known for name, known in record.fields.items() if name in one.changed}
    seen, dropped = verify(changed, one.desired, item)
    shown = {
        name: replace(sent, item_path=item.images.get(name, ""))
        for name, sent in record.images.items()
        if name in one.images
    }
    known = record.with_fields(seen).with_images(shown)
    if known != record:
        ctx.records.save(known)
    return [DroppedFields(record.scene_id, record.item, dropped)] if dropped else []
