"""Make an item show one image: select it where Plex has its bytes, upload it where not."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from core.clock import Clock
from core.fields import Field
from core.original import Original
from core.plex_item import PlexItem
from plex.client import PlexClient
from plex.image_state import IMAGE_LISTS, ItemImages
from sync_queue.originals import Originals


class ImageOutcome(Enum):
    """What became of one image."""

    SENT = "sent"
    # Plex shows these bytes already.
    SHOWN = "shown"


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
    originals: Originals
    clock: Clock
    check_epoch: Callable[[], None]

    def send(
        self,
        item: PlexItem,
        server: str,
        field: Field,
        image: Image,
        images: ItemImages,
    ) -> ImageOutcome:
        """Select or upload the image, unless the item shows it.

        `images` are those on offer.

        Raises:
            PlexError: Plex did not take the image.
        """
        shown = images.shown(field)
        if shown.endswith(image.sha1):
            return ImageOutcome.SHOWN
        original = Original(shown, field.plex in item.locked, written_digests=(image.sha1,))
        self.originals.save(
            server, item.rating_key, item.section, {field.name: original}, self.clock.wall()
        )
        self.check_epoch()
        kind = IMAGE_LISTS[field.plex]
        # Plex keeps earlier uploads; the key of an upload ends with the sha1 of its bytes.
        uploaded = next((key for key in images.keys(field) if key.endswith(image.sha1)), "")
        if uploaded:
            self.plex.select_image(item.rating_key, kind, uploaded)
        else:
            self.plex.upload_image(item.rating_key, kind, image.content)
        return ImageOutcome.SENT
