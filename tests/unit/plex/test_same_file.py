"""Spellings of one path are one file only where nothing speaks against it."""

import pytest

from core.match import PlexFile
from plex.same_file import is_one_file


@pytest.mark.parametrize(
    ("files", "is_one"),
    [
        ([("/m/a.mp4", 0), ("/m/a.mp4", 5)], True),
        ([("/m/a.mp4", 5), ("/m/A.mp4", 5)], True),
        ([("/m/a.mp4", 5), ("/m/A.mp4", 6)], False),
        ([("/m/a.mp4", 0), ("/m/A.mp4", 0)], False),
        ([("/m/a:.mp4", 5), ("/m/a\uf022.mp4", 5)], False),
        ([("/m/a\uf022.mp4", 5), ("/m/a\uf03a.mp4", 5)], False),
    ],
)
def test_entries_are_one_file(files: list[tuple[str, int]], is_one: bool) -> None:
    entries = [PlexFile(path, size, item, 1) for item, (path, size) in enumerate(files)]

    assert is_one_file(entries) is is_one
