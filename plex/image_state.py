"""Whether an item still shows the image that was sent to it."""

from collections.abc import Mapping, Sequence

from core.fields import Field
from core.plex_item import PlexItem
from core.record import ImageRecord
from plex.client import PlexClient
from plex.plan import WriteRules

IMAGE_LISTS = {"thumb": "posters", "art": "arts"}
"""The list of an item's images, by Plex's name of the field."""


def compare_images(
    client: PlexClient,
    item: PlexItem,
    fields: Sequence[Field],
    sent: Mapping[str, ImageRecord],
    rules: WriteRules,
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the fields whose image in Plex is another one, and those where only its path changed.

    Raises:
        PlexError: Plex failed; it is asked only where a path changed.
    """
    suspects = [field for field in fields if _is_suspect(field, item, sent.get(field.name), rules)]
    moved = frozenset(
        field.name for field in suspects if _shows_ours(client, item, field, sent[field.name])
    )
    return frozenset(field.name for field in suspects) - moved, moved


def _is_suspect(field: Field, item: PlexItem, sent: ImageRecord | None, rules: WriteRules) -> bool:
    """Whether the item's image path is not the one seen after our upload. It also moves for other
    reasons.
    """
    if rules.preserve_plex_edits or sent is None or not sent.sha1 or not sent.item_path:
        return False
    return item.images.get(field.name, "") != sent.item_path


def _shows_ours(client: PlexClient, item: PlexItem, field: Field, sent: ImageRecord) -> bool:
    """Whether the image that is selected is the one that was sent; one request."""
    keys = client.images(item.rating_key, IMAGE_LISTS[field.plex])
    return any(selected and key.endswith(sent.sha1) for key, selected in keys)
