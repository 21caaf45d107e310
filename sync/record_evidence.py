"""Match a scene by PlexSync's own record of its file, until Plex knows the new path.

A renamer moves the file when the user saves the scene; Plex shows it under the old path until it
has scanned. The record says which item plays the file, and the oshash that it is the same file.
"""

from collections.abc import Callable, Iterable, Sequence

from core.match import Candidate, Confidence, Evidence, MatchResult, PlexFile
from core.record import SyncRecord
from plex.paths import same_path
from validation.metadata import SceneFile, SyncMetadata


def recorded_match(
    scene: SyncMetadata,
    records: Iterable[SyncRecord],
    candidates: Callable[[str], Sequence[PlexFile]],
) -> MatchResult | None:
    """Return the match with the items that still play a recorded file; None for none. Pure.

    Only records of certain matches count: a guess, or a match through learned folders, must not
    outlive what it was based on. `candidates` are the indexed files with the name of a path.

    Examples:
        >>> from validation.metadata import parse_scene
        >>> file = {"path": "/data/new.mp4", "size": 5}
        >>> file["fingerprints"] = [{"type": "oshash", "value": "aa"}]
        >>> scene = parse_scene({"id": "7", "updated_at": "2024-01-01T00:00:00Z", "files": [file]})
        >>> record = SyncRecord(7, "server", 101, "", "/media/old.mp4", oshash="aa")
        >>> in_plex = [PlexFile("/media/old.mp4", 5, 101, 1)]
        >>> recorded_match(scene, [record], lambda path: in_plex).items
        (101,)
    """
    found: dict[int, Candidate] = {}
    for record in records:
        file = _recorded_file(scene, record)
        if file is None:
            continue
        for indexed in candidates(record.path):
            if indexed.item == record.item and _is_same_file(indexed, record, file):
                found[indexed.item] = Candidate(indexed, Evidence.OWN_RECORD, file.path)
    if not found:
        return None
    reason = f"{Evidence.OWN_RECORD.label} {Evidence.OWN_RECORD.value}, Plex has the old path"
    return MatchResult(tuple(sorted(found)), Confidence.HIGH, tuple(found.values()), reason)


def _recorded_file(scene: SyncMetadata, record: SyncRecord) -> SceneFile | None:
    """Return the scene's file that a certain match has recorded; None for none."""
    if not (record.oshash and record.path and record.confidence == Confidence.HIGH.value):
        return None
    return next((file for file in scene.files if file.oshash == record.oshash), None)


def _is_same_file(indexed: PlexFile, record: SyncRecord, file: SceneFile) -> bool:
    """Return True unless Plex has another path or another known size."""
    sizes = {indexed.size, file.size} - {0}
    return len(sizes) <= 1 and same_path(indexed.path, record.path)
