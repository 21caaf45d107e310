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


class FinderHarness:
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
def seeking(plex: PlexEmulator, folder: Path, *names: str) -> Iterator[FinderHarness]:
    clock = FakeClock()
    with client_of(plex) as client:
        finder = Finder(client, FileIndex(folder / "cache"), names, clock)
        yield FinderHarness(finder, plex, clock)
        finder.close()


@pytest.fixture
def harness(timed_plex: PlexEmulator, tmp_path: Path) -> Iterator[FinderHarness]:
    with seeking(timed_plex, tmp_path) as made:
        yield made


ALL = "/library/sections/1/all"
MARKERS = "/library/sections"


def test_the_first_look_lists_the_library_once(harness: FinderHarness) -> None:
    keys = harness.plex.library.add_items(1, 3)

    harness.finder.prepare()

    assert harness.requests_since() == [MARKERS, ALL]
    assert harness.finds("/data/scene-000001.mp4") == [keys[1]]


def test_a_cold_library_costs_a_request_for_every_thousand_items(harness: FinderHarness) -> None:
    harness.plex.library.add_items(1, 2_500)

    harness.finder.prepare()

    assert harness.requests_since() == [MARKERS, ALL, ALL, ALL]


def test_a_cached_lookup_sends_no_request(harness: FinderHarness) -> None:
    harness.plex.library.add_items(1, 3)
    harness.finder.prepare()
    harness.requests_since()

    for _ in range(5):
        harness.finder.prepare()
        harness.finds("/data/scene-000000.mp4")

    assert harness.requests_since() == []


def test_after_a_restart_the_index_is_still_warm(timed_plex: PlexEmulator, tmp_path: Path) -> None:
    keys = timed_plex.library.add_items(1, 3)
    with seeking(timed_plex, tmp_path) as first:
        first.finder.prepare()
        first.requests_since()

    with seeking(timed_plex, tmp_path) as second:
        second.finder.prepare()

        assert second.requests_since() == [MARKERS]
        assert second.finds("scene-000002.mp4") == [keys[2]]


def test_a_missing_file_costs_one_poll_of_unmoved_markers(harness: FinderHarness) -> None:
    harness.finder.prepare()
    harness.requests_since()

    gained = harness.look_for("/data/missing.mp4")

    assert not gained
    assert harness.requests_since() == [MARKERS]


def test_one_look_at_the_markers_serves_the_next_few_seconds(harness: FinderHarness) -> None:
    harness.finder.prepare()
    harness.requests_since()

    for _ in range(3):
        harness.finder.refresh(lambda: True)

    assert harness.requests_since() == []


def test_markers_that_are_older_than_asked_for_are_polled_again(harness: FinderHarness) -> None:
    harness.finder.prepare()
    harness.clock.advance(1.0)
    asked_at = harness.clock.wall()
    harness.requests_since()

    for _ in range(3):
        harness.finder.refresh(lambda: True, polled_since=asked_at)

    assert harness.requests_since() == [MARKERS]


def test_a_listing_that_is_older_than_asked_for_is_repeated_once(harness: FinderHarness) -> None:
    harness.plex.library.add_items(1, 1)
    harness.finder.prepare()
    harness.plex.switches.renames_move_content_changed_at = False
    harness.plex.library.rename_file("/media/scenes/scene-000000.mp4", "/media/scenes/renamed.mp4")
    harness.clock.advance(1.0)
    asked_at = harness.clock.wall()
    harness.requests_since()

    for _ in range(3):
        harness.finder.refresh(lambda: True, polled_since=asked_at, listed_since=asked_at)

    assert harness.requests_since() == [MARKERS, ALL]
    assert harness.finds("renamed.mp4")


def test_a_new_file_is_found_by_what_was_added_since(
    harness: FinderHarness, plex_clock: SettableClock
) -> None:
    harness.plex.library.add_items(1, 20)
    harness.finder.prepare()
    harness.requests_since()
    plex_clock.advance(OVERLAP_S * 10)
    new = harness.plex.library.add_item(1, [("/media/scenes/new.mp4", 5)])

    gained = harness.look_for("/data/new.mp4")

    assert gained
    assert harness.finds("/data/new.mp4") == [new]
    assert harness.requests_since() == [MARKERS, ALL]


def test_a_renamed_file_is_found_by_one_whole_listing(
    harness: FinderHarness, plex_clock: SettableClock
) -> None:
    (item,) = harness.plex.library.add_items(1, 1)
    plex_clock.advance(OVERLAP_S * 10)
    harness.plex.library.add_item(1, [("/media/scenes/newest.mp4", 5)])
    harness.finder.prepare()
    harness.requests_since()
    harness.plex.library.rename_file("/media/scenes/scene-000000.mp4", "/media/scenes/renamed.mp4")

    harness.look_for("/data/renamed.mp4")

    assert harness.finds("/data/renamed.mp4") == [item]
    assert harness.finds("/data/scene-000000.mp4") == []
    assert harness.requests_since() == [MARKERS, ALL, ALL]


def test_the_library_is_listed_once_per_move_of_its_marker(harness: FinderHarness) -> None:
    harness.plex.library.add_items(1, 3)
    harness.finder.prepare()
    harness.plex.library.add_item(1, [("/media/scenes/other.mp4", 5)])
    harness.look_for("/data/missing.mp4")
    harness.requests_since()

    for _ in range(4):
        harness.look_for("/data/missing.mp4")

    assert harness.requests_since() == [MARKERS] * 4


def test_nothing_is_listed_if_the_files_were_among_new_ones(harness: FinderHarness) -> None:
    harness.finder.prepare()
    harness.plex.library.add_item(1, [("/media/scenes/new.mp4", 5)])
    harness.requests_since()

    harness.look_for("/data/new.mp4")

    assert harness.requests_since() == [MARKERS, ALL]


def test_an_absurd_added_date_does_not_hide_what_is_new(
    harness: FinderHarness, plex_clock: SettableClock
) -> None:
    library = harness.plex.library
    library.add_item(1, [("/media/scenes/odd.mp4", 5)], added_at=IN_2090)
    harness.finder.prepare()
    harness.requests_since()
    plex_clock.advance(OVERLAP_S * 10)
    new = library.add_item(1, [("/media/scenes/new.mp4", 5)])
    odd = library.add_item(1, [("/media/scenes/odd2.mp4", 5)], added_at=IN_2090)

    harness.look_for("/data/new.mp4")

    assert harness.finds("new.mp4") == [new]
    assert harness.finds("odd2.mp4") == [odd]
    assert harness.requests_since() == [MARKERS, ALL]


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
    with seeking(timed_plex, tmp_path) as harness:
        found = []
        for number in range(3):
            new = timed_plex.library.add_item(1, [(f"/media/scenes/new{number}.mp4", 5)])
            harness.requests_since()
            harness.look_for(f"/data/new{number}.mp4")
            found.append((harness.finds(f"new{number}.mp4") == [new], harness.requests_since()))

    assert found == [(True, [MARKERS, ALL])] * 3


def test_a_moved_library_is_listed_on_request_once_per_move(
    harness: FinderHarness, plex_clock: SettableClock
) -> None:
    harness.plex.library.add_items(1, 1)
    plex_clock.advance(OVERLAP_S * 10)
    harness.plex.library.add_item(1, [("/media/scenes/newest.mp4", 5)])
    harness.finder.prepare()
    harness.plex.library.rename_file("/media/scenes/scene-000000.mp4", "/media/scenes/renamed.mp4")
    harness.finder.has_changed()
    outdated = harness.finder.is_listing_outdated
    harness.requests_since()

    gains = [harness.finder.list_moved() for _ in range(3)]

    assert (outdated, harness.finder.is_listing_outdated) == (True, False)
    assert gains == [True, False, False]
    assert harness.requests_since() == [ALL]
    assert harness.finds("renamed.mp4")


def test_a_library_that_moved_says_so_and_takes_in_what_is_new(harness: FinderHarness) -> None:
    harness.finder.prepare()
    quiet = harness.finder.has_changed()
    new = harness.plex.library.add_item(1, [("/media/scenes/new.mp4", 5)])

    moved = harness.finder.has_changed()

    assert (quiet, moved) == (False, True)
    assert harness.finds("/data/new.mp4") == [new]
    assert not harness.finder.has_changed()


def test_optimised_versions_and_trashed_items_stay_out(harness: FinderHarness) -> None:
    library = harness.plex.library
    item = library.add_item(1, [("/media/scenes/a.mp4", 5)])
    library.add_version(item, [("/media/scenes/Plex Versions/a-small.mp4", 2)], proxy_type=42)
    trashed = library.add_item(1, [("/media/scenes/b.mp4", 5)])
    library.change(trashed, deleted_at=library.now)

    harness.finder.prepare()

    assert harness.finds("a.mp4") == [item]
    assert harness.finds("a-small.mp4") == []
    assert harness.finds("b.mp4") == []


def test_a_server_with_smaller_pages_is_indexed_whole(harness: FinderHarness) -> None:
    keys = harness.plex.library.add_items(1, 30)
    harness.plex.switches.max_page = 10

    harness.finder.prepare()

    assert [harness.finds(f"scene-{number:06}.mp4") for number in range(30)] == [
        [key] for key in keys
    ]


def test_a_listing_that_breaks_off_leaves_the_old_index(harness: FinderHarness) -> None:
    (item,) = harness.plex.library.add_items(1, 1)
    harness.finder.prepare()
    harness.plex.library.rename_file("/media/scenes/scene-000000.mp4", "/media/scenes/renamed.mp4")
    harness.plex.faults.add(Fault("truncated_xml", route=ALL, times=None))

    with pytest.raises(PlexTemporaryError):
        harness.look_for("/data/renamed.mp4")

    assert harness.finds("/data/scene-000000.mp4") == [item]


def test_a_login_page_never_empties_the_index(harness: FinderHarness) -> None:
    (item,) = harness.plex.library.add_items(1, 1)
    harness.finder.prepare()
    harness.plex.library.add_item(1, [("/media/scenes/other.mp4", 5)])
    harness.plex.faults.add(Fault("html_200", route=ALL, times=None))

    with pytest.raises(PlexTemporaryError):
        harness.look_for("/data/missing.mp4")

    assert harness.finds("/data/scene-000000.mp4") == [item]


def test_a_server_that_is_down_at_the_first_look_says_so(harness: FinderHarness) -> None:
    harness.plex.down()

    with pytest.raises(PlexUnavailable):
        harness.finder.prepare()


def test_a_file_of_two_libraries_has_two_candidates(harness: FinderHarness) -> None:
    library = harness.plex.library
    second = library.add_section("More", ["/media/more"])
    keys = [library.add_item(key, [("/media/scenes/a.mp4", 5)]) for key in (1, second.key)]

    harness.finder.prepare()

    assert sorted(harness.finds("a.mp4")) == keys
    assert harness.finder.section_of(second.key) is not None
    assert harness.finder.section_of(99) is None


def test_only_movie_libraries_are_listed(harness: FinderHarness) -> None:
    harness.plex.library.add_section("Shows", ["/media/shows"], type="show")

    harness.finder.prepare()

    assert [section.title for section in harness.finder.sections] == ["Scenes"]
    assert harness.requests_since() == [MARKERS, ALL]


def test_only_the_named_libraries_are_listed_whatever_their_case(
    timed_plex: PlexEmulator, tmp_path: Path
) -> None:
    timed_plex.library.add_section("Films", ["/media/films"])

    with seeking(timed_plex, tmp_path, "FILMS") as harness:
        harness.finder.prepare()

        assert [section.title for section in harness.finder.sections] == ["Films"]


def test_a_missing_library_leaves_the_others_usable(
    timed_plex: PlexEmulator, tmp_path: Path
) -> None:
    with seeking(timed_plex, tmp_path, " scenes ", "Films") as harness:
        harness.finder.prepare()
        first = [section.title for section in harness.finder.sections]
        missing = harness.finder.missing_libraries
        films = timed_plex.library.add_section("Films ", ["/media/films"])
        item = timed_plex.library.add_item(films.key, [("/media/films/a.mp4", 1_000)])

        assert harness.finder.has_changed()

        assert (first, missing) == (["Scenes"], ("Films",))
        assert harness.finder.missing_libraries == ()
        assert harness.finds("a.mp4") == [item]


def test_an_unknown_library_name_is_a_settings_error(
    timed_plex: PlexEmulator, tmp_path: Path
) -> None:
    with (
        seeking(timed_plex, tmp_path, "Nowhere") as harness,
        pytest.raises(PlexAccessError, match="Nowhere"),
    ):
        harness.finder.prepare()


def test_a_stale_file_leaves_the_index(harness: FinderHarness) -> None:
    harness.plex.library.add_items(1, 2)
    harness.finder.prepare()
    (stale,) = harness.finder.candidates("scene-000000.mp4")

    harness.finder.forget(stale)

    assert harness.finds("scene-000000.mp4") == []
    assert len(harness.finds("scene-000001.mp4")) == 1


def test_a_library_of_many_pages_is_indexed_and_found(harness: FinderHarness) -> None:
    keys = harness.plex.library.add_items(1, 5_000)

    harness.finder.prepare()

    assert len(harness.requests_since()) == 1 + 5
    assert harness.finds("scene-000000.mp4") == [keys[0]]
    assert harness.finds("scene-004999.mp4") == [keys[-1]]
