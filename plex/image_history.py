"""Decide what is known of the images that were sent to an item. Pure.

The original of a field names the bytes that were about to be uploaded. It is saved before the
upload, so it also says what a killed worker may have uploaded.
"""

from core.fields import Field
from core.original import AUTOMATIC, Original
from core.plex_item import PlexItem
from core.record import ImageRecord


def was_never_given(
    field: Field, item: PlexItem, known: ImageRecord | None, kept: Original | None
) -> bool:
    """Return True if no image of PlexSync or of the user is known on the item.

    Plex locks an image that is uploaded or chosen by hand.
    """
    is_recorded = known is not None and (bool(known.sha1) or known.is_by_hand)
    is_named = kept is not None and bool(kept.written_digests)
    return field.plex not in item.locked and not is_recorded and not is_named


def may_be_uploaded(kept: Original | None, known: ImageRecord | None, sha1: str) -> bool:
    """Return True if Plex may have taken these bytes although no record says so.

    The worker was killed during the upload, or Plex did not say what became of it. A refusal says
    that Plex does not have them.
    """
    if kept is None or sha1 not in kept.written_digests:
        return False
    if known is None:
        return True
    failure = known.failure
    is_refused = failure is not None and failure.is_refusal and failure.sha1 == sha1
    return known.sha1 != sha1 and not is_refused


def unseen_original(field: Field, item: PlexItem, sha1: str) -> Original:
    """Return the original of an unlocked image whose list was not read, with what will be sent."""
    value = AUTOMATIC if item.images.get(field.name) else ""
    return Original(value, locked=False, written_digests=(sha1,))
