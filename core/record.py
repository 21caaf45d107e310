"""What PlexSync remembers of a scene it wrote: the proof of what is ours and of what is current."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from core.send_history import NO_HISTORY, SendHistory


@dataclass(frozen=True, slots=True)
class FieldRecord:
    """Digests of one field: what was *pushed*, and what the verifying read *saw* ("" = nothing).

    `names` are the entries PlexSync put there, for fields that hold names. `intended` is what is
    about to be pushed: it is kept before the request, so that a killed worker's write is still
    known as ours. `locked` is the lock that was sent last, where a setting can take it off; None if
    it is not known. `history` tells how often the pushed value was sent.
    """

    pushed: str
    verified: str = ""
    names: tuple[str, ...] = ()
    intended: str = ""
    locked: bool | None = None
    history: SendHistory = NO_HISTORY


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """One uploaded image: sha1 of the bytes, Stash's ETag, and the item's image path afterwards.

    `history` tells how often these bytes were sent.
    """

    sha1: str
    etag: str = ""
    item_path: str = ""
    history: SendHistory = NO_HISTORY


@dataclass(frozen=True, slots=True)
class SyncRecord:
    """One scene on one item of one server.

    `updated_at` is Stash's text, `read_at` epoch seconds.
    """

    scene_id: int
    server: str
    item: int
    section: str
    path: str
    oshash: str = ""
    updated_at: str = ""
    read_at: float = 0.0
    confidence: str = "high"
    fields: Mapping[str, FieldRecord] = field(default_factory=dict)
    images: Mapping[str, ImageRecord] = field(default_factory=dict)

    def with_fields(self, fields: Mapping[str, FieldRecord]) -> "SyncRecord":
        """Return this record with `fields` laid over its own."""
        return replace(self, fields={**self.fields, **fields})

    def with_images(self, images: Mapping[str, ImageRecord]) -> "SyncRecord":
        """Return this record with `images` laid over its own."""
        return replace(self, images={**self.images, **images})
