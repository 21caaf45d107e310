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
from plex.image_state import IMAGE_LISTS, ItemImages
from plex.plan import WriteRules
from sync_queue.originals import Originals


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
    rules: WriteRules
    originals: Originals
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
        shown = yield from call(partial(images.shown, field))
        if shown.endswith(image.sha1):
            return ImageOutcome.SHOWN
        if self._is_by_hand(item, server, field, shown, known):
            return ImageOutcome.BY_HAND
        original = Original(shown, field.plex in item.locked, written_digests=(image.sha1,))
        self.originals.save(
            server, item.rating_key, item.section, {field.name: original}, self.clock.wall()
        )
        self.check_epoch()
        kind = IMAGE_LISTS[field.plex]
        # Plex keeps earlier uploads; the key of an upload ends with the sha1 of its bytes.
        uploaded = next((key for key in images.keys(field) if key.endswith(image.sha1)), "")
        if uploaded:
            write = partial(self.plex.select_image, item.rating_key, kind, uploaded)
        else:
            write = partial(self.plex.upload_image, item.rating_key, kind, image.content)
        yield from call(write, is_write=True)
        return ImageOutcome.SENT

    def _is_by_hand(
        self, item: PlexItem, server: str, field: Field, shown: str, known: ImageRecord | None
    ) -> bool:
        """Return True if the user chose the image that is shown, and that is preserved.

        Plex locks an image that is chosen by hand, and one that PlexSync uploads.
        """
        if not self.rules.preserve_plex_edits or not shown or field.plex not in item.locked:
            return False
        original = self.originals.of_item(server, item.rating_key).get(field.name)
        sent = original.written_digests if original else ()
        ours = tuple(filter(None, (*sent, known.sha1 if known else "")))
        return not shown.endswith(ours)
