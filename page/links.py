"""Make links that open items in Plex."""

from dataclasses import dataclass

from sync_queue.meta import SERVER, MetaStore
from sync_queue.store import JobStore
from tasks.context import TaskContext
from validation.config import PlexSyncConfig

_METADATA = "%2Flibrary%2Fmetadata%2F"


@dataclass(frozen=True, slots=True)
class PlexLinks:
    """Where Plex's own page is.

    Attributes:
        url: the address of the server, "" if unknown.
        server: its identifier, "" if unknown.
    """

    url: str
    server: str

    def item(self, item: int | None) -> str:
        """Return the address of an item in Plex's page; "" where it is not known.

        Examples:
            >>> PlexLinks("http://plex:32400", "abc").item(9137)
            'http://plex:32400/web/index.html#!/server/abc/details?key=%2Flibrary%2Fmetadata%2F9137'
            >>> PlexLinks("http://plex:32400", "").item(9137)
            ''
        """
        if item is None or not self.url or not self.server:
            return ""
        place = f"/web/index.html#!/server/{self.server}/details?key={_METADATA}{item}"
        return f"{self.url.rstrip('/')}{place}"


NO_LINKS = PlexLinks("", "")


def links_of(config: PlexSyncConfig, store: JobStore) -> PlexLinks:
    """Return the links of the Plex server that was seen last."""
    return PlexLinks(config.plex_url, MetaStore(store).get(SERVER))


def plex_links(context: TaskContext, store: JobStore) -> PlexLinks:
    """Return the same for a call that has not read the settings; without links if Stash does not
    say where Plex is.
    """
    settings = context.try_read_settings()
    return NO_LINKS if settings is None else links_of(settings.config, store)
