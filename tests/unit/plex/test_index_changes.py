"""A change of the index says what is played by other items, and survives until it is used."""

from pathlib import Path

import pytest

from core.match import PlexFile
from plex.index import FileIndex
from plex.index_changes import IndexChange, parse_change

A, B = "/media/a.mp4", "/media/b.mp4"


def rebuild(index: FileIndex, *files: tuple[str, int]) -> None:
    listed = [PlexFile(path, 5, item, 1) for path, item in files]
    index.rebuild("uuid", listed, marker="1", now=0.0, newest=0)


@pytest.mark.parametrize(
    ("after", "gained", "lost", "vanished", "replaced"),
    [
        ([(A, 1), (B, 1)], [], [], [], []),
        ([(A, 1)], [], [(B, 1)], [], []),  # a version is gone
        ([], [], [(A, 1), (B, 1)], [1], []),  # the disk is away
        ([(A, 1), (B, 2)], [(B, 2)], [(B, 1)], [], [1]),  # split
        ([(A, 3), (B, 3)], [(A, 3), (B, 3)], [(A, 1), (B, 1)], [1], [1]),  # listed again
        ([(A, 1), ("/media/c.mp4", 1)], [("/media/c.mp4", 1)], [(B, 1)], [], []),  # renamed
    ],
)
def test_a_listing_says_what_it_changed(
    tmp_path: Path,
    after: list[tuple[str, int]],
    gained: list[tuple[str, int]],
    lost: list[tuple[str, int]],
    vanished: list[int],
    replaced: list[int],
) -> None:
    index = FileIndex(tmp_path)
    rebuild(index, (A, 1), (B, 1))
    assert index.change("uuid").is_empty  # the first listing is none

    rebuild(index, *after)
    change = index.change("uuid")

    assert change == IndexChange(frozenset(gained), frozenset(lost), frozenset(vanished))
    assert change.replaced_items == frozenset(replaced)
    index.close()


def test_a_change_is_kept_until_it_is_forgotten(tmp_path: Path) -> None:
    index = FileIndex(tmp_path)
    rebuild(index, (A, 1))
    rebuild(index)
    index.close()
    index = FileIndex(tmp_path)
    seen = index.change("uuid")
    rebuild(index, (A, 2))
    index.forget_change("uuid", seen)  # outdated: nothing is forgotten

    both = index.change("uuid")
    index.forget_change("uuid", both)

    assert both.items_by_gained_path == {A: {2}}
    assert both.lost == {(A, 1)}
    assert index.change("uuid").is_empty
    index.close()


def test_what_came_back_is_no_change() -> None:
    gone = IndexChange(lost=frozenset({(A, 1)}), vanished=frozenset({1}))
    back = IndexChange(gained=frozenset({(A, 1)}))

    assert gone.followed_by(back) == IndexChange()


@pytest.mark.parametrize("stored", [None, [], {}, {"gained": [1], "lost": [], "vanished": []}])
def test_an_invalid_stored_change_is_empty(stored: object) -> None:
    assert parse_change(stored).is_empty
