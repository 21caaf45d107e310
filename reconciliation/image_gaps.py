"""Whether an item's images are out of step, without loading one: times and ETags first, Plex's own list last."""

from dataclasses import dataclass, replace

from core.plex_item import PlexItem
from core.record import SyncRecord
from plex.image_state import compare_images
from reconciliation.desk import Desk
from validation.metadata import SyncMetadata


@dataclass(frozen=True, slots=True)
class ImageGaps:
    """Image fields out of step; see `Observation`. `record` is news to keep where Plex's paths moved by themselves."""

    unsent: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    record: SyncRecord | None = None


def check_images(
    desk: Desk, scene: SyncMetadata, item: PlexItem, record: SyncRecord | None
) -> ImageGaps:
    """Compare the images that were sent with what both servers say of theirs.

    Raises:
        PlexError, StashUnavailable: a server failed.
    """
    if record is None:  # nothing tells that its cover was sent
        has_cover = bool(desk.images) and desk.stash.has_other_cover(scene.scene_id, "")
        return ImageGaps(unsent=tuple(field.name for field in desk.images) if has_cover else ())
    absent = tuple(field.name for field in desk.images if field.name not in record.images)
    if absent:
        return ImageGaps(unsent=absent)
    unsent = _moved_in_stash(desk, scene, record)
    if unsent:
        return ImageGaps(unsent=unsent)
    others, _ = compare_images(desk.plex, item, desk.images, record.images, desk.rules)
    replaced = tuple(field.name for field in desk.images if field.name in others)
    return ImageGaps(replaced=replaced, record=_with_paths(desk, item, record, replaced))


def _with_paths(
    desk: Desk, item: PlexItem, record: SyncRecord, replaced: tuple[str, ...]
) -> SyncRecord | None:
    """The record with the paths that our images have now; None where it knows them.

    Where no read after the upload told the path, the present one is taken as ours.
    """
    ours = [
        field.name
        for field in desk.images
        if record.images[field.name].sha1 and field.name not in replaced
    ]
    shown = {
        name: replace(record.images[name], item_path=item.images.get(name, "")) for name in ours
    }
    known = record.with_images(shown)
    return known if known != record else None


def _moved_in_stash(desk: Desk, scene: SyncMetadata, record: SyncRecord) -> tuple[str, ...]:
    """The fields whose cover has other bytes now; Stash is asked only where the scene moved since."""
    if not desk.images or record.updated_at == scene.updated_at:
        return ()
    etags = {field.name: record.images[field.name].etag for field in desk.images}
    moved = {etag: desk.stash.has_other_cover(scene.scene_id, etag) for etag in set(etags.values())}
    return tuple(name for name, etag in etags.items() if moved[etag])
