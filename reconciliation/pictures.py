"""Whether an item's images are out of step, without loading one: times and ETags first, Plex's own list last."""

from dataclasses import dataclass, replace

from core.fields import Field
from core.plex_item import PlexItem
from core.record import ImageRecord, SyncRecord
from plex.plan import WriteRules
from reconciliation.desk import Desk
from validation.metadata import SyncMetadata

_PLEX_LISTS = {"thumb": "posters", "art": "arts"}


@dataclass(frozen=True, slots=True)
class Pictures:
    """Image fields out of step; see `Sight`. `record` is news to keep where Plex's paths moved by themselves."""

    unsent: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    record: SyncRecord | None = None


def look_at_pictures(desk: Desk, scene: SyncMetadata, item: PlexItem, record: SyncRecord) -> Pictures:
    """Compare the images that were sent with what both servers say of theirs.

    Raises:
        PlexError, StashUnavailable: a server failed.
    """
    absent = tuple(field.name for field in desk.images if field.name not in record.images)
    if absent:
        return Pictures(unsent=absent)
    unsent = _moved_in_stash(desk, scene, record)
    if unsent:
        return Pictures(unsent=unsent)
    suspects = [field for field in desk.images if is_suspect(field, item, record, desk.rules)]
    replaced = tuple(field.name for field in suspects if not _shows_ours(desk, item, field, record))
    calm = {
        field.name: replace(record.images[field.name], shown=item.images.get(field.name, ""))
        for field in suspects
        if field.name not in replaced
    }
    return Pictures(replaced=replaced, record=record.with_images(calm) if calm else None)


def is_suspect(field: Field, item: PlexItem, record: SyncRecord, rules: WriteRules) -> bool:
    """Whether the item's image path is not the one seen after our upload; it also moves for other reasons."""
    sent = record.images.get(field.name, ImageRecord(""))
    if rules.preserve_plex_edits or not sent.sha1 or not sent.shown:
        return False
    return item.images.get(field.name, "") != sent.shown


def _moved_in_stash(desk: Desk, scene: SyncMetadata, record: SyncRecord) -> tuple[str, ...]:
    """The fields whose cover has other bytes now; Stash is asked only where the scene moved since."""
    if not desk.images or record.updated_at == scene.updated_at:
        return ()
    etags = {field.name: record.images[field.name].etag for field in desk.images}
    moved = {etag: desk.stash.has_other_cover(scene.scene_id, etag) for etag in set(etags.values())}
    return tuple(name for name, etag in etags.items() if moved[etag])


def _shows_ours(desk: Desk, item: PlexItem, field: Field, record: SyncRecord) -> bool:
    """Whether the image that Plex has selected is the one that was sent."""
    keys = desk.plex.image_keys(item.rating_key, _PLEX_LISTS[field.plex])
    sha1 = record.images[field.name].sha1
    return any(selected and key.endswith(sha1) for key, selected in keys)
