"""A path mapping whose sides are exchanged is recognised by the files that it would find."""

import pytest

from core.match import PlexFile
from plex.path_map import PathMap
from plex.reversed_mapping import find_reversed, find_reversed_folder
from validation.metadata import SceneFile

REVERSED = PathMap((("/media", "/data"),))


def scene(path: str = "/data/2024/video.mp4", size: int = 100) -> SceneFile:
    return SceneFile(path=path, size=size, oshash="")


def plex(path: str, size: int = 100) -> PlexFile:
    return PlexFile(path, size, 1, 1)


def test_a_pair_that_finds_the_file_when_exchanged_is_named() -> None:
    files = [plex("/media/2023/video.mp4"), plex("/media/2024/video.mp4")]

    found = find_reversed([scene()], lambda _: files, REVERSED)

    assert found is not None
    assert (found.source, found.target) == ("/media", "/data")
    assert found.plex_path == "/media/2024/video.mp4"
    assert "enter '/data => /media'" in found.advice


@pytest.mark.parametrize(
    ("path_map", "files"),
    [
        (PathMap(), [plex("/media/2024/video.mp4")]),
        (PathMap((("/data", "/media"),)), [plex("/films/2024/video.mp4")]),
        (REVERSED, [plex("/media/2023/video.mp4")]),
        (REVERSED, []),
        (PathMap((("/media", "/other"),)), [plex("/media/2024/video.mp4")]),
    ],
)
def test_a_mapping_that_would_not_find_it_either_is_not_named(
    path_map: PathMap, files: list[PlexFile]
) -> None:
    assert find_reversed([scene()], lambda _: files, path_map) is None


def test_the_wrong_pair_of_several_is_named() -> None:
    path_map = PathMap((("/more", "/media/more"), ("D:\\videos", "/data")))

    found = find_reversed(
        [scene("/elsewhere/a.mp4"), scene()],
        lambda path: [plex("D:\\videos\\2024\\video.mp4")] if "video" in path else [],
        path_map,
    )

    assert found is not None
    assert (found.source, found.target) == ("D:\\videos", "/data")


def test_a_folder_of_a_library_is_enough_for_a_new_file() -> None:
    found = find_reversed_folder("/data/a.mp4", REVERSED, lambda path: path.startswith("/media/"))

    assert found is not None
    assert find_reversed_folder("/data/a.mp4", REVERSED, lambda path: False) is None
    assert find_reversed_folder("/x/a.mp4", REVERSED, lambda path: True) is None
