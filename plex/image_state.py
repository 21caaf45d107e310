"""Whether an item still shows the image that was sent to it."""

from core.errors import PlexAccessError, PlexError, PlexUnavailable
from core.fields import Field
from core.plex_item import PlexItem
from core.record import ImageRecord
from plex.client import PlexClient
from plex.plan import WriteRules

IMAGE_LISTS = {"thumb": "posters", "art": "arts"}
"""The list of an item's images, by Plex's name of the field."""


class ItemImages:
    """The images that one item offers; each list is read when it is needed first.

    Every method raises PlexError when Plex does not send the list.
    """

    def __init__(self, client: PlexClient, item: PlexItem) -> None:
        self._client = client
        self._item = item
        self._lists: dict[str, list[tuple[str, bool]]] = {}

    def read_again(self, field: Field) -> None:
        """Have the next question read the list again: Plex may add an upload to it later."""
        self._lists.pop(IMAGE_LISTS[field.plex], None)

    def uploaded(self, field: Field, sha1: str) -> str:
        """Return the key of the upload with these bytes; "" for none."""
        return next((key for key in self.keys(field) if key.endswith(sha1)), "")

    def keys(self, field: Field) -> tuple[str, ...]:
        """Return the key of every image on offer; an upload's ends with the sha1 of its bytes."""
        return tuple(key for key, _ in self._list(field))

    def shown(self, field: Field) -> str:
        """Return the key of the image that is selected; "" for none."""
        return next((key for key, is_selected in self._list(field) if is_selected), "")

    def _list(self, field: Field) -> list[tuple[str, bool]]:
        kind = IMAGE_LISTS[field.plex]
        if kind not in self._lists:
            self._lists[kind] = self._client.images(self._item.rating_key, kind)
        return self._lists[kind]


def is_suspect(field: Field, item: PlexItem, sent: ImageRecord, rules: WriteRules) -> bool:
    """Return True if the item may show another image than the one that was sent.

    Its image path is not the one seen after the upload, which it may leave for other reasons, too,
    or none was seen. With `preserve_plex_edits` another image stays, so it is not looked for.
    """
    if rules.preserve_plex_edits or not sent.sha1:
        return False
    return not sent.item_path or item.images.get(field.name, "") != sent.item_path


def shows(images: ItemImages, field: Field, sha1: str) -> bool:
    """Return True if the image with these bytes is the one that is selected; one request.

    Raises:
        PlexError: Plex does not send the list.
    """
    return bool(sha1) and images.shown(field).endswith(sha1)


def concerns_images_only(error: PlexError, client: PlexClient) -> bool:
    """Return True if Plex takes requests other than that for an image; ask it where that is open.

    A proxy may limit or inspect uploads alone.
    """
    try:
        if isinstance(error, PlexUnavailable):
            client.check_identity()
        elif isinstance(error, PlexAccessError):
            client.sections()
    except PlexError:
        return False
    return True
