"""What PlexSync remembers of a collection in Plex that it made of a group."""

from dataclasses import dataclass, replace
from enum import IntEnum


class Due(IntEnum):
    """Why a collection must be looked at; a higher value includes the lower ones. Stored."""

    NO = 0
    # An item joined or left: Plex may have made the collection again, or it may be empty.
    MEMBERS = 1
    # The group changed, or the collection has not shown it yet.
    GROUP = 2


@dataclass(frozen=True, slots=True)
class OwnCollection:
    """One collection of one library.

    Attributes:
        server: Plex's identifier.
        section: the library.
        title: the collection's title, as PlexSync sent it.
        subject: the group that it shows, such as `group:7`.
        item: its rating key; 0 until it was seen in Plex.
        summary: digest of the synopsis that was sent; "" for none.
        image: sha1 of the front image that was sent; "" for none.
        etag: Stash's ETag of that image.
        sending: sha1 of an image that is about to be sent: after a kill Plex may have it.
        due: whether it must be looked at, and why.
    """

    server: str
    section: int
    title: str
    subject: str
    item: int = 0
    summary: str = ""
    image: str = ""
    etag: str = ""
    sending: str = ""
    due: Due = Due.GROUP

    def with_due(self, due: Due) -> "OwnCollection":
        """Return the row, due for this reason too."""
        return replace(self, due=max(self.due, due))
