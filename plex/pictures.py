"""Whether an item still shows the image that was sent to it."""

from core.fields import Field
from core.plex_item import PlexItem
from core.record import ImageRecord
from plex.client import PlexClient
from plex.plan import WriteRules

IMAGE_LISTS = {"thumb": "posters", "art": "arts"}
"""The list of an item's images, by Plex's name of the field."""


def is_suspect(field: Field, item: PlexItem, sent: ImageRecord | None, rules: WriteRules) -> bool:
    """Whether the item's image path is not the one seen after our upload. It also moves for other reasons."""
    if rules.preserve_plex_edits or sent is None or not sent.sha1 or not sent.shown:
        return False
    return item.images.get(field.name, "") != sent.shown


def shows_ours(client: PlexClient, item: PlexItem, field: Field, sent: ImageRecord) -> bool:
    """Whether the image that is selected is the one that was sent; one request.

    Raises:
        PlexError: Plex failed.
    """
    keys = client.image_keys(item.rating_key, IMAGE_LISTS[field.plex])
    return any(selected and key.endswith(sent.sha1) for key, selected in keys)
