"""A record matches its own file only: the same oshash, at the recorded path of the same item."""

import pytest

from core.match import Confidence, Evidence, PlexFile
from core.record import SyncRecord
from sync.record_evidence import recorded_match
from validation.metadata import SyncMetadata, parse_scene

OLD = "/media/old.mp4"


def scene_with(oshash: str, size: int = 5) -> SyncMetadata:
    prints = [{"type": "oshash", "value": oshash}]
    file = {"path": "/data/new.mp4", "size": size, "fingerprints": prints}
    return parse_scene({"id": "1", "updated_at": "2024-01-01T00:00:00Z", "files": [file]})


def record(
    path: str = OLD, oshash: str = "aa", item: int = 101, confidence: str = "high"
) -> SyncRecord:
    return SyncRecord(1, "server", item, "uuid", path, oshash, confidence=confidence)


@pytest.mark.parametrize(
    ("known", "in_plex", "is_matched"),
    [
        (record(), PlexFile(OLD, 5, 101, 1), True),
        (record(), PlexFile(OLD, 0, 101, 1), True),
        (record(), PlexFile("/MEDIA/old.mp4", 5, 101, 1), True),
        (record(), PlexFile(OLD, 6, 101, 1), False),  # another file took its place
        (record(), PlexFile(OLD, 5, 102, 1), False),
        (record(), PlexFile("/media/other/old.mp4", 5, 101, 1), False),
        (record(oshash="bb"), PlexFile(OLD, 5, 101, 1), False),
        (record(oshash=""), PlexFile(OLD, 5, 101, 1), False),
        (record(path=""), PlexFile("", 5, 101, 1), False),  # decided by hand
        (record(confidence="low"), PlexFile(OLD, 5, 101, 1), False),
        (record(confidence="learned"), PlexFile(OLD, 5, 101, 1), False),
    ],
)
def test_only_the_same_file_at_its_recorded_item_matches(
    known: SyncRecord, in_plex: PlexFile, is_matched: bool
) -> None:
    match = recorded_match(scene_with("aa"), [known], lambda path: [in_plex])

    assert (match is not None) is is_matched
    if match is not None:
        assert (match.items, match.confidence) == ((101,), Confidence.HIGH)
        assert match.candidates[0].evidence is Evidence.OWN_RECORD
        assert match.is_recorded


def test_a_scene_without_a_fingerprint_is_not_matched_by_record() -> None:
    in_plex = [PlexFile(OLD, 5, 101, 1)]

    assert recorded_match(scene_with(""), [record(oshash="")], lambda path: in_plex) is None


def test_every_recorded_item_of_the_file_is_matched() -> None:
    in_plex = [PlexFile(OLD, 5, 101, 1), PlexFile(OLD, 5, 205, 2)]

    match = recorded_match(scene_with("aa"), [record(), record(item=205)], lambda path: in_plex)

    assert match is not None
    assert match.items == (101, 205)
