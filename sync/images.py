"""Send covers as posters and backgrounds, with one conditional request to Stash."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from core.clock import Clock
from core.errors import PlexRejected
from core.fields import Field
from core.original import Original
from core.plex_item import PlexItem
from core.record import ImageRecord, SyncRecord
from core.step_timer import StepTimer
from plex.client import PlexClient
from plex.image_state import IMAGE_LISTS, compare_images
from plex.plan import WriteRules
from stash.answers import Cover
from stash.client import StashClient
from stash.times import is_settled, parse_time
from sync_queue.originals import Originals
from validation.metadata import SyncMetadata

_IMAGE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_WEBP = (b"RIFF", b"WEBP")


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


@dataclass(frozen=True, slots=True)
class ImageResult:
    """What became of an item's images.

    `record` is the record with what they are now, `written` the fields that were sent, `warnings`
    one text for each field that Plex cannot show.
    """

    record: SyncRecord
    written: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageWriter:
    """Sends a scene's cover to the image fields that the settings enable.

    `check_epoch` runs before each write and raises Fenced once a newer worker has taken over.
    """

    fields: tuple[Field, ...]
    stash: StashClient
    plex: PlexClient
    rules: WriteRules
    originals: Originals
    clock: Clock
    timer: StepTimer
    check_epoch: Callable[[], None]

    def write(
        self,
        scene: SyncMetadata,
        item: PlexItem,
        record: SyncRecord,
        last_update: str,
        covers: dict[str, Cover],
    ) -> ImageResult:
        """Send the scene's cover to the item where it differs from what was sent.

        Args:
            last_update: the `updated_at` of the last sync. Where it is still the scene's and every
                field was sent, Stash is not asked.
            covers: Stash's answers for the scene by ETag, shared by the scene's items.

        Raises:
            PlexError, StashError: a server failed; what was sent so far is kept in Plex.
        """
        absent = [field for field in self.fields if field.name not in record.images]
        replaced, moved = compare_images(self.plex, item, self.fields, record.images, self.rules)
        record = _with_item_paths(record, item, moved)
        is_unchanged = last_update == scene.updated_at and not absent and not replaced
        if not self.fields or is_unchanged:
            return ImageResult(record)
        etag = "" if absent or replaced else _common_etag(record.images, self.fields)
        with self.timer.step("images"):
            if etag not in covers:
                covers[etag] = self.stash.cover(scene.scene_id, _cache_buster(scene), etag)
            cover = covers[etag]
            if cover.unchanged:
                return ImageResult(record)
            if cover.image is None:
                images = {field.name: ImageRecord("", cover.etag) for field in absent}
                return ImageResult(record.with_images(images))
            return self._send_all(item, record, cover.image, cover.etag, replaced)

    def _send_all(
        self,
        item: PlexItem,
        record: SyncRecord,
        image: bytes,
        etag: str,
        replaced: frozenset[str],
    ) -> ImageResult:
        sha1 = hashlib.sha1(image, usedforsecurity=False).hexdigest()
        written, warnings = [], []
        for field in self.fields:
            sent = record.images.get(field.name)
            problem = _validate(image, field)
            is_shown = sent is not None and sent.sha1 == sha1 and field.name not in replaced
            if not problem and not is_shown:
                try:
                    if self._send(item, record.server, field, image, sha1):
                        written.append(field.name)
                except PlexRejected as error:
                    problem = str(error)
            if problem:
                warnings.append(f"{field.name}: {problem}")
            # The verifying read fills in the path of an image that was just sent.
            path = sent.item_path if sent is not None and is_shown else ""
            record = record.with_images({field.name: ImageRecord(sha1, etag, path)})
        return ImageResult(record, tuple(written), tuple(warnings))

    def _send(self, item: PlexItem, server: str, field: Field, image: bytes, sha1: str) -> bool:
        """Upload and select the image; return False if Plex shows these bytes already."""
        kind = IMAGE_LISTS[field.plex]
        available = self.plex.images(item.rating_key, kind)
        shown = next((key for key, selected in available if selected), "")
        if shown.endswith(sha1):
            return False
        original = Original(shown, field.plex in item.locked, written_digests=(sha1,))
        self.originals.save(
            server, item.rating_key, item.section, {field.name: original}, self.clock.wall()
        )
        self.check_epoch()
        # Plex keeps earlier uploads; the key of an upload ends with the sha1 of its bytes.
        for key, _ in available:
            if key.endswith(sha1):
                self.plex.select_image(item.rating_key, kind, key)
                return True
        self.plex.upload_image(item.rating_key, kind, image)
        return True


def _with_item_paths(record: SyncRecord, item: PlexItem, names: frozenset[str]) -> SyncRecord:
    """Return the record with the paths that these images have on the item now."""
    paths = {
        name: replace(record.images[name], item_path=item.images.get(name, "")) for name in names
    }
    return record.with_images(paths)


def _validate(image: bytes, field: Field) -> str:
    """Return why Plex cannot show the image, "" if it can."""
    if len(image) > field.limit:
        return f"the cover has {len(image)} bytes, Plex takes {field.limit}"
    is_webp = image.startswith(_WEBP[0]) and image[8:12] == _WEBP[1]
    if not image.startswith(_IMAGE_STARTS) and not is_webp:
        return "the cover is not a JPEG, PNG or WebP image"
    return ""


def _common_etag(images: Mapping[str, ImageRecord], fields: Sequence[Field]) -> str:
    """Return the ETag that every field was sent from; "" when they differ."""
    etags = {images[field.name].etag for field in fields}
    return etags.pop() if len(etags) == 1 else ""


def _cache_buster(scene: SyncMetadata) -> str:
    return "".join(character for character in scene.updated_at if character.isalnum())
