"""What a sweep works with. The worker's own parts stand behind it, so that a gap is what a sync would change."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from core.field_values import FieldValue
from core.fields import Field
from core.match import PlexFile
from core.plex_item import PlexItem
from plex.client import PlexClient
from plex.finder import Finder
from plex.plan import WriteRules
from stash.client import StashClient
from sync_queue.records import Records
from validation.metadata import SyncMetadata


class Desk(Protocol):
    """The two servers, the records, and the decisions of a sync."""

    @property
    def stash(self) -> StashClient: ...

    @property
    def plex(self) -> PlexClient: ...

    @property
    def finder(self) -> Finder: ...

    @property
    def records(self) -> Records: ...

    @property
    def rules(self) -> WriteRules: ...

    @property
    def images(self) -> tuple[Field, ...]:
        """The image fields that are switched on."""

    def prepare(self) -> str:
        """Know the libraries and what was learned; Plex's identifier.

        Raises:
            PlexError, StashUnavailable: a server failed.
        """

    def is_left_alone(self, scene: SyncMetadata) -> bool:
        """Whether a sync would do nothing with this scene: it has no file, or a person wants it so."""

    def files(self, scene: SyncMetadata) -> tuple[PlexFile, ...]:
        """The Plex files behind the items to write; () where one that is missing does not count.

        Raises:
            PlexNotFound, MatchError: there is none, or none that is certain enough.
        """

    def plays(self, item: PlexItem | None, file: PlexFile) -> bool:
        """Whether the item, as read just now, still plays the file it was matched by."""

    def owner(self, scene_id: int, item: PlexItem) -> int | None:
        """The other scene that writes this item; None when it is this one.

        Raises:
            StashUnavailable: it cannot be told whether the other scene still exists.
        """

    def desired(self, scene: SyncMetadata) -> Mapping[str, FieldValue]:
        """What the scene's items should show."""

    def look_again(self, paths: Sequence[str]) -> None:
        """Ask Plex what is new, because these files of Stash are missing.

        Raises:
            PlexError: Plex failed.
        """
