"""Which items a scene is written to: proved by its files, claimed by one scene only."""

from core.errors import MatchError, PlexNotFound
from core.match import Confidence, PlexFile
from core.plex_item import PlexItem
from core.record import SyncRecord
from plex.matcher import accept
from plex.paths import normal_path
from sync.batch import Batch, SceneJob
from sync.context import SyncContext
from sync_queue.records import UNASSIGNED


def items_to_write(ctx: SyncContext, case: SceneJob) -> tuple[int, ...]:
    """The items the match allows to write under the present settings; () for a scene that was not matched.

    Raises:
        PlexNotFound, MatchError: there is none, or none that is certain enough.
    """
    if case.match is None or case.scene is None:
        return ()
    try:
        return accept(case.match, ctx.config.strict_matching)
    except PlexNotFound as error:
        paths = tuple(path for file in case.scene.files for path in ctx.path_map.mapped(file.path))
        raise PlexNotFound(f"{error}: looked for {', '.join(paths)}.", paths=paths) from error


def owner_of(ctx: SyncContext, batch: Batch, scene_id: int, item: PlexItem) -> int | None:
    """The other scene that writes this item; None when it is ours.

    The one a person has decided for, else the one its record names while it is in Stash, else the lowest
    id of the batch.

    Raises:
        StashUnavailable: it cannot be told whether the other scene still exists.
    """
    pinned = [scene for scene, key in ctx.config.match_overrides.items() if key == item.rating_key]
    if pinned:
        return None if scene_id in pinned else min(pinned)
    owners = [record.scene_id for record in _records_of(ctx, batch, item)]
    if scene_id in owners:
        return None
    for owner in owners:
        if not _is_gone(ctx, batch, owner):
            return owner
    lowest = batch.claims.get(item.rating_key, scene_id)
    return lowest if lowest < scene_id else None


def adopt_record(
    ctx: SyncContext, batch: Batch, scene_id: int, item: PlexItem
) -> SyncRecord | None:
    """The scene's record on an item that it writes; None when nothing is known.

    What is known of the item from a scene that is gone becomes its own: the file is the same, and so are the
    names and values that PlexSync put there.
    """
    own = ctx.records.of_scene(scene_id, batch.server).get(item.rating_key)
    if own is not None or not batch.gone:
        return own
    left = [record for record in _records_of(ctx, batch, item) if record.scene_id in batch.gone]
    for record in sorted(left, key=lambda record: record.read_at):  # of several, the newest stays
        ctx.records.transfer(record, scene_id)
    return ctx.records.of_scene(scene_id, batch.server).get(item.rating_key)


def _records_of(ctx: SyncContext, batch: Batch, item: PlexItem) -> list[SyncRecord]:
    """The records on this item that were made when it played a file which it still plays."""
    records = ctx.records.of_item(item.rating_key, batch.server)
    return [
        record
        for record in records
        if record.scene_id != UNASSIGNED
        and any(same_path(record.path, path) for path in item.files)
    ]


def _is_gone(ctx: SyncContext, batch: Batch, scene_id: int) -> bool:
    """Whether a claimant is gone from Stash; its record outlives it where nobody was told of its end."""
    if scene_id not in batch.living | batch.gone:
        is_gone = ctx.stash.scenes([scene_id])[scene_id] is None
        (batch.gone if is_gone else batch.living).add(scene_id)
    return scene_id in batch.gone


def matched_files(case: SceneJob) -> list[PlexFile]:
    """The Plex files behind the chosen items, best first; [] without a match."""
    if case.match is None or case.match.confidence is Confidence.NONE:
        return []
    files: dict[int, PlexFile] = {}
    for candidate in case.match.candidates:
        if candidate.file.item in case.match.items:
            files.setdefault(candidate.file.item, candidate.file)
    return list(files.values())


def check_override(batch: Batch, case: SceneJob) -> None:
    """Raises MatchError when Plex does not have the item that a person has decided for."""
    for file in matched_files(case):
        if not file.path and file.item not in batch.items:
            raise MatchError(
                f"The match overrides send scene {case.job.scene_id} to item {file.item}, which Plex does not have. "
                "Correct the setting Match overrides, then save the scene."
            )


def is_certain(case: SceneJob) -> bool:
    """Whether the scene was read and matched without doubt."""
    return (
        case.error is None and case.match is not None and case.match.confidence is Confidence.HIGH
    )


def plays_file(item: PlexItem | None, file: PlexFile) -> bool:
    """Whether the item, as read just now, still plays the file it was matched by."""
    if item is not None and not file.path:
        return True  # a person has decided
    return item is not None and any(same_path(path, file.path) for path in item.files)


def same_path(left: str, right: str) -> bool:
    """Whether two paths of Plex are one file's."""
    return left == right or normal_path(left) == normal_path(right)
