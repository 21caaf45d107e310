"""Which items a scene is written to: proved by its files, claimed by one scene only."""

from core.errors import PlexNotFound
from core.match import Confidence, PlexFile
from core.plex_item import PlexItem
from plex.matcher import require
from plex.paths import normal_path
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

    The one its record names, else the lowest id of the batch.
    """
    records = bench.records.of_item(item.rating_key, batch.server)
    owners = [record.scene_id for record in records if any(same_path(record.path, path) for path in item.files)]
    if owners:
        return None if scene_id in owners else owners[0]
    lowest = batch.claims.get(item.rating_key, scene_id)
    return lowest if lowest < scene_id else None


def chosen_files(case: Case) -> list[PlexFile]:
    """The Plex files behind the chosen items, best first; [] without a match."""
    if case.match is None or case.match.confidence is Confidence.NONE:
        return []
    files: dict[int, PlexFile] = {}
    for candidate in case.match.candidates:
        if candidate.file.item in case.match.items:
            files.setdefault(candidate.file.item, candidate.file)
    return list(files.values())


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
