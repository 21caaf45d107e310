"""Record which collections the edits of a batch make Plex create: those are PlexSync's.

The only sign is that no collection of the title was there before. So a row is stored before the
edit, and after it nothing tells the two apart.
"""

from collections.abc import Iterable, Iterator

from core.fields import BY_NAME
from core.own_collection import Due, OwnCollection
from plex.client import PlexClient
from plex.names import name_key, name_keys
from plex.plan import Change
from sync.batch import Batch, SceneJob
from sync.library_settings import LibrarySettings
from sync.plan_items import PlannedItem
from sync_queue.collections import OwnCollections, RowKey, row_key
from validation.collection_sources import GROUP_SOURCE, clean_title, titles_of
from validation.config import PlexSyncConfig
from validation.metadata import SyncMetadata

FIELD = BY_NAME["collection"]
GROUP = "group"


class MadeCollections:
    """Keeps the table of own collections, before what is planned is written.

    One object serves one drain: a library's collections are listed once, and only if a title is
    about to be added that has no row.
    """

    def __init__(self, rows: OwnCollections, plex: PlexClient, libraries: LibrarySettings) -> None:
        self._rows = rows
        self._plex = plex
        self._libraries = libraries
        self._listed: dict[int, set[RowKey]] = {}

    def record_before_write(self, batch: Batch, cases: Iterable[SceneJob]) -> None:
        """Store a row for each group's collection that these plans make Plex create.

        A collection of a row that gets or loses a member is due.

        Raises:
            PlexError: Plex did not list its collections.
        """
        plans = [plan for case in cases for plan in case.planned.values()]
        changes = [(plan, change) for plan in plans for change in _changes(plan)]
        if not changes:
            return
        server = batch.records.server
        known = self._rows.of_server(server)
        changed: dict[RowKey, OwnCollection] = {}
        for plan, change in changes:
            for row in self._rows_after(server, plan, change, {**known, **changed}):
                changed[row_key(row.section, row.title)] = row
        self._rows.save(*(row for key, row in changed.items() if known.get(key) != row))

    def _rows_after(
        self, server: str, plan: PlannedItem, change: Change, known: dict[RowKey, OwnCollection]
    ) -> Iterator[OwnCollection]:
        section = plan.item.section
        for name in change.remove:
            row = known.get(row_key(section, name))
            if row is not None:
                yield row.with_due(Due.MEMBERS)
        config = self._libraries.config_of(section)
        if not config.sync_groups:
            return
        present = name_keys(plan.item.values.get(FIELD.name))
        added = name_keys(change.value) - present
        for key, (title, subject) in group_titles(plan.scene, config).items():
            if key not in added:
                continue
            place = row_key(section, title)
            row = known.get(place)
            if row is None and place not in self._titles(section):
                yield OwnCollection(server, section, title, subject)
            elif row is not None:
                # Plex makes the collection again if its last member has left it meanwhile.
                yield row.with_due(Due.MEMBERS)

    def _titles(self, section: int) -> set[RowKey]:
        """Return the titles of a library's collections before this drain has written any."""
        if section not in self._listed:
            listed = self._plex.collections.list_all(section)
            # Plex makes a new collection beside a smart one of the same title.
            titles = {row_key(section, found.title) for found in listed if not found.is_smart}
            self._listed[section] = titles
        return self._listed[section]


def group_titles(scene: SyncMetadata, config: PlexSyncConfig) -> dict[str, tuple[str, str]]:
    """Return title and subject of the collections of a scene's groups, by comparable title. Pure.

    Of two groups with one name the first by id counts.
    """
    titles: dict[str, tuple[str, str]] = {}
    named = zip(scene.group_ids, titles_of(GROUP_SOURCE, scene, config), strict=True)
    for group_id, title in sorted(named):
        cleaned = clean_title(title, config)
        if cleaned:
            titles.setdefault(name_key(cleaned), (cleaned, f"{GROUP}:{group_id}"))
    return titles


def _changes(plan: PlannedItem) -> Iterator[Change]:
    return (change for change in plan.changes if change.field is FIELD)
