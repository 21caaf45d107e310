"""Restore the items of scenes that the settings exclude now, as `on_excluded` asks for.

An item that another scene, which is not excluded, was written to as well is left to that one; any
other scene that may have the item now is synced after it was restored. Nothing is sent to Plex for
a scene without a record.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from core.calls import Steps
from core.errors import PlexRejected, PlexTemporaryError
from core.job import OWNER_EXCLUDED, PRIORITY_BACKFILL, scene_subject
from core.log import EventLog
from core.outcome import Disposition, Outcome, SyncResult
from core.plex_item import PlexItem
from plex.client import PlexClient
from plex.finder import Finder
from plex.paths import same_path
from stash.client import StashClient
from sync.batch import Batch, SceneJob, display_title
from sync.batch_records import BatchRecords
from sync.filters import Exclusion, exclusion_of, restores
from sync.item_restorer import EDITED, GONE, REFUSED, RESTORED, ItemRestorer
from sync.missing_libraries import check_libraries
from sync.recognize_server import recognize_server
from sync.record_adoption import matches_file
from sync.scene_matcher import SceneMatcher
from sync_queue.originals import KeptItem
from sync_queue.records import UNASSIGNED, Records
from validation.config import PlexSyncConfig
from validation.metadata import SyncMetadata, parse_scene


def restorable_items(
    records: Records, scene: SyncMetadata, server: str, paths: Sequence[str]
) -> tuple[KeptItem, ...]:
    """Return the items that were written for this scene's file, with what they showed before.

    A record of another file is left out: after a full import of Stash the id is another scene's.

    Args:
        records: the records and originals.
        scene: the scene.
        server: the identifier of the Plex server.
        paths: where Plex should have the scene's files.
    """
    known = records.of_scene(scene.scene_id, server)
    return tuple(
        row
        for row in records.kept_items(scene.scene_id, server)
        if matches_file(known[row[0]], scene, paths) is not False
    )


def recorded_excluded(
    config: PlexSyncConfig, overrides: Mapping[int, int], records: Records, batch: Batch
) -> list[tuple[SceneJob, SyncMetadata]]:
    """Return the scenes of the batch that have a record and are excluded; send nothing.

    [] where the settings do not ask to restore them.
    """
    if not config.sync_metadata:
        return []
    found = []
    for case in batch.cases.values():
        if case.scene is None or case.error is not None or not case.scene.files:
            continue
        exclusion = exclusion_of(case.scene, config, overrides)
        if exclusion is not None and restores(exclusion, config):
            found.append((case, case.scene))
    recorded = records.recorded_scenes([scene.scene_id for _, scene in found])
    return [(case, scene) for case, scene in found if scene.scene_id in recorded]


def find_restorable(
    records: Records,
    matcher: SceneMatcher,
    scenes: Iterable[tuple[SceneJob, SyncMetadata]],
    server: str,
) -> None:
    """Set which items each of these scenes restores on a server."""
    for case, scene in scenes:
        paths = matcher.mapped_paths(scene)
        case.restorable = restorable_items(records, scene, server, paths)


@dataclass(slots=True)
class ExcludedScenes:
    """Restores the items of excluded scenes of a batch.

    Attributes:
        restorer: returns what restores items of a Plex server.
        enqueue: puts scenes into the queue that are out of step afterwards.
    """

    config: PlexSyncConfig
    overrides: Mapping[int, int]
    stash: StashClient
    plex: PlexClient
    finder: Finder
    records: Records
    matcher: SceneMatcher
    log: EventLog
    restorer: Callable[[str], ItemRestorer]
    enqueue: Callable[[Sequence[str], str, int], object]
    _server: str = field(default="", init=False)
    # By item, the other scenes that are recorded on it and not excluded.
    _others: dict[int, set[int]] = field(default_factory=dict, init=False)

    def plan(self, batch: Batch) -> None:
        """Find what must be restored for the batch's scenes; send nothing if there are no records.

        Raises:
            PlexError, StashUnavailable: a server failed.
        """
        self._others = {}
        scenes = recorded_excluded(self.config, self.overrides, self.records, batch)
        if not scenes:
            return
        self._prepare()
        find_restorable(self.records, self.matcher, scenes, self._server)
        self._find_others(batch)

    def restore(self, batch: Batch, case: SceneJob, scene: SyncMetadata) -> Steps[Outcome]:
        """Restore the items of one planned scene.

        Raises:
            PlexRejected: Plex does not take back a field; the other fields are restored.
            PlexTemporaryError: Plex failed on a field.
            LibraryMissing: an item is in a library that may be the missing one.
            PlexError: Plex failed; the job repeats what is not done yet.
        """
        known = self.records.of_scene(scene.scene_id, self._server)
        check_libraries(known.values(), self.finder)
        restorer = self.restorer(self._server)
        items = yield from restorer.read(case.restorable)
        owners = {key: self._owners_of(item, scene.scene_id) for key, item in items.items()}
        kept = {key: ids for key, ids in owners.items() if ids}
        page = [row for row in case.restorable if row[0] not in kept]
        # First of all, so that a kill costs a job too many and never one too few.
        waiting = {scene_id for row in page for scene_id in self._playing(batch, row[0])}
        self._enqueue(
            {*waiting, *(owner for ids in kept.values() for owner in ids)} - {scene.scene_id}
        )
        self._leave(batch, scene.scene_id, kept)
        yield from restorer.restore_page(page)
        self._log(scene, restorer, kept)
        if restorer.failed:
            names, reason = ", ".join(restorer.failed), next(iter(restorer.failed.values()))
            text = f"Plex does not take back {names} of scene {scene.scene_id} ({reason})."
            if restorer.is_temporary:
                raise PlexTemporaryError(text)
            raise PlexRejected(text, fields=tuple(restorer.failed))
        result = SyncResult.RESTORED if restorer.counts[RESTORED] else SyncResult.EXCLUDED
        return Outcome(Disposition.COMPLETE, result, title=display_title(scene))

    def _exclusion(self, scene: SyncMetadata) -> Exclusion | None:
        return exclusion_of(scene, self.config, self.overrides)

    def _prepare(self) -> None:
        """Know the server and its libraries: nothing may have been matched in this batch."""
        self._server = self.plex.machine_identifier()
        recognize_server(self.plex, self.records, self.log)
        self.finder.prepare()

    def _find_others(self, batch: Batch) -> None:
        """Find the scenes that are not excluded and have a record on the items as well."""
        candidates: dict[int, set[int]] = defaultdict(set)
        for case in batch.cases.values():
            for item, _, _ in case.restorable:
                recorded = self.records.of_item(item, self._server)
                candidates[item].update(record.scene_id for record in recorded)
                candidates[item] -= {case.job.scene_id, UNASSIGNED}
        scenes = self._read({scene_id for ids in candidates.values() for scene_id in ids}, batch)
        included = {
            scene_id
            for scene_id, scene in scenes.items()
            if scene.files and self._exclusion(scene) is None
        }
        self._others = {item: ids & included for item, ids in candidates.items()}

    def _read(self, scene_ids: set[int], batch: Batch) -> dict[int, SyncMetadata]:
        """Return these scenes, those of the batch as they were read; without invalid ones."""
        scenes = {
            case.scene.scene_id: case.scene
            for case in batch.cases.values()
            if case.scene is not None and case.scene.scene_id in scene_ids
        }
        missing = sorted(scene_ids - set(scenes))
        answers = self.stash.scenes(missing) if missing else {}
        for scene_id, answer in answers.items():
            with suppress(ValueError):
                if answer is not None:
                    scenes[scene_id] = parse_scene(answer)
        return scenes

    def _owners_of(self, item: PlexItem, scene_id: int) -> set[int]:
        """Return the included scenes that own the item as well; empty if it is to be restored."""
        others = self._others.get(item.rating_key, set()) - {scene_id}
        records = self.records.of_item(item.rating_key, self._server) if others else []
        return {
            record.scene_id
            for record in records
            if record.scene_id in others
            and (
                self.overrides.get(record.scene_id) == item.rating_key
                or any(same_path(record.path, path) for path in item.files)
            )
        }

    def _playing(self, batch: Batch, item: int) -> set[int]:
        """Return the scenes that were kept from the item, were chosen for it, or match it now."""
        matched = {
            case.job.scene_id
            for case in batch.cases.values()
            if case.match is not None and item in case.match.items
        }
        chosen = {scene for scene, key in self.overrides.items() if key == item}
        return self.records.claims(self._server, item) | chosen | matched

    def _enqueue(self, scene_ids: Iterable[int]) -> None:
        subjects = list(map(scene_subject, sorted(scene_ids)))
        if subjects:
            self.enqueue(subjects, OWNER_EXCLUDED, PRIORITY_BACKFILL)

    def _leave(self, batch: Batch, scene_id: int, items: Iterable[int]) -> None:
        """Forget the scene's records on items that another one owns."""
        records = batch.records
        if records.server != self._server:
            records = BatchRecords(self.records, self._server)
        for item in items:
            records.forget_item(scene_id, item)

    def _log(
        self, scene: SyncMetadata, restorer: ItemRestorer, kept: Mapping[int, set[int]]
    ) -> None:
        exclusion, counts = self._exclusion(scene), restorer.counts
        self.log.info(
            "scene.restored",
            scene=scene.scene_id,
            reason=exclusion.reason.value if exclusion else "",
            restored=counts[RESTORED],
            edited=counts[EDITED],
            gone=counts[GONE],
            refused=counts[REFUSED],
            left_to=sorted({owner for ids in kept.values() for owner in ids}),
        )
        for line in restorer.details:
            self.log.info("scene.restored_item", scene=scene.scene_id, detail=line)
