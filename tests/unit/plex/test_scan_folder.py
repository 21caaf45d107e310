"""Which folder of which library has to be scanned for a file."""

from __future__ import annotations

import pytest

from plex.client import Section
from plex.scan_folder import ScanFolder, common_folder, folders_of, with_ancestors


def section(key: int, *locations: str) -> Section:
    return Section(key, f"uuid-{key}", f"Library {key}", "movie", "1", False, locations)


def folder(path: str, location: str = "/media") -> ScanFolder:
    return ScanFolder(1, location, path)


@pytest.mark.parametrize(
    ("path", "location", "found"),
    [
        ("/media/new/a.mp4", "/media", "/media/new"),
        ("/media/new/a.mp4", "/media/", "/media/new"),
        ("/media/a.mp4", "/media", "/media"),
        ("/media/x/y/z/a.mp4", "/media/x", "/media/x/y/z"),
        (
            "/MEDIA/New/a.mp4",
            "/media",
            "/media/New",
        ),  # a share that does not tell case apart: as the library spells it
        ("/media/cafe\u0301/a.mp4", "/media/caf\u00e9", "/media/caf\u00e9"),
        ("/mediathek/a.mp4", "/media", ""),
        ("/media2/new/a.mp4", "/media", ""),
        ("/other/media/a.mp4", "/media", ""),
        ("/media/new/a.mp4", "/media/new/deeper", ""),
        ("/media", "/media", ""),
        ("a.mp4", "/media", ""),
        ("", "/media", ""),
        ("/media/new/a.mp4", "", ""),
        ("/new/a.mp4", "/", "/new"),
        ("D:\\films\\new\\a.mp4", "D:\\films", "D:\\films\\new"),
        ("d:/films/new/a.mp4", "D:\\films\\", "D:\\films\\new"),
        ("D:\\new\\a.mp4", "D:\\", "D:\\new"),
        ("D:\\a.mp4", "D:\\", "D:\\"),
        ("/a.mp4", "/", "/"),
        ("D:/films/a.mp4", "E:/films", ""),
        ("\\\\nas\\share\\new\\a.mp4", "\\\\nas\\share", "\\\\nas\\share\\new"),
    ],
)
def test_the_folder_is_spelled_as_the_librarys_location(
    path: str, location: str, found: str
) -> None:
    folders = folders_of([path], [section(1, location)])

    assert [one.path for one in folders] == ([found] if found else [])


def test_each_folder_is_named_once_per_library_that_holds_it() -> None:
    sections = [
        section(1, "/media"),
        section(2, "/elsewhere", "/media/new", "/media"),
        section(3, "/other"),
    ]

    found = folders_of(["/media/new/a.mp4", "/media/new/b.mp4", "/other/c.mp4"], sections)

    assert [(one.section, one.path) for one in found] == [
        (1, "/media/new"),
        (2, "/media/new"),
        (3, "/other"),
    ]


@pytest.mark.parametrize(
    ("one", "path"),
    [
        (folder("/media/a/b"), ["/media/a/b", "/media/a", "/media"]),
        (folder("/media"), ["/media"]),
        (folder("D:\\films\\a", "D:\\films\\"), ["D:\\films\\a", "D:\\films\\"]),
        (folder("/a/b", "/"), ["/a/b", "/a", "/"]),
    ],
)
def test_a_scan_of_a_folder_or_of_one_it_lies_in_finds_its_files(
    one: ScanFolder, path: list[str]
) -> None:
    assert [each.path for each in with_ancestors(one)] == path


@pytest.mark.parametrize(
    ("paths", "common"),
    [
        (["/media/a/x", "/media/a/y"], "/media/a"),
        (["/media/a/x", "/media/a"], "/media/a"),
        (["/media/a", "/media/ab"], "/media"),
        (["/media/a/x"], "/media/a/x"),
        (["/media/a", "/media"], "/media"),
    ],
)
def test_the_folder_that_holds_others_is_the_innermost(paths: list[str], common: str) -> None:
    assert common_folder([folder(path) for path in paths]) == folder(common)
