"""What finding a file costs: the index outlives its worker, and Plex is asked only about what is new."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators.plex_server import Fault
from tests.flow.inproc import LOOK_S, Inproc, opened
from worker.resilience.backoff import (
    LIBRARY_LOOK_LATER_S,
    LIBRARY_LOOK_S,
    NOT_FOUND_WAITS_S,
    library_poll_interval,
)

ALL = "/library/sections/1/all"
SECTIONS = "GET /library/sections"
LISTING = f"GET {ALL}"
TWO_HOURS_S = (
    sum(NOT_FOUND_WAITS_S) * 1.1 + len(NOT_FOUND_WAITS_S) * LOOK_S
)  # looks are half a minute apart


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Inproc]:
    with opened(tmp_path) as made:
        yield made


# -- the index ----------------------------------------------------------------------------------


def test_a_cold_library_costs_one_request_per_1000_items(house: Inproc) -> None:
    house.plex.library.add_items(house.section, 2_300)
    scene, item = house.pair("a/wanted.mp4")

    with house.writes_only(item):
        asked = house.requests_of(lambda: house.sync(scene))

    assert asked.count(LISTING) == 3
    assert len(asked) <= 3 + 5


def test_a_warm_library_costs_one_request_even_after_a_restart(house: Inproc) -> None:
    house.plex.library.add_items(house.section, 1_500)
    scene, item = house.pair("a/wanted.mp4")
    house.sync(scene)
    house.restart()
    house.change(scene, title="Again")

    with house.writes_only(item):
        asked = house.requests_of(lambda: house.sync(scene))

    assert asked.count(SECTIONS) == 1
    assert LISTING not in asked


def test_many_new_items_are_found_by_what_was_added_since(house: Inproc) -> None:
    house.plex.library.add_items(house.section, 1_500)
    house.clock.advance(3_000.0)
    house.sync(house.pair("a/first.mp4")[0])
    pairs = [house.pair(f"b/{number}.mp4") for number in range(5)]

    with house.writes_only(*(item for _, item in pairs)):
        asked = house.requests_of(lambda: house.sync(*(scene for scene, _ in pairs)))

    assert asked.count(LISTING) == 1
    assert "addedAt" in [one.target for one in house.plex.requests if one.path == ALL][-6]


def test_many_waiting_jobs_share_one_listing_per_marker_move(house: Inproc) -> None:
    house.plex.library.add_items(house.section, 1_500)
    house.clock.advance(3_000.0)
    house.item("/media/newest.mp4")
    absent = [house.scene(f"/data/absent/{number}.mp4") for number in range(250)]
    house.sync(*absent)
    house.clock.advance(600.0)
    house.item("/media/unrelated.mp4")

    asked = house.requests_of(lambda: house.look_for(120.0))

    assert asked.count(LISTING) == 1 + 2  # added since, and the whole listing once
    assert set(asked) == {SECTIONS, LISTING}
    assert house.plex.writes() == []


def test_a_broken_listing_leaves_the_old_index_in_place(
    house: Inproc,
) -> None:
    house.plex.library.add_items(house.section, 1_200)
    scene, item = house.pair("a/kept.mp4")
    house.sync(scene)
    house.clock.advance(600.0)
    house.item("/media/unrelated.mp4")
    missing = house.scene("/data/missing.mp4")
    house.plex.faults.add(
        Fault("cut", route=ALL, nth=3, times=None)
    )  # added since, the first page, then nothing

    house.sync(missing)
    house.plex.faults.clear()
    house.restart()
    house.change(scene, title="Still found")
    with house.writes_only(item):
        house.sync(scene)

    assert house.shown(item).title == "Still found"


@pytest.mark.parametrize("gone", ["removed", "trashed"])
def test_an_item_that_is_gone_is_never_written(house: Inproc, gone: str) -> None:
    scene, item = house.pair("a/b/c.mp4")
    _, other = house.pair("a/b/d.mp4")
    house.sync(scene)
    if gone == "removed":
        house.plex.library.remove_item(item)
    else:
        house.plex.switches.auto_empty_trash = False
        house.plex.library.delete_file("/media/a/b/c.mp4")
        house.plex.library.scan(house.section)

    house.change(scene, title="Changed")
    with house.writes_only(*([item] if gone == "trashed" else [])):
        house.sync(scene)

    assert house.shown(other).title == "d"


def test_an_optimised_version_is_no_file_of_the_item(house: Inproc) -> None:
    item = house.item("/media/a/film.mp4")
    house.plex.library.add_version(item, [("/media/a/phone.mp4", 10)], proxy_type=42)
    scene = house.scene("/data/a/phone.mp4", 10)

    with house.writes_only():
        house.sync(scene)

    assert house.waiting() == {"PlexNotFound": 1}


def test_an_old_index_is_listed_again_only_when_a_look_up_misses(house: Inproc) -> None:
    scene, item = house.pair("a/b.mp4")
    house.sync(scene)
    house.clock.advance(3_700.0)
    house.change(scene, title="Found without asking")

    hit = house.requests_of(lambda: house.sync(scene))
    missed = house.requests_of(lambda: house.sync(house.scene("/data/absent.mp4")))

    assert LISTING not in hit
    assert missed.count(LISTING) == 1
    assert house.shown(item).title == "Found without asking"


def test_within_the_hour_a_miss_costs_one_look_at_the_marker(house: Inproc) -> None:
    house.sync(house.pair("a/b.mp4")[0])
    house.clock.advance(3_000.0)

    asked = house.requests_of(lambda: house.sync(house.scene("/data/absent.mp4")))

    assert asked == [SECTIONS] * 2  # the job's, and the worker's own look while a file is missing


@pytest.mark.parametrize("kind", ["html_200", "truncated_xml"])
def test_a_foreign_answer_never_empties_the_index(house: Inproc, kind: str) -> None:
    scene, item = house.pair("a/b.mp4")
    house.sync(scene)
    house.clock.advance(3_700.0)
    house.item("/media/unrelated.mp4")
    house.plex.faults.add(Fault(kind, route=ALL, times=6))
    house.sync(house.scene("/data/absent.mp4"))
    house.plex.faults.clear()

    house.look_for(300.0)
    house.change(scene, title="Still found")
    with house.writes_only(item):
        house.sync(scene)

    assert house.shown(item).title == "Still found"


def test_the_listing_of_another_library_never_empties_the_index(house: Inproc) -> None:
    scene, item = house.pair("a/b.mp4")
    house.sync(scene)
    house.plex.library.remove_item(house.item("/media/gone.mp4"))
    house.plex.faults.add(Fault("status", route=ALL, status=200, body="xml", times=6))
    house.sync(house.scene("/data/absent.mp4"))
    house.plex.faults.clear()

    house.change(scene, title="Still found")
    with house.writes_only(item):
        house.sync(scene)

    assert house.shown(item).title == "Still found"


@pytest.mark.parametrize("max_page", [7, 100])
def test_a_server_that_sends_smaller_pages_is_indexed_whole(house: Inproc, max_page: int) -> None:
    house.plex.switches.max_page = max_page
    house.plex.library.add_items(house.section, 150)
    scene, item = house.pair("a/last.mp4")

    with house.writes_only(item):
        house.sync(scene)


def test_a_server_that_wants_a_page_size_gets_one(house: Inproc) -> None:
    house.plex.switches.require_container_size = True
    scene, item = house.pair("a/b.mp4")

    with house.writes_only(item):
        house.sync(scene)


def test_a_server_ignoring_exclude_parameters_is_indexed(house: Inproc) -> None:
    house.plex.switches.exclude_elements_on_listing = False
    scene, item = house.pair("a/b.mp4")
    house.plex.library.change(item, genres=["x", "y", "z"], summary="Long.")

    with house.writes_only(item):
        house.sync(scene)


# -- files that are missing ---------------------------------------------------------------------


def test_jobs_whose_files_are_missing_share_one_look(house: Inproc) -> None:
    house.sync(house.pair("a/b.mp4")[0])
    absent = [house.scene(f"/data/absent/{number}.mp4") for number in range(300)]
    house.clock.advance(60.0)

    asked = house.requests_of(lambda: house.sync(*absent))

    assert asked == [SECTIONS] * 2  # theirs, and the worker's own look while files are missing
    assert house.waiting() == {"PlexNotFound": 300}


def test_the_gap_between_looks_grows_once_only_dead_letters_wait() -> None:
    assert library_poll_interval(waits=True, buried=True) == LIBRARY_LOOK_S
    assert library_poll_interval(waits=True, buried=False) == LIBRARY_LOOK_S
    assert library_poll_interval(waits=False, buried=True) == LIBRARY_LOOK_LATER_S
    assert library_poll_interval(waits=False, buried=False) is None


def test_the_library_is_polled_every_30_s_then_every_5_min(
    house: Inproc,
) -> None:
    house.sync(house.scene("/data/absent.mp4"))
    house.look_for(60.0)

    first = house.requests_of(lambda: house.look_for(600.0))
    house.look_for(TWO_HOURS_S)
    assert list(house.dead_letters()) == ["scene:1"]
    later = house.requests_of(lambda: house.look_for(3_000.0))

    assert 20 <= first.count(SECTIONS) <= 25  # every half minute, and the job's own few looks
    assert later == [SECTIONS] * 10


def test_nothing_is_asked_while_nothing_is_missing(house: Inproc) -> None:
    house.sync(house.pair("a/b.mp4")[0])

    assert house.requests_of(lambda: house.look_for(900.0)) == []


def test_a_waiting_job_completes_when_its_file_appears(house: Inproc) -> None:
    scene = house.scene("/data/a/late.mp4")
    other = house.scene("/data/a/never.mp4")
    house.sync(scene, other)
    house.look_for(1_500.0)
    item = house.item("/media/a/late.mp4")

    with house.writes_only(item):
        house.look(LOOK_S)

    assert house.shown(item).title == "Scene of /data/a/late.mp4"
    assert house.waiting() == {"PlexNotFound": 1}


def test_a_dead_letter_requeues_itself_when_its_file_appears(house: Inproc) -> None:
    scene, other = house.scene("/data/a/late.mp4"), house.scene("/data/a/never.mp4")
    house.sync(scene, other)
    house.look_for(TWO_HOURS_S)
    assert set(house.dead_letters()) == {"scene:1", "scene:2"}
    item = house.item("/media/a/late.mp4")

    with house.writes_only(item):
        house.look_for(LIBRARY_LOOK_LATER_S + LOOK_S)

    assert house.shown(item).title == "Scene of /data/a/late.mp4"
    assert set(house.dead_letters()) == {"scene:2"}


def test_a_dead_letter_requeues_after_another_jobs_listing(house: Inproc) -> None:
    item = house.item("/media/a/wrong name.mp4")
    house.clock.advance(3_000.0)
    house.item(
        "/media/newest.mp4"
    )  # so that a look at what was added since does not show the old one
    scene = house.scene("/data/a/right name.mp4")
    house.sync(scene)
    house.look_for(TWO_HOURS_S)
    house.plex.library.rename_file("/media/a/wrong name.mp4", "/media/a/right name.mp4")

    with house.writes_only(item):
        house.sync(house.scene("/data/a/never.mp4"))  # its miss has the library listed anew
        house.look_for(LIBRARY_LOOK_LATER_S + LOOK_S)

    assert house.shown(item).title == "Scene of /data/a/right name.mp4"


def test_more_dead_letters_than_a_thousand_revive(house: Inproc) -> None:
    house.look()
    scenes = [house.scene(f"/data/a/{number}.mp4", number + 1) for number in range(1_050)]
    house.note(*scenes)
    store = house.worker.components.store
    while jobs := store.claim():
        for job in jobs:
            path = f"/media/a/{job.scene_id - 1}.mp4"
            store.dead_letter(job, title="", reason="PlexNotFound", message="", candidates=[path])
    items = [house.item(f"/media/a/{number}.mp4", number + 1) for number in range(1_050)]

    with house.writes_only(*items):
        house.look_for(LIBRARY_LOOK_LATER_S + LOOK_S)

    assert house.dead_letters() == {}


def test_absent_scenes_of_a_subset_library_cost_nothing(
    house: Inproc,
) -> None:
    house.plex.library.add_items(house.section, 1_500)
    house.sync(house.scene("/data/absent/only.mp4"))
    one = house.requests_of(lambda: house.look_for(TWO_HOURS_S + 600.0))
    absent = [house.scene(f"/data/absent/{number}.mp4") for number in range(100)]
    house.sync(*absent)

    many = house.requests_of(lambda: house.look_for(TWO_HOURS_S + 600.0))

    assert set(many) == {SECTIONS, LISTING}
    assert (
        many.count(LISTING) <= one.count(LISTING) + 2
    )  # one listing, of two pages, for the one that expired
    assert (
        len(many) <= 2 * (TWO_HOURS_S + 600.0) / LOOK_S
    )  # however many they are: two for every half minute
    assert house.plex.writes() == []
