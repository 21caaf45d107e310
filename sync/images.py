"""Covers to posters and backgrounds: one conditional request to Stash, an upload only for other bytes."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.errors import PlexRejected
from core.fields import Field
from core.original import Original
from core.plex_item import PlexItem
from core.record import ImageRecord, SyncRecord
from plex.image_state import IMAGE_LISTS, compare_images
from stash.client import Cover
from stash.times import is_settled, parse_time
from sync.context import SyncContext
from validation.metadata import SyncMetadata

_IMAGE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_WEBP = (b"RIFF", b"WEBP")


def confirmed_update(record: SyncRecord | None) -> str:
    """The `updated_at` of the last sync; "" when it was so young then that a later edit may share its second."""
    if record is None or not is_settled(parse_time(record.updated_at), record.read_at):
        return ""
    return record.updated_at


def sync_images(
    ctx: SyncContext,
    scene: SyncMetadata,
    item: PlexItem,
    record: SyncRecord,
    fields: Sequence[Field],
    known: str,
    asked: dict[str, Cover],
) -> tuple[SyncRecord, tuple[str, ...], tuple[str, ...]]:
    """Send the scene's cover to the item's image fields where it differs from what was sent.

    `known` is the `updated_at` of the last sync: where it has not moved and every field was sent, Stash
    is not even asked; `asked` keeps its answers for the scene's other items. Returns the new record, the
    names of fields written, and warnings.
    """
    absent = [field for field in fields if field.name not in record.images]
    replaced, moved = compare_images(ctx.plex, item, fields, record.images, ctx.rules)
    paths = {
        name: replace(record.images[name], item_path=item.images.get(name, "")) for name in moved
    }
    record = record.with_images(paths)
    if not fields or (known == scene.updated_at and not absent and not replaced):
        return record, (), ()
    etag = "" if absent or replaced else _common_etag(record.images, fields)
    with ctx.watch.step("images"):
        cover = asked.get(etag) or asked.setdefault(
            etag, ctx.stash.cover(scene.scene_id, _cache_buster(scene), etag)
        )
        if cover.unchanged:
            return record, (), ()
        if cover.image is None:
            return (
                record.with_images({field.name: ImageRecord("", cover.etag) for field in absent}),
                (),
                (),
            )
        return _send_all(ctx, item, record, fields, cover, replaced)


def _send_all(
    ctx: SyncContext,
    item: PlexItem,
    record: SyncRecord,
    fields: Sequence[Field],
    cover: Cover,
    replaced: frozenset[str],
) -> tuple[SyncRecord, tuple[str, ...], tuple[str, ...]]:
    image = cover.image or b""
    sha1 = hashlib.sha1(image, usedforsecurity=False).hexdigest()
    written, warnings = [], []
    for field in fields:
        sent = record.images.get(field.name)
        problem = _validate(image, field)
        is_shown = sent is not None and sent.sha1 == sha1 and field.name not in replaced
        if not problem and not is_shown:
            try:
                if _send(ctx, item, record.server, field, image, sha1):
                    written.append(field.name)
            except PlexRejected as error:
                problem = str(error)
        if problem:
            warnings.append(f"{field.name}: {problem}")
        shown = (
            sent.item_path if sent is not None and is_shown else ""
        )  # else the verifying read will tell
        record = record.with_images({field.name: ImageRecord(sha1, cover.etag, shown)})
    return record, tuple(written), tuple(warnings)


def _send(
    ctx: SyncContext, item: PlexItem, server: str, field: Field, image: bytes, sha1: str
) -> bool:
    """Upload and select, unless Plex has the very same bytes already; whether anything was written."""
    kind = IMAGE_LISTS[field.plex]
    shelf = ctx.plex.images(item.rating_key, kind)
    shown = next((key for key, selected in shelf if selected), "")
    if shown.endswith(sha1):
        return False
    kept = {field.name: Original(shown, field.plex in item.locked, written_digests=(sha1,))}
    ctx.records.originals.save(server, item.rating_key, item.section, kept, ctx.clock.wall())
    ctx.check_epoch()
    for key, _ in shelf:
        if key.endswith(sha1):
            ctx.plex.select_image(item.rating_key, kind, key)
            return True
    ctx.plex.upload_image(item.rating_key, kind, image)
    return True


def _validate(image: bytes, field: Field) -> str:
    if len(image) > field.limit:
        return f"the cover has {len(image)} bytes, Plex takes {field.limit}"
    if not image.startswith(_IMAGE_STARTS) and not (
        image.startswith(_WEBP[0]) and image[8:12] == _WEBP[1]
    ):
        return "the cover is not a JPEG, PNG or WebP image"
    return ""


def _common_etag(images: Mapping[str, ImageRecord], fields: Sequence[Field]) -> str:
    """The ETag that every field was sent from; "" when they differ, so that the bytes come again."""
    etags = {images[field.name].etag for field in fields}
    return etags.pop() if len(etags) == 1 else ""


def _cache_buster(scene: SyncMetadata) -> str:
    return "".join(character for character in scene.updated_at if character.isalnum())
