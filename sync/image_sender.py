"""Make an item show one image: select it where Plex has its bytes, upload it where not."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial

from core.calls import Steps, call
from core.clock import Clock
from core.fields import Field
from core.original import Original
from core.plex_item import PlexItem
from core.record import ImageRecord
from plex.client import PlexClient
from plex.image_history import may_be_uploaded, unseen_original, was_never_given
from plex.image_state import IMAGE_LISTS, ItemImages
from sync.library_settings import LibrarySettings
from sync_queue.originals import Overwritten
from sync_queue.records import Records

LIST_TRIES = 3
"""So often is a list read that may lag behind an upload."""
LIST_WAIT_S = 0.3


class ImageOutcome(Enum):
    """What became of one image."""

    SENT = "sent"
    # Plex shows these bytes already.
    SHOWN = "shown"
    # The user has chosen another image in Plex, and such edits are preserved.
    BY_HAND = "by hand"


@dataclass(frozen=True, slots=True)
class Image:
    """A scene's cover; `sha1` is that of its bytes."""

    content: bytes
    sha1: str


@dataclass(frozen=True, slots=True)
class ImageSender:
    """Sends images to items.

    `check_epoch` runs before each write and raises Fenced once a newer worker has taken over.
    """

    plex: PlexClient
    libraries: LibrarySettings
    records: Records
    clock: Clock
    check_epoch: Callable[[], None]

    def send(
        self,
        item: PlexItem,
        server: str,
        field: Field,
        image: Image,
        known: ImageRecord | None,
        images: ItemImages,
    ) -> Steps[ImageOutcome]:
        """Select or upload the image, unless the item shows it or one that stays.

        Args:
            known: the record of the field; None for none.
            images: the images on offer.

        Raises:
            PlexError: Plex did not take the image.
        """
        kept = self.records.originals.of_item(server, item.rating_key).get(field.name)
        if self._needs_no_list(item, server, field, known, kept):
            self._save_original(item, server, field, unseen_original(field, item, image.sha1))
            yield from self._upload(item, field, image)
            return ImageOutcome.SENT
        uploaded = yield from self._find_upload(field, image.sha1, known, kept, images)
        shown = images.shown(field)
        if shown.endswith(image.sha1):
            return ImageOutcome.SHOWN
        if self._is_by_hand(item, field, shown, known, kept):
            return ImageOutcome.BY_HAND
        original = Original(shown, field.plex in item.locked, written_digests=(image.sha1,))
        self._save_original(item, server, field, original)
        if uploaded:
            yield from self._select(item, field, uploaded)
        else:
            yield from self._upload(item, field, image)
        return ImageOutcome.SENT

    def _needs_no_list(
        self,
        item: PlexItem,
        server: str,
        field: Field,
        known: ImageRecord | None,
        kept: Original | None,
    ) -> bool:
        """Return True if Plex cannot have the image yet and shows one that it chose by itself."""
        rules = self.libraries.rules_of(item.section)
        if not rules.lock_fields or not was_never_given(field, item, known, kept):
            return False
        return self.records.names_every_upload(server)

    def _find_upload(
        self,
        field: Field,
        sha1: str,
        known: ImageRecord | None,
        kept: Original | None,
        images: ItemImages,
    ) -> Steps[str]:
        """Return the key of the upload with these bytes; "" for none.

        Plex's list may lag behind an upload of which no record was made.
        """
        find = partial(images.uploaded, field, sha1)
        uploaded = yield from call(find)
        if uploaded or not may_be_uploaded(kept, known, sha1):
            return uploaded
        for _ in range(LIST_TRIES - 1):
            yield from call(partial(self.clock.sleep, LIST_WAIT_S))
            images.read_again(field)
            uploaded = yield from call(find)
            if uploaded:
                break
        return uploaded

    def _is_by_hand(
        self,
        item: PlexItem,
        field: Field,
        shown: str,
        known: ImageRecord | None,
        kept: Original | None,
    ) -> bool:
        """Return True if the user chose the image that is shown, and that is preserved.

        Plex locks an image that is chosen by hand, and one that PlexSync uploads.
        """
        rules = self.libraries.rules_of(item.section)
        if not rules.preserve_plex_edits or not shown or field.plex not in item.locked:
            return False
        sent = kept.written_digests if kept else ()
        ours = tuple(filter(None, (*sent, known.sha1 if known else "")))
        return not shown.endswith(ours)

    def _save_original(self, item: PlexItem, server: str, field: Field, original: Original) -> None:
        """Save what the image replaces, and which bytes are about to be sent."""
        overwritten = Overwritten(item.rating_key, item.section, {field.name: original})
        self.records.originals.save(server, [overwritten], self.clock.wall())

    def _select(self, item: PlexItem, field: Field, key: str) -> Steps[None]:
        self.check_epoch()
        kind = IMAGE_LISTS[field.plex]
        select = partial(self.plex.select_image, item.rating_key, kind, key)
        yield from call(select, is_write=True)

    def _upload(self, item: PlexItem, field: Field, image: Image) -> Steps[None]:
        self.check_epoch()
        kind = IMAGE_LISTS[field.plex]
        upload = partial(self.plex.upload_image, item.rating_key, kind, image.content)
        begin = partial(self.plex.begin_upload, item.rating_key, kind, image.content)
        yield from call(upload, is_write=True, begin=begin)
