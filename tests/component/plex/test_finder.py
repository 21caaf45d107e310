"""A file is looked up locally; Plex is asked only for what is new, and as little as possible."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.errors import PlexAccessError, PlexTemporaryError, PlexUnavailable
from plex.finder import MARKERS_FRESH_S, OVERLAP_S, Finder
from plex.index import FileIndex
from tests.emulators.fixtures_plex import SettableClock
from tests.emulators.plex_server import Fault, PlexEmulator
from tests.harness.clocks import FakeClock
from tests.harness.plex_clients import client_of

IN_2090 = 3_786_912_000
LISTING = "/library/sections/{section}/all"


class Seeker:
    """A finder with its clock, and what it takes to count its requests."""

    def __init__(self, finder: Finder, plex: PlexEmulator, clock: FakeClock) -> None:
        self.finder = finder
        self.plex = plex
        self.clock = clock

    def finds(self, path: str) -> list[int]:
        return [file.item for file in self.finder.candidates(path)]

    def look_for(self, path: str) -> bool:
        """Look again as the worker does, with the markers known to be stale."""
        self.clock.advance(MARKERS_FRESH_S)
        return self.finder.refresh(lambda: not self.finder.candidates(path))

    def requests_since(self) -> list[str]:
        asked = [record.target.partition("?")[0] for record in self.plex.requests]
        self.plex.reset_counts()
        return asked


@contextmanager
def seeking(plex: PlexEmulator, folder: Path, *names: str) -> Iterator[Seeker]:
    clock = FakeClock()
    with client_of(plex) as client:
        finder = Finder(client, FileIndex(folder / "cache"), names, clock)
        yield Seeker(finder, plex, clock)
        finder.close()


@pytest.fixture
def seeker(timed_plex: PlexEmulator, tmp_path: Path) -> Iterator[Seeker]:
    with seeking(timed_plex, tmp_path) as made:
        yield made


ALL = "/library/sections/1/all"
MARKERS = "/library/sections"


def test_the_first_look_lists_the_library_once(seeker: Seeker) -> None:
    keys = seeker.plex.library.add_items(1, 3)

    seeker.finder.prepare()

    assert seeker.requests_since() == [MARKERS, ALL]
    assert seeker.finds("/data/scene-000001.mp4") == [keys[1]]


def test_a_cold_library_costs_a_request_for_every_thousand_items(seeker: Seeker) -> None:
    seeker.plex.library.add_items(1, 2_500)

    seeker.finder.prepare()

    assert seeker.requests_since() == [MARKERS, ALL, ALL, ALL]


def test_a_warm_look_up_asks_nobody(seeker: Seeker) -> None:
    seeker.plex.library.add_items(1, 3)
    seeker.finder.prepare()
    seeker.requests_since()

    for _ in range(5):
        seeker.finder.prepare()
        seeker.finds("/data/scene-000000.mp4")

    assert seeker.requests_since() == []


def test_after_a_restart_the_index_is_still_warm(timed_plex: PlexEmulator, tmp_path: Path) -> None:
    keys = timed_plex.library.add_items(1, 3)
    with seeking(timed_plex, tmp_path) as first:
        first.finder.prepare()
        first.requests_since()

    with seeking(timed_plex, tmp_path) as second:
        second.finder.prepare()

        assert second.requests_since() == [MARKERS]
        assert second.finds("scene-000002.mp4") == [keys[2]]


def test_a_missing_file_costs_one_poll_of_unmoved_markers(seeker: Seeker) -> None:
    seeker.finder.prepare()
    seeker.requests_since()

    gained = seeker.look_for("/data/missing.mp4")

    assert not gained
    assert seeker.requests_since() == [MARKERS]


def test_one_look_at_the_markers_serves_the_next_few_seconds(seeker: Seeker) -> None:
    seeker.finder.prepare()
    seeker.requests_since()

    for _ in range(3):
        seeker.finder.refresh(lambda: True)

    assert seeker.requests_since() == []


def test_markers_that_are_older_than_asked_for_are_polled_again(seeker: Seeker) -> None:
    seeker.finder.prepare()
    seeker.clock.advance(1.0)
    asked_at = seeker.clock.wall()
    seeker.requests_since()

    for _ in range(3):
        seeker.finder.refresh(lambda: True, polled_since=asked_at)

    assert seeker.requests_since() == [MARKERS]


def test_a_listing_that_is_older_than_asked_for_is_repeated_once(seeker: Seeker) -> None:
    seeker.plex.library.add_items(1, 1)
    seeker.finder.prepare()
    seeker.plex.switches.renames_move_content_changed_at = False
    seeker.plex.library.rename_file("/media/scenes/scene-000000.mp4", "/media/scenes/renamed.mp4")
    seeker.clock.advance(1.0)
    asked_at = seeker.clock.wall()
    seeker.requests_since()

    for _ in range(3):
        seeker.finder.refresh(lambda: True, polled_since=asked_at, listed_since=asked_at)

    assert seeker.requests_since() == [MARKERS, ALL]
    assert seeker.finds("renamed.mp4")


def test_a_new_file_is_found_by_what_was_added_since(
    seeker: Seeker, plex_clock: SettableClock
) -> None:
    seeker.plex.library.add_items(1, 20)
    seeker.finder.prepare()
    seeker.requests_since()
    plex_clock.advance(OVERLAP_S * 10)
    new = seeker.plex.library.add_item(1, [("/media/scenes/new.mp4", 5)])

    gained = seeker.look_for("/data/new.mp4")

    assert gained
    assert seeker.finds("/data/new.mp4") == [new]
    assert seeker.requests_since() == [MARKERS, ALL]


def test_a_renamed_file_is_found_by_one_whole_listing(
    seeker: Seeker, plex_clock: SettableClock
) -> None:
    (item,) = seeker.plex.library.add_items(1, 1)
    plex_clock.advance(OVERLAP_S * 10)
    seeker.plex.library.add_item(1, [("/media/scenes/newest.mp4", 5)])
    seeker.finder.prepare()
    seeker.requests_since()
    seeker.plex.library.rename_file("/media/scenes/scene-000000.mp4", "/media/scenes/renamed.mp4")

    seeker.look_for("/data/renamed.mp4")

    assert seeker.finds("/data/renamed.mp4") == [item]
    assert seeker.finds("/data/scene-000000.mp4") == []
    assert seeker.requests_since() == [MARKERS, ALL, ALL]


def test_the_library_is_listed_once_per_move_of_its_marker(seeker: Seeker) -> None:
    seeker.plex.library.add_items(1, 3)
    seeker.finder.prepare()
    seeker.plex.library.add_item(1, [("/media/scenes/other.mp4", 5)])
    seeker.look_for("/data/missing.mp4")
    seeker.requests_since()

    for _ in range(4):
        seeker.look_for("/data/missing.mp4")

    assert seeker.requests_since() == [MARKERS] * 4


def test_nothing_is_listed_if_the_files_were_among_new_ones(seeker: Seeker) -> None:
    seeker.finder.prepare()
    seeker.plex.library.add_item(1, [("/media/scenes/new.mp4", 5)])
    seeker.requests_since()

    seeker.look_for("/data/new.mp4")

    assert seeker.requests_since() == [MARKERS, ALL]


def test_an_absurd_added_date_does_not_hide_what_is_new(
    seeker: Seeker, plex_clock: SettableClock
) -> None:
    library = seeker.plex.library
    library.add_item(1, [("/media/scenes/odd.mp4", 5)], added_at=IN_2090)
    seeker.finder.prepare()
    seeker.requests_since()
    plex_clock.advance(OVERLAP_S * 10)
    new = library.add_item(1, [("/media/scenes/new.mp4", 5)])
    odd = library.add_item(1, [("/media/scenes/odd2.mp4", 5)], added_at=IN_2090)

    seeker.look_for("/data/new.mp4")

    assert seeker.finds("new.mp4") == [new]
    assert seeker.finds("odd2.mp4") == [odd]
    assert seeker.requests_since() == [MARKERS, ALL]


def test_an_absurd_date_of_an_older_index_costs_one_listing(
    timed_plex: PlexEmulator, tmp_path: Path
) -> None:
    timed_plex.library.add_items(1, 2)
    with seeking(timed_plex, tmp_path) as first:
        first.finder.prepare()
    index = FileIndex(tmp_path / "cache")
    uuid = timed_plex.library.section(1).uuid
    index.add(uuid, [], marker="1", newest=IN_2090)  # as version 1.1.0 stored it
    index.close()
    with seeking(timed_plex, tmp_path) as seeker:
        found = []
        for number in range(3):
            new = timed_plex.library.add_item(1, [(f"/media/scenes/new{number}.mp4", 5)])
            seeker.requests_since()
            seeker.look_for(f"/data/new{number}.mp4")
            found.append((seeker.finds(f"new{number}.mp4") == [new], seeker.requests_since()))

    assert found == [(True, [MARKERS, ALL])] * 3


def test_a_moved_library_is_listed_on_request_once_per_move(
    seeker: Seeker, plex_clock: SettableClock
) -> None:
    seeker.plex.library.add_items(1, 1)
    plex_clock.advance(OVERLAP_S * 10)
    seeker.plex.library.add_item(1, [("/media/scenes/newest.mp4", 5)])
    seeker.finder.prepare()
    seeker.plex.library.rename_file("/media/scenes/scene-000000.mp4", "/media/scenes/renamed.mp4")
    seeker.finder.has_changed()
    outdated = seeker.finder.is_listing_outdated
    seeker.requests_since()

    gains = [seeker.finder.list_moved() for _ in range(3)]

    assert (outdated, seeker.finder.is_listing_outdated) == (True, False)
    assert gains == [True, False, False]
    assert seeker.requests_since() == [ALL]
    assert seeker.finds("renamed.mp4")


def test_a_library_that_moved_says_so_and_takes_in_what_is_new(seeker: Seeker) -> None:
    seeker.finder.prepare()
    quiet = seeker.finder.has_changed()
    new = seeker.plex.library.add_item(1, [("/media/scenes/new.mp4", 5)])

    moved = seeker.finder.has_changed()

    assert (quiet, moved) == (False, True)
    assert seeker.finds("/data/new.mp4") == [new]
    assert not seeker.finder.has_changed()


def test_optimised_versions_and_trashed_items_stay_out(seeker: Seeker) -> None:
    library = seeker.plex.library
    item = library.add_item(1, [("/media/scenes/a.mp4", 5)])
    library.add_version(item, [("/media/scenes/Plex Versions/a-small.mp4", 2)], proxy_type=42)
    trashed = library.add_item(1, [("/media/scenes/b.mp4", 5)])
    library.change(trashed, deleted_at=library.now)

    seeker.finder.prepare()

    assert seeker.finds("a.mp4") == [item]
    assert seeker.finds("a-small.mp4") == []
    assert seeker.finds("b.mp4") == []


def test_a_server_with_smaller_pages_is_indexed_whole(seeker: Seeker) -> None:
    keys = seeker.plex.library.add_items(1, 30)
    seeker.plex.switches.max_page = 10

    seeker.finder.prepare()

    assert [seeker.finds(f"scene-{number:06}.mp4") for number in range(30)] == [
        [key] for key in keys
    ]


def test_a_listing_that_breaks_off_leaves_the_old_index(seeker: Seeker) -> None:
    (item,) = seeker.plex.library.add_items(1, 1)
    seeker.finder.prepare()
    seeker.plex.library.rename_file("/media/scenes/scene-000000.mp4", "/media/scenes/renamed.mp4")
    seeker.plex.faults.add(Fault("truncated_xml", route=ALL, times=None))

    with pytest.raises(PlexTemporaryError):
        seeker.look_for("/data/renamed.mp4")

    assert seeker.finds("/data/scene-000000.mp4") == [item]


def test_a_login_page_never_empties_the_index(seeker: Seeker) -> None:
    (item,) = seeker.plex.library.add_items(1, 1)
    seeker.finder.prepare()
    seeker.plex.library.add_item(1, [("/media/scenes/other.mp4", 5)])
    seeker.plex.faults.add(Fault("html_200", route=ALL, times=None))

    with pytest.raises(PlexTemporaryError):
        seeker.look_for("/data/missing.mp4")

    assert seeker.finds("/data/scene-000000.mp4") == [item]


def test_a_server_that_is_down_at_the_first_look_says_so(seeker: Seeker) -> None:
    seeker.plex.down()

    with pytest.raises(PlexUnavailable):
        seeker.finder.prepare()


def test_a_file_of_two_libraries_has_two_candidates(seeker: Seeker) -> None:
    library = seeker.plex.library
    second = library.add_section("More", ["/media/more"])
    keys = [library.add_item(key, [("/media/scenes/a.mp4", 5)]) for key in (1, second.key)]

    seeker.finder.prepare()

    assert sorted(seeker.finds("a.mp4")) == keys
    assert seeker.finder.section_of(second.key) is not None
    assert seeker.finder.section_of(99) is None


def test_only_movie_libraries_are_listed(seeker: Seeker) -> None:
    seeker.plex.library.add_section("Shows", ["/media/shows"], type="show")

    seeker.finder.prepare()

    assert [section.title for section in seeker.finder.sections] == ["Scenes"]
    assert seeker.requests_since() == [MARKERS, ALL]


def test_only_the_named_libraries_are_listed_whatever_their_case(
    timed_plex: PlexEmulator, tmp_path: Path
) -> None:
    timed_plex.library.add_section("Films", ["/media/films"])

    with seeking(timed_plex, tmp_path, "FILMS") as seeker:
        seeker.finder.prepare()

        assert [section.title for section in seeker.finder.sections] == ["Films"]


def test_an_unknown_library_name_is_a_settings_error(
    timed_plex: PlexEmulator, tmp_path: Path
) -> None:
    with (
        seeking(timed_plex, tmp_path, "Nowhere") as seeker,
        pytest.raises(PlexAccessError, match="nowhere"),
    ):
        seeker.finder.prepare()


def test_a_stale_file_leaves_the_index(seeker: Seeker) -> None:
    seeker.plex.library.add_items(1, 2)
    seeker.finder.prepare()
    (stale,) = seeker.finder.candidates("scene-000000.mp4")

    seeker.finder.forget(stale)

    assert seeker.finds("scene-000000.mp4") == []
    assert len(seeker.finds("scene-000001.mp4")) == 1


def test_twenty_thousand_items_are_indexed_and_found(seeker: Seeker) -> None:
    keys = seeker.plex.library.add_items(1, 20_000)

    seeker.finder.prepare()

    assert len(seeker.requests_since()) == 1 + 20
    assert seeker.finds("scene-000000.mp4") == [keys[0]]
    assert seeker.finds("scene-019999.mp4") == [keys[-1]]
