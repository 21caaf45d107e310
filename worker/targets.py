"""Which items a scene is written to: proved by its files, claimed by one scene only."""

from core.errors import MatchError, PlexNotFound
from core.match import Confidence, PlexFile
from core.plex_item import PlexItem
from plex.matcher import require
from plex.paths import normal_path
from sync_queue.records import NOBODY
from worker.batch import Batch, Case
from worker.bench import Workbench


def required_items(bench: Workbench, case: Case) -> tuple[int, ...]:
    """The items the match allows to write under the present settings; () for a scene that was not matched.

    Raises:
        PlexNotFound, MatchError: there is none, or none that is certain enough.
    """
    if case.match is None or case.scene is None:
        return ()
    try:
        return require(case.match, bench.config.strict_matching)
    except PlexNotFound as error:
        paths = tuple(path for file in case.scene.files for path in bench.path_map.mapped(file.path))
        raise PlexNotFound(f"{error}: looked for {', '.join(paths)}.", paths=paths) from error


def claimed_by(bench: Workbench, batch: Batch, scene_id: int, item: PlexItem) -> int | None:
    """The other scene that writes this item; None when it is ours.

    The one a person has decided for, else the one its record names while it is in Stash, else the lowest
    id of the batch.

    Raises:
        StashUnavailable: it cannot be told whether the other scene still exists.
    """
    pinned = [scene for scene, key in bench.config.match_overrides.items() if key == item.rating_key]
    if pinned:
        return None if scene_id in pinned else min(pinned)
    records = bench.records.of_item(item.rating_key, batch.server)
    owners = [
        record.scene_id
        for record in records
        if record.scene_id != NOBODY and any(same_path(record.path, path) for path in item.files)
    ]
    if scene_id in owners:
        return None
    for owner in owners:
        if not _is_gone(bench, batch, owner):
            return owner
    lowest = batch.claims.get(item.rating_key, scene_id)
    return lowest if lowest < scene_id else None


def _is_gone(bench: Workbench, batch: Batch, scene_id: int) -> bool:
    """Whether a claimant is gone from Stash; its record outlives it where nobody was told of its end."""
    if scene_id in batch.living:
        return False
    if bench.stash.scenes([scene_id])[scene_id] is None:
        bench.records.forget_scene(scene_id)
        return True
    batch.living.add(scene_id)
    return False


def chosen_files(case: Case) -> list[PlexFile]:
    """The Plex files behind the chosen items, best first; [] without a match."""
    if case.match is None or case.match.confidence is Confidence.NONE:
        return []
    files: dict[int, PlexFile] = {}
    for candidate in case.match.candidates:
        if candidate.file.item in case.match.items:
            files.setdefault(candidate.file.item, candidate.file)
    return list(files.values())


def check_pin(batch: Batch, case: Case) -> None:
    """Raises MatchError when Plex does not have the item that a person has decided for."""
    for file in chosen_files(case):
        if not file.path and file.item not in batch.items:
            raise MatchError(
                f"The match overrides send scene {case.job.scene_id} to item {file.item}, which Plex does not have. "
                "Correct the setting Match overrides, then save the scene."
            )


def is_certain(case: Case) -> bool:
    """Whether the scene was read and matched without doubt."""
    return case.error is None and case.match is not None and case.match.confidence is Confidence.HIGH


def plays(item: PlexItem | None, file: PlexFile) -> bool:
    """Whether the item, as read just now, still plays the file it was matched by."""
    if item is not None and not file.path:
        return True  # a person has decided
    return item is not None and any(same_path(path, file.path) for path in item.files)


def same_path(left: str, right: str) -> bool:
    """Whether two paths of Plex are one file's."""
    return left == right or normal_path(left) == normal_path(right)
