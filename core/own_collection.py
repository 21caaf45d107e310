"""What PlexSync remembers of a collection in Plex that it made of a group."""

from dataclasses import dataclass


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
        is_due: it must be compared with its group, or looked at because it may be empty.
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
    is_due: bool = True
