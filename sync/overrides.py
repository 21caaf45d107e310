"""Merge what the user has decided by hand: the setting Match overrides, and PlexSync's page.

The setting wins where both name a scene. A decision of the page follows its file when Stash gives
its scenes other ids, as a record does; one of the setting names an id and cannot.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from core.errors import StashQueryError
from core.log import EventLog
from stash.client import StashClient
from sync_queue.overrides import ANY_SERVER, Override, OverrideRows
from validation.metadata import SyncMetadata, parse_scene


def fits_scene(override: Override, scene: SyncMetadata) -> bool | None:
    """Return whether the decision was made for a file of this scene; None if unknown. Pure.

    Either identity is enough: a file that was replaced keeps its path, one that was moved its
    oshash.

    Examples:
        >>> override = Override(42, "", 0, "/data/a.mp4", "aa", 0.0)
        >>> file = {"path": "/data/b.mp4", "size": 1}
        >>> scene = parse_scene({"id": "42", "updated_at": "2024-01-01T00:00:00Z", "files": [file]})
        >>> fits_scene(override, scene) is None
        True
    """
    hashes = {file.oshash for file in scene.files if file.oshash}
    if override.oshash and override.oshash in hashes:
        return True
    if override.path and any(file.path == override.path for file in scene.files):
        return True
    return False if override.oshash and hashes else None


class SceneOverrides(Mapping[int, int]):
    """The Plex item by scene id, 0 for a scene that is never synced.

    It holds the setting's entries alone until `load`. Decisions for items of another server are
    left out.
    """

    def __init__(
        self,
        setting: Mapping[int, int],
        rows: OverrideRows,
        stash: StashClient,
        server: Callable[[], str],
        log: EventLog,
    ) -> None:
        """`server` returns the identifier of the current Plex server and may send a request."""
        self._setting = setting
        self._rows = rows
        self._stash = stash
        self._server = server
        self._log = log
        self._items = dict(setting)

    def __getitem__(self, scene_id: int) -> int:
        return self._items[scene_id]

    def __iter__(self) -> Iterator[int]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def load(self, read_scenes: Callable[[], Sequence[SyncMetadata]]) -> None:
        """Read what is decided now, and give decisions to the scenes that have their files now.

        `read_scenes` returns the scenes that are about to be matched; it is called only if
        something is decided on the page. Nothing else is sent unless a scene's file differs.

        Raises:
            PlexError: the page names an item, and Plex did not say which server it is.
            StashUnavailable: Stash did not say which scene has a file now.
        """
        rows = self._rows.all()
        server = self._server() if any(row.server != ANY_SERVER for row in rows) else ANY_SERVER
        mine = [row for row in rows if row.server in (ANY_SERVER, server)]
        settled = self._settle(mine, read_scenes()) if mine else []
        self._items = {row.scene_id: row.item for row in settled} | dict(self._setting)

    def _settle(
        self, rows: Iterable[Override], scenes: Sequence[SyncMetadata]
    ) -> Iterator[Override]:
        """Yield each decision as it counts now, and store it where it has changed."""
        by_id = {scene.scene_id: scene for scene in scenes}
        by_file = _scenes_by_file(scenes)
        for row in rows:
            settled = self._settle_row(row, by_id.get(row.scene_id), by_file)
            if settled is None:
                continue
            if settled != row:
                self._rows.move(settled)
                self._log.info(
                    "override.adopted", scene=settled.scene_id, before=row.scene_id, item=row.item
                )
            yield settled

    def _settle_row(
        self,
        row: Override,
        own: SyncMetadata | None,
        by_file: Mapping[str, Sequence[SyncMetadata]],
    ) -> Override | None:
        """Return the decision for the scene that has its file; None if it must not be used."""
        if own is not None and fits_scene(row, own) is not False:
            return _with_file_of(row, own)
        found = [*by_file.get(row.oshash, ()), *by_file.get(row.path, ())]
        holders = [scene for scene in found if scene.scene_id != row.scene_id]
        if own is None:
            return self._inherited(row, holders[0]) if holders else row
        if holders:
            return _with_file_of(replace(row, scene_id=holders[0].scene_id), holders[0])
        return self._of_other_file(row, own)

    def _inherited(self, row: Override, holder: SyncMetadata) -> Override:
        """Return the decision for `holder`, unless the scene that it names still has the file."""
        answer = self._stash.scenes([row.scene_id]).get(row.scene_id)
        try:
            has_file = answer is not None and fits_scene(row, parse_scene(answer)) is not False
        except ValueError:
            # Its own job reports what is wrong with the scene.
            has_file = True
        if has_file:
            return row
        return _with_file_of(replace(row, scene_id=holder.scene_id), holder)

    def _of_other_file(self, row: Override, own: SyncMetadata) -> Override | None:
        """Return the decision for its own scene, whose file is another one now; None if another
        scene has the file: that one is given the decision when it is read.
        """
        try:
            others = self._stash.scenes_by_oshash(row.oshash)
        except StashQueryError:
            # In doubt nothing is written to an item, and a scene that is left alone stays so.
            return row if row.is_never else None
        if others:
            return None
        # The scene's file was replaced.
        return _with_file_of(row, own)


def _scenes_by_file(scenes: Iterable[SyncMetadata]) -> Mapping[str, Sequence[SyncMetadata]]:
    """Return the scenes by each path and oshash of their files."""
    found: dict[str, list[SyncMetadata]] = defaultdict(list)
    for scene in scenes:
        for file in scene.files:
            for key in filter(None, (file.oshash, file.path)):
                found[key].append(scene)
    return found


def _with_file_of(row: Override, scene: SyncMetadata) -> Override:
    """Return the decision with the file that the scene has now."""
    files = [
        file
        for file in scene.files
        if file.path == row.path or (row.oshash and file.oshash == row.oshash)
    ]
    file = next(iter(files or scene.files), None)
    if file is None:
        return row
    return replace(row, path=file.path, oshash=file.oshash or row.oshash)
