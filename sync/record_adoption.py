"""Which scene a record belongs to when ids can no longer be trusted.

A full import of Stash gives every scene another id, and old ids to other scenes. A record's second identity is
the file: its oshash, else the path it was matched by. The item says where to look: a record is of use only to
the scene that plays its item.
"""

import contextlib
from collections.abc import Iterable, Mapping

from core.errors import MatchError
from core.record import SyncRecord
from sync.batch import Batch, SceneJob
from sync.context import SyncContext
from sync.targets import matched_files, same_path
from sync_queue.records import UNASSIGNED
from validation.metadata import SyncMetadata, parse_scene

Living = Mapping[int, SyncMetadata | None]
"""Scenes as Stash has them now, by id; None for one that is gone."""


def matches_file(record: SyncRecord, scene: SyncMetadata, paths: Iterable[str]) -> bool | None:
    """Whether the record tells of this scene's file; None when nothing speaks for or against it. Pure.

    Either identity will do: a file that was replaced keeps its path, one that was moved its oshash. `paths`
    are those of the Plex files that the scene was matched with.
    """
    known = {file.oshash for file in scene.files if file.oshash}
    if record.oshash in known or (
        record.path and any(same_path(record.path, path) for path in paths)
    ):
        return True
    return False if record.oshash and known else None


def adopt_records(ctx: SyncContext, batch: Batch) -> None:
    """Give each scene of the batch the records of its files, and take those of other files away from it.

    Raises:
        StashUnavailable: it cannot be told whether a record's own scene still plays its file.
    """
    matched = [
        (case, case.scene)
        for case in batch.cases.values()
        if case.scene is not None and case.match is not None
    ]
    for case, scene in matched:
        _release_foreign_records(ctx, batch, case, scene)
    strays = [
        (scene, one)
        for case, scene in matched
        for one in _find_records_by_file(ctx, batch, case, scene)
    ]
    living = _read_scenes(ctx, batch, {record.scene_id for _, record in strays})
    for scene, record in sorted(strays, key=lambda stray: stray[1].read_at):
        owner = living.get(record.scene_id)
        if record.scene_id in living and (
            owner is None or matches_file(record, owner, ()) is False
        ):
            _adopt(ctx, scene, record)


def _adopt(ctx: SyncContext, scene: SyncMetadata, record: SyncRecord) -> None:
    """The same first file: the same scene under another id. Else a scene that has got the file of another one."""
    ctx.log.info(
        "record.adopted", scene=scene.scene_id, item=record.item, before=record.scene_id or None
    )
    if record.oshash == scene.files[0].oshash:
        ctx.records.rekey(record, scene.scene_id)
    else:
        ctx.records.transfer(record, scene.scene_id)


def _release_foreign_records(
    ctx: SyncContext, batch: Batch, case: SceneJob, scene: SyncMetadata
) -> None:
    """What tells of another file waits for that file's scene; what a person has decided is not guessed at."""
    paths = [file.path for file in matched_files(case)]
    for record in ctx.records.of_scene(scene.scene_id, batch.server).values():
        if matches_file(record, scene, paths) is not False:
            continue
        if ctx.config.match_overrides.get(scene.scene_id) == record.item:
            case.error = _stale_override_error(ctx, scene, record)
        else:
            ctx.records.rekey(record, UNASSIGNED)


def _stale_override_error(
    ctx: SyncContext, scene: SyncMetadata, record: SyncRecord
) -> MatchError | None:
    """Another scene has the file that the pin was made for: ids have changed. Else the file was replaced."""
    others = [
        other for other in ctx.stash.scenes_by_oshash(record.oshash) if other != scene.scene_id
    ]
    if not others:
        return None
    return MatchError(
        f"The match overrides send scene {scene.scene_id} to item {record.item}, but Stash has given its scenes other "
        f"ids: the file this was decided for is scene {others[0]} now. Correct the setting Match overrides."
    )


def _find_records_by_file(
    ctx: SyncContext, batch: Batch, case: SceneJob, scene: SyncMetadata
) -> list[SyncRecord]:
    """Records of the scene's items that tell of its file under another id."""
    paths = [file.path for file in matched_files(case)]
    own = ctx.records.of_scene(scene.scene_id, batch.server)
    found = []
    for item in case.match.items if case.match and case.error is None else ():
        if item not in own:
            others = ctx.records.of_item(item, batch.server)
            found += [one for one in others if matches_file(one, scene, paths)]
    return found


def _read_scenes(ctx: SyncContext, batch: Batch, ids: set[int]) -> Living:
    """These scenes as they are now, without those that cannot be read; nobody is asked for what the batch knows."""
    known: dict[int, SyncMetadata | None] = {
        case.scene.scene_id: case.scene for case in batch.cases.values() if case.scene is not None
    }
    known[UNASSIGNED] = None
    for scene_id, raw in ctx.stash.scenes(sorted(ids - set(known))).items():
        with contextlib.suppress(ValueError):
            known[scene_id] = None if raw is None else parse_scene(raw)
    batch.living.update(scene_id for scene_id, scene in known.items() if scene is not None)
    return known
