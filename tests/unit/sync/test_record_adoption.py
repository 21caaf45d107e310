"""Test whose file a record describes.

Either identity is evidence for it; only a different oshash is evidence against it.
"""

import pytest

from core.record import SyncRecord
from sync.record_adoption import matches_file
from validation.metadata import parse_scene

PATH = "/media/a.mp4"


@pytest.mark.parametrize(
    ("oshash", "path", "hashes", "paths", "verdict"),
    [
        ("aa", PATH, ["aa"], [PATH], True),
        ("aa", PATH, ["aa"], ["/media/moved.mp4"], True),
        ("aa", PATH, ["aa"], [], True),
        ("aa", PATH, ["bb", "aa"], [], True),  # a further file of the scene
        ("aa", PATH, ["bb"], [PATH], True),  # replaced in its place
        ("", PATH, ["bb"], [PATH], True),
        ("aa", PATH, ["bb"], ["/media/b.mp4"], False),
        ("aa", PATH, ["bb"], [], False),
        ("aa", "", ["bb"], [""], False),  # decided by hand
        ("", PATH, ["bb"], ["/media/b.mp4"], None),
        ("aa", PATH, [""], ["/media/b.mp4"], None),
        ("aa", PATH, [], [], None),
        ("", "", ["bb"], [""], None),
    ],
)
def test_a_record_matches_a_file_by_its_oshash_or_its_path(
    oshash: str, path: str, hashes: list[str], paths: list[str], verdict: bool | None
) -> None:
    record = SyncRecord(1, "machine", 9, "uuid", path, oshash)
    files = [
        {
            "path": f"/data/{place}.mp4",
            "size": 1,
            "fingerprints": [{"type": "oshash", "value": value}],
        }
        for place, value in enumerate(hashes)
    ]
    scene = parse_scene({"id": "1", "updated_at": "2024-01-01T00:00:00Z", "files": files})

    assert matches_file(record, scene, paths) is verdict
