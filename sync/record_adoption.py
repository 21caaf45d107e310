"""Give records to the scenes that have their files now, when ids can no longer be trusted.

A full import of Stash gives every scene another id, and old ids to other scenes. A record's second
identity is its file: the oshash, else the path it was matched by. The item says where to look: a
record is of use only to the scene that plays its item.
"""

import contextlib
from collections.abc import Iterable, Mapping

from core.errors import MatchError, StashQueryError
from core.log import EventLog
from core.plex_item import PlexItem
from core.record import SyncRecord
from plex.paths import same_path
from stash.client import StashClient
from sync.batch import Batch, SceneJob
from sync.batch_records import BatchRecords
from sync.ownership import Ownership, owner_of, records_of_played_files
from sync.targets import matched_files
from sync_queue.records import UNASSIGNED
from validation.metadata import SyncMetadata, parse_scene


def matches_file(record: SyncRecord, scene: SyncMetadata, paths: Iterable[str]) -> bool | None:
    """Return whether the record is of a file of this scene; None when that cannot be known. Pure.

    Either identity is enough: a file that was replaced keeps its path, one that was moved its
    oshash. `paths` are those of the Plex files that the scene was matched with.

    Examples:
        >>> record = SyncRecord(7, "server", 9137, "", "/media/a.mp4", oshash="aa")
        >>> file = {"path": "/data/a.mp4", "size": 1}
        >>> scene = parse_scene({"id": "42", "updated_at": "2024-01-01T00:00:00Z", "files": [file]})
        >>> matches_file(record, scene, ["/media/a.mp4"])
        True
    """
    hashes = {file.oshash for file in scene.files if file.oshash}
    if record.oshash in hashes:
        return True
    if record.path and any(same_path(record.path, path) for path in paths):
        return True
    return False if record.oshash and hashes else None


def adopt_records(batch: Batch, stash: StashClient, log: EventLog) -> None:
    """Give each scene of the batch the records of its files, and take those of other files from it.

    Raises:
        StashUnavailable: Stash did not say whether a record's own scene still has its file.
    """
    matched = [
        (case, case.scene)
        for case in batch.cases.values()
        if case.scene is not None and case.match is not None
    ]
    for case, scene in matched:
        _release_foreign_records(batch, case, scene, stash)
    candidates = [
        (scene, record)
        for case, scene in matched
        for record in _find_records_by_file(batch.records, case, scene)
    ]
    owners = _read_owners(batch, stash, {record.scene_id for _, record in candidates})
    for scene, record in sorted(candidates, key=lambda candidate: candidate[1].read_at):
        if record.scene_id not in owners:
            continue
        owner = owners[record.scene_id]
        if owner is None or matches_file(record, owner, ()) is False:
            _adopt(batch.records, scene, record, log)


def inherit_records(
    scene_id: int, item: PlexItem, records: BatchRecords, ownership: Ownership
) -> None:
    """Give the owner of an item the records that deleted scenes have left on it.

    The file is the same, and so are the names and values that PlexSync wrote.
    """
    if records.get(scene_id, item.rating_key) is not None:
        return
    if owner_of(scene_id, item, records, ownership) is not None:
        return
    abandoned = [
        record
        for record in records_of_played_files(item, records)
        if record.scene_id in ownership.deleted
    ]
    # Of several, the one that was read last stays.
    for record in sorted(abandoned, key=lambda record: record.read_at):
        records.transfer(record, scene_id)


def _adopt(records: BatchRecords, scene: SyncMetadata, record: SyncRecord, log: EventLog) -> None:
    log.info(
        "record.adopted", scene=scene.scene_id, item=record.item, before=record.scene_id or None
    )
    if record.oshash == scene.files[0].oshash:
        # The same first file: Stash gave the scene another id.
        records.rekey(record, scene.scene_id)
    else:
        # A scene that now has the file of another one.
        records.transfer(record, scene.scene_id)


def _release_foreign_records(
    batch: Batch, case: SceneJob, scene: SyncMetadata, stash: StashClient
) -> None:
    """Unassign the scene's records of other files, unless a match override names the item."""
    paths = [file.path for file in matched_files(case.match)]
    for record in batch.records.of_scene(scene.scene_id):
        if matches_file(record, scene, paths) is not False:
            continue
        if batch.ownership.overrides.get(scene.scene_id) == record.item:
            try:
                case.error = _stale_override_error(scene, record, stash)
            except StashQueryError as error:
                # Only this scene needs the answer; without one nothing is written.
                case.error = error
        else:
            batch.records.rekey(record, UNASSIGNED)


def _stale_override_error(
    scene: SyncMetadata, record: SyncRecord, stash: StashClient
) -> MatchError | None:
    """Return an error if another scene has the file now; None if the file was replaced."""
    scene_ids = stash.scenes_by_oshash(record.oshash)
    others = [scene_id for scene_id in scene_ids if scene_id != scene.scene_id]
    if not others:
        return None
    return MatchError(
        f"The match overrides send scene {scene.scene_id} to item {record.item}, but Stash has "
        f"given its scenes other ids: the file this was decided for is scene {others[0]} now. "
        "Correct the setting Match overrides."
    )


def _find_records_by_file(
    records: BatchRecords, case: SceneJob, scene: SyncMetadata
) -> list[SyncRecord]:
    """Return the records of the scene's files that are stored under other ids."""
    if case.match is None or case.error is not None:
        return []
    paths = [file.path for file in matched_files(case.match)]
    found = []
    for item in case.match.items:
        if records.get(scene.scene_id, item) is not None:
            continue
        for record in records.of_item(item):
            if matches_file(record, scene, paths):
                found.append(record)
    return found


def _read_owners(
    batch: Batch, stash: StashClient, scene_ids: set[int]
) -> Mapping[int, SyncMetadata | None]:
    """Return these scenes as Stash has them; None for a deleted one, without invalid ones."""
    owners: dict[int, SyncMetadata | None] = {UNASSIGNED: None}
    for case in batch.cases.values():
        if case.scene is not None:
            owners[case.scene.scene_id] = case.scene
    for scene_id, answer in stash.scenes(sorted(scene_ids - set(owners))).items():
        with contextlib.suppress(ValueError):
            owners[scene_id] = None if answer is None else parse_scene(answer)
    existing = {scene_id for scene_id, scene in owners.items() if scene is not None}
    batch.ownership.existing.update(existing)
    return owners
