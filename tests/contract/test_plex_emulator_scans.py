"""Scans on the Plex emulator, and what happens to keys when files move."""

from __future__ import annotations

from typing import Any

import pytest
from plexapi.exceptions import NotFound

from tests.emulators.fixtures_plex import SettableClock, connect
from tests.emulators.plex_server import PlexEmulator


@pytest.fixture
def section(timed_plex: PlexEmulator) -> Any:
    return connect(timed_plex).library.section("Scenes")


def titles(plex: PlexEmulator) -> list[str]:
    return [item.title for item in plex.library.items()]


def test_a_new_file_is_an_item_when_the_scan_is_over(
    timed_plex: PlexEmulator, plex_clock: SettableClock, section: Any
) -> None:
    timed_plex.library.add_file_on_disk("/media/scenes/new one.mp4", 10)
    marker = timed_plex.library.section(1).content_changed_at

    section.update()
    during = (section.reload().refreshing, len(section._server.activities), titles(timed_plex))
    plex_clock.advance(1)
    found = section.all()

    assert during == (True, 1, [])
    assert [(item.title, item.duration) for item in found] == [("new one", None)]
    assert (section.reload().refreshing, len(section._server.activities)) == (False, 0)
    assert timed_plex.library.section(1).content_changed_at > marker


def test_an_idle_scan_moves_scanned_at_only(
    timed_plex: PlexEmulator, plex_clock: SettableClock, section: Any
) -> None:
    before = timed_plex.library.section(1).content_changed_at

    section.update()
    plex_clock.advance(5)
    root = section._server.query("/library/sections")

    assert root[0].get("scannedAt") == str(int(plex_clock()))
    assert root[0].get("contentChangedAt") == str(before)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/media/scenes/a b", ["in a b"]),
        ("/media/scenes/a b/in a b.mp4", ["in a b"]),
        ("/elsewhere", []),
        (None, ["in a b", "other"]),
    ],
)
def test_a_scan_of_a_folder_finds_what_lies_in_it(
    timed_plex: PlexEmulator,
    plex_clock: SettableClock,
    section: Any,
    path: str,
    expected: list[str],
) -> None:
    for name in ("/media/scenes/a b/in a b.mp4", "/media/scenes/c/other.mp4", "/elsewhere/x.mp4"):
        timed_plex.library.add_file_on_disk(name, 1)

    section.update(path)
    plex_clock.advance(1)
    section.all()

    assert titles(timed_plex) == expected


def test_a_cancelled_scan_finds_nothing(
    timed_plex: PlexEmulator, plex_clock: SettableClock, section: Any
) -> None:
    timed_plex.library.add_file_on_disk("/media/scenes/new.mp4", 1)

    section.update().cancelUpdate()
    plex_clock.advance(1)
    section.all()

    assert titles(timed_plex) == []


def test_a_rename_keeps_the_key_and_moves_the_content_marker(
    timed_plex: PlexEmulator, plex_clock: SettableClock, section: Any
) -> None:
    key = timed_plex.library.add_items(1, 1)[0]
    item, marker = timed_plex.library.item(key), timed_plex.library.section(1).content_changed_at
    updated = item.updated_at
    plex_clock.advance(10)

    timed_plex.library.rename_file("/media/scenes/scene-000000.mp4", "/media/scenes/b/new.mp4")

    assert section.all()[0].locations == ["/media/scenes/b/new.mp4"]
    assert (item.rating_key, item.updated_at) == (key, updated)
    assert timed_plex.library.section(1).content_changed_at > marker


def test_a_move_out_gives_a_new_key_and_never_reuses_the_old(
    timed_plex: PlexEmulator, section: Any
) -> None:
    old = timed_plex.library.add_items(1, 1)[0]

    new = timed_plex.library.move_out(old, "/media/scenes/b.mp4")

    assert new > old
    with pytest.raises(NotFound):
        section._server.fetchItem(old)


def test_a_missing_file_removes_the_item_with_the_scan(timed_plex: PlexEmulator) -> None:
    timed_plex.library.add_items(1, 2)
    timed_plex.library.delete_file("/media/scenes/scene-000000.mp4")

    timed_plex.library.scan(1)

    assert titles(timed_plex) == ["scene-000001"]


def test_without_emptying_a_missing_file_waits_in_the_trash(
    timed_plex: PlexEmulator, section: Any
) -> None:
    timed_plex.switches.auto_empty_trash = False
    key = timed_plex.library.add_items(1, 1)[0]
    timed_plex.library.delete_file("/media/scenes/scene-000000.mp4")
    timed_plex.library.scan(1)
    in_trash = [item.ratingKey for item in section.fetchItems("/library/sections/1/all?trash=1")]

    section.emptyTrash()

    assert in_trash == [key]
    assert titles(timed_plex) == []


def test_a_file_back_before_the_trash_is_emptied_keeps_its_key(
    timed_plex: PlexEmulator,
) -> None:
    timed_plex.switches.auto_empty_trash = False
    key = timed_plex.library.add_items(1, 1)[0]
    timed_plex.library.delete_file("/media/scenes/scene-000000.mp4")
    timed_plex.library.scan(1)

    timed_plex.library.add_file_on_disk("/media/scenes/scene-000000.mp4", 1)
    timed_plex.library.scan(1)

    assert [(item.rating_key, item.deleted_at) for item in timed_plex.library.items()] == [
        (key, None)
    ]


def test_trashed_items_can_be_not_found_although_listed(
    timed_plex: PlexEmulator, section: Any
) -> None:
    timed_plex.switches.auto_empty_trash = False
    timed_plex.switches.trashed_items_answer_404 = True
    key = timed_plex.library.add_items(1, 1)[0]
    timed_plex.library.delete_file("/media/scenes/scene-000000.mp4")
    timed_plex.library.scan(1)

    assert [item.ratingKey for item in section.all()] == [key]
    with pytest.raises(NotFound):
        section._server.fetchItem(key)


def test_a_merge_makes_versions_and_a_split_makes_new_keys(
    timed_plex: PlexEmulator, section: Any
) -> None:
    first, second = timed_plex.library.add_items(1, 2)
    video = section._server.fetchItem(first)

    video.merge([second])
    merged = [item.locations for item in section.all()]
    video.split()

    assert merged == [["/media/scenes/scene-000000.mp4", "/media/scenes/scene-000001.mp4"]]
    assert [len(item.files) for item in timed_plex.library.items()] == [1, 1]
    assert timed_plex.library.items()[1].rating_key > second


def test_deleting_an_item_takes_its_file_along(timed_plex: PlexEmulator, section: Any) -> None:
    timed_plex.library.add_items(1, 1)

    section.all()[0].delete()
    timed_plex.library.scan(1)

    assert titles(timed_plex) == []
