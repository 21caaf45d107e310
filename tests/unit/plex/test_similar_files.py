"""A file that was renamed on one side is found by its size and folder."""

from core.match import PlexFile
from plex.similar_files import MAX_SIMILAR, FilesBySize


def plex(path: str, size: int = 100, item: int = 1) -> PlexFile:
    return PlexFile(path, size, item, 1)


def test_only_size_and_folder_together_make_files_similar() -> None:
    renamed = plex("/media/Trip/_1.mp4", item=7)
    other_size, other_folder = plex("/media/trip/b.mp4", 99), plex("/media/c/d.mp4")
    files = FilesBySize([other_size, renamed, other_folder])

    assert files.similar(["/data/trip/a.mp4"], [100]) == (renamed,)


def test_a_folder_that_smb_mangles_is_the_same() -> None:
    renamed = plex("D:\\media\\Trip\uf022 1\\b.mp4")

    assert FilesBySize([renamed]).similar(["/data/trip: 1/a.mp4"], [100]) == (renamed,)


def test_an_unknown_size_or_no_folder_proves_nothing() -> None:
    files = FilesBySize([plex("/media/trip/a.mp4", 0), plex("b.mp4")])

    assert files.similar(["/data/trip/x.mp4"], [0]) == ()
    assert files.similar(["x.mp4"], [100]) == ()


def test_few_of_many_similar_files_are_named() -> None:
    files = FilesBySize(plex(f"/media/trip/{number}.mp4") for number in range(9))

    assert len(files.similar(["/data/trip/x.mp4"], [100])) == MAX_SIMILAR
