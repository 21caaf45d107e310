"""A path is carried across by the longest prefix that ends where a folder name ends."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plex.path_map import PathMap

PAIRS = (
    ("/data", "/media"),
    ("/data/old", "/archive/"),
    ("D:\\clips\\", "/clips"),
    ("/win", "E:\\win"),
)


@pytest.mark.parametrize(
    ("path", "mapped"),
    [
        ("/data/a/x.mp4", "/media/a/x.mp4"),
        ("/data/old/x.mp4", "/archive/x.mp4"),  # the longest prefix wins
        ("/data/older/x.mp4", "/media/older/x.mp4"),  # not half a folder name
        ("/database/x.mp4", "/database/x.mp4"),
        ("/DATA/x.mp4", "/DATA/x.mp4"),  # the case counts
        ("d:\\Clips\\a\\x.mp4", "/clips/a/x.mp4"),  # but not on Windows
        ("/win/a/x.mp4", "E:\\win\\a\\x.mp4"),
        ("/data//a/x.mp4", "/media/a/x.mp4"),
        ("/data", "/data"),  # the folder itself is no file in it
        ("/elsewhere/x.mp4", "/elsewhere/x.mp4"),
    ],
)
def test_the_more_specific_prefix_is_replaced(path: str, mapped: str) -> None:
    assert PathMap(PAIRS).mapped(path) == (mapped,)


@pytest.mark.parametrize(
    ("pair", "path", "mapped"),
    [
        (("/", "/mnt"), "/a/x.mp4", "/mnt/a/x.mp4"),
        (("/data", "/"), "/data/a/x.mp4", "/a/x.mp4"),
        (("/data", "D:"), "/data/x.mp4", "D:\\x.mp4"),
        (("/data", "D:/media"), "/data/x.mp4", "D:/media/x.mp4"),
        (("\\\\nas\\share", "/share"), "\\\\NAS\\share\\x.mp4", "/share/x.mp4"),
        (("", "/mnt"), "/a/x.mp4", "/a/x.mp4"),
        (
            (unicodedata.normalize("NFC", "/été"), "/mnt"),
            unicodedata.normalize("NFD", "/été/x"),
            "/mnt/x",
        ),
    ],
)
def test_roots_drives_and_shares_are_prefixes_too(
    pair: tuple[str, str], path: str, mapped: str
) -> None:
    assert PathMap((pair,)).mapped(path) == (mapped,)


def test_one_prefix_with_two_targets_gives_both_paths() -> None:
    path_map = PathMap((("/data", "/a"), ("/data", "/b"), ("/data/", "/a")))

    mapped = path_map.mapped("/data/x.mp4")

    assert mapped == ("/a/x.mp4", "/b/x.mp4")


@given(st.text())
def test_without_pairs_a_path_stays_as_it_is(path: str) -> None:
    assert PathMap().mapped(path) == (path,)
