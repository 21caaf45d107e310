"""What PlexSync remembers of a scene it wrote: the proof of what is ours and of what is current."""

from collections.abc import Mapping
from dataclasses import dataclass, field

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

    def with_history(self, history: SendHistory) -> "FieldRecord":
        """Return this record with another history."""
        # Each field of each scene takes this way, and `replace` needs three times as long.
        return FieldRecord(
            self.pushed, self.verified, self.names, self.intended, self.locked, history
        )


@dataclass(frozen=True, slots=True)
class ImageFailure:
    """A cover that Plex did not take.

    Attributes:
        sha1: of its bytes; "" where they were not read.
        status: what Plex, or a proxy, answered; 0 for none.
        is_refusal: Plex never takes this cover, as with a 400; False for a passing fault.
        count: failures of this kind in a row.
        at: the last one, epoch seconds.
    """

    sha1: str
    status: int = 0
    is_refusal: bool = False
    count: int = 1
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """One image field of an item.

    Attributes:
        sha1: of the bytes that the item was given and took; "" for none.
        etag: Stash's ETag of the cover that was looked at last.
        item_path: the item's image path where these bytes were seen; "" for not yet.
        failure: why that cover is not shown; None where nothing failed.
        is_by_hand: Plex shows an image that the user chose there, and that stays.
        history: how often these bytes were sent.
    """

    sha1: str
    etag: str = ""
    item_path: str = ""
    failure: ImageFailure | None = None
    is_by_hand: bool = False
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
        return self._with({**self.fields, **fields}, self.images) if fields else self

    def with_images(self, images: Mapping[str, ImageRecord]) -> "SyncRecord":
        """Return this record with `images` laid over its own."""
        return self._with(self.fields, {**self.images, **images}) if images else self

    def _with(
        self, fields: Mapping[str, FieldRecord], images: Mapping[str, ImageRecord]
    ) -> "SyncRecord":
        # Each scene takes this way several times, and `replace` needs three times as long.
        return SyncRecord(
            self.scene_id,
            self.server,
            self.item,
            self.section,
            self.path,
            self.oshash,
            self.updated_at,
            self.read_at,
            self.confidence,
            fields,
            images,
        )
