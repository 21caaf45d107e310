"""Decide which items a scene may be written to: those that were read and play the scene's file."""

from core.errors import MatchError, PlexNotFound, PlexSyncError
from core.match import Confidence, MatchResult, PlexFile
from core.plex_item import PlexItem
from plex.matcher import accept
from plex.paths import same_path
from sync.batch import Batch, SceneJob
from sync.missing_libraries import library_missing
from sync.scene_matcher import SceneMatcher
from validation.metadata import SyncMetadata


def items_to_write(
    match: MatchResult | None, scene: SyncMetadata, matcher: SceneMatcher, *, strict: bool
) -> tuple[int, ...]:
    """Return the rating keys that the match allows to write; () for a scene that was not matched.

    Raises:
        PlexNotFound, MatchError: there is no item, or none that is certain enough.
        LibraryMissing: there is none, and a configured library is missing.
    """
    if match is None:
        return ()
    try:
        return accept(match, strict)
    except PlexNotFound as error:
        if matcher.missing_libraries:
            raise library_missing(matcher.missing_libraries) from error
        paths = matcher.mapped_paths(scene)
        text = f"{error}: looked for {', '.join(paths)}."
        missing = PlexNotFound(text, paths=paths, sizes=tuple(file.size for file in scene.files))
        missing.hint = matcher.mapping_advice(scene)
        raise missing from error
    except MatchError as error:
        error.hint = matcher.mapping_advice(scene)
        raise


def writable_items(
    case: SceneJob, batch: Batch, matcher: SceneMatcher, *, strict: bool
) -> tuple[PlexItem, ...]:
    """Return the items that the job will write; () if it will fail."""
    if case.error is not None or case.scene is None:
        return ()
    try:
        items_to_write(case.match, case.scene, matcher, strict=strict)
        check_override(case, batch.items)
    except PlexSyncError:
        # The job raises it again, and the retry policy decides what follows.
        return ()
    items = []
    for file in matched_files(case.match):
        item = batch.items.get(file.item)
        if item is not None and plays_file(item, file):
            items.append(item)
    return tuple(items)


def matched_files(match: MatchResult | None) -> tuple[PlexFile, ...]:
    """Return the Plex files behind the matched items, best first; () without a match."""
    if match is None or match.confidence is Confidence.NONE:
        return ()
    files: dict[int, PlexFile] = {}
    for candidate in match.candidates:
        if candidate.file.item in match.items:
            files.setdefault(candidate.file.item, candidate.file)
    return tuple(files.values())


def check_override(case: SceneJob, items: dict[int, PlexItem]) -> None:
    """Check that Plex has the item that a match override names.

    Raises:
        MatchError: Plex does not have it.
    """
    for file in matched_files(case.match):
        if not file.path and file.item not in items:
            raise MatchError(
                f"The match overrides send scene {case.job.scene_id} to item {file.item}, "
                "which Plex does not have. Choose another item on PlexSync's page, or correct the "
                "setting Match overrides; then save the scene."
            )


def is_certain(case: SceneJob) -> bool:
    """Return True if the scene was read and matched with high confidence."""
    return (
        case.error is None and case.match is not None and case.match.confidence is Confidence.HIGH
    )


def plays_file(item: PlexItem | None, file: PlexFile) -> bool:
    """Return True if the item, as just read, still plays the file that it was matched by."""
    if item is None:
        return False
    # A match override names the item without a file.
    return not file.path or any(same_path(path, file.path) for path in item.files)
