"""Test what finding a file costs: the index outlives its worker, Plex lists only what is new."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.match import CandidateEntry
from sync_queue.store import BATCH
from tests.emulators.plex_server import Fault
from tests.harness.in_process import POLL_S, InProcessHarness, in_process
from worker.resilience.retry_policy import (
    CLOSE_WATCH_S,
    LIBRARY_POLL_LATER_S,
    LIBRARY_POLL_S,
    NOT_FOUND_WAITS_S,
    library_poll_interval,
)

ALL = "/library/sections/1/all"
SECTIONS = "GET /library/sections"
LISTING = f"GET {ALL}"
TWO_HOURS_S = (
    sum(NOT_FOUND_WAITS_S) * 1.1 + len(NOT_FOUND_WAITS_S) * POLL_S
)  # looks are half a minute apart


def subjects_of_dead_letters(worker: InProcessHarness) -> set[str]:
    """Return the subjects that have a dead letter."""
    return {dead_letter.subject for dead_letter in worker.dead_letters()}


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[InProcessHarness]:
    with in_process(tmp_path) as made:
        yield made


# -- the index ----------------------------------------------------------------------------------


def test_a_cold_library_costs_one_request_per_1000_items(worker: InProcessHarness) -> None:
    worker.plex.library.add_items(worker.section, 2_300)
    scene, item = worker.pair("a/wanted.mp4")

    with worker.writes_only(item):
        asked = worker.requests_of(lambda: worker.sync(scene))

    assert asked.count(LISTING) == 3
    assert len(asked) <= 3 + 5


def test_a_warm_library_costs_one_request_even_after_a_restart(worker: InProcessHarness) -> None:
    worker.plex.library.add_items(worker.section, 1_500)
    scene, item = worker.pair("a/wanted.mp4")
    worker.sync(scene)
    worker.restart()
    worker.change(scene, title="Again")

    with worker.writes_only(item):
        asked = worker.requests_of(lambda: worker.sync(scene))

    assert asked.count(SECTIONS) == 1
    assert LISTING not in asked


def test_many_new_items_are_found_by_what_was_added_since(worker: InProcessHarness) -> None:
    worker.plex.library.add_items(worker.section, 1_500)
    worker.clock.advance(3_000.0)
    worker.sync(worker.pair("a/first.mp4")[0])
    pairs = [worker.pair(f"b/{number}.mp4") for number in range(5)]

    with worker.writes_only(*(item for _, item in pairs)):
        asked = worker.requests_of(lambda: worker.sync(*(scene for scene, _ in pairs)))

    assert asked.count(LISTING) == 1
    assert "addedAt" in [one.target for one in worker.plex.requests if one.path == ALL][-6]


def test_many_waiting_jobs_share_one_listing_per_marker_move(worker: InProcessHarness) -> None:
    worker.plex.library.add_items(worker.section, 1_500)
    worker.clock.advance(3_000.0)
    worker.add_item("/media/newest.mp4")
    absent = [worker.add_scene(f"/data/absent/{number}.mp4") for number in range(BATCH + 20)]
    worker.sync(*absent)
    worker.clock.advance(600.0)
    worker.add_item("/media/unrelated.mp4")

    asked = worker.requests_of(lambda: worker.run_for(120.0))

    assert asked.count(LISTING) == 1 + 2  # added since, and the whole listing once
    assert set(asked) == {SECTIONS, LISTING}
    assert worker.plex.writes() == []


def test_a_broken_listing_leaves_the_old_index_in_place(
    worker: InProcessHarness,
) -> None:
    worker.plex.library.add_items(worker.section, 1_200)
    scene, item = worker.pair("a/kept.mp4")
    worker.sync(scene)
    worker.clock.advance(600.0)
    worker.add_item("/media/unrelated.mp4")
    missing = worker.add_scene("/data/missing.mp4")
    worker.plex.faults.add(
        Fault("cut", route=ALL, nth=3, times=None)
    )  # added since, the first page, then nothing

    worker.sync(missing)
    worker.plex.faults.clear()
    worker.restart()
    worker.change(scene, title="Still found")
    with worker.writes_only(item):
        worker.sync(scene)

    assert worker.shown(item).title == "Still found"


@pytest.mark.parametrize("gone", ["removed", "trashed"])
def test_an_item_that_is_gone_is_never_written(worker: InProcessHarness, gone: str) -> None:
    scene, item = worker.pair("a/b/c.mp4")
    _, other = worker.pair("a/b/d.mp4")
    worker.sync(scene)
    if gone == "removed":
        worker.plex.library.remove_item(item)
    else:
        worker.plex.switches.auto_empty_trash = False
        worker.plex.library.delete_file("/media/a/b/c.mp4")
        worker.plex.library.scan(worker.section)

    worker.change(scene, title="Changed")
    with worker.writes_only(*([item] if gone == "trashed" else [])):
        worker.sync(scene)

    assert worker.shown(other).title == "d"


def test_an_optimised_version_is_no_file_of_the_item(worker: InProcessHarness) -> None:
    item = worker.add_item("/media/a/film.mp4")
    worker.plex.library.add_version(item, [("/media/a/phone.mp4", 10)], proxy_type=42)
    scene = worker.add_scene("/data/a/phone.mp4", 10)

    with worker.writes_only():
        worker.sync(scene)

    assert worker.waiting() == {"PlexNotFound": 1}


def test_an_old_index_is_listed_again_only_when_a_look_up_misses(worker: InProcessHarness) -> None:
    scene, item = worker.pair("a/b.mp4")
    worker.sync(scene)
    worker.clock.advance(3_700.0)
    worker.change(scene, title="Found without asking")

    hit = worker.requests_of(lambda: worker.sync(scene))
    missed = worker.requests_of(lambda: worker.sync(worker.add_scene("/data/absent.mp4")))

    assert LISTING not in hit
    assert missed.count(LISTING) == 1
    assert worker.shown(item).title == "Found without asking"


def test_within_the_hour_a_miss_costs_one_look_at_the_marker(worker: InProcessHarness) -> None:
    worker.sync(worker.pair("a/b.mp4")[0])
    worker.clock.advance(3_000.0)

    asked = worker.requests_of(lambda: worker.sync(worker.add_scene("/data/absent.mp4")))

    assert asked == [SECTIONS] * 2  # the job's, and the worker's own look while a file is missing


@pytest.mark.parametrize("kind", ["html_200", "truncated_xml"])
def test_a_foreign_answer_never_empties_the_index(worker: InProcessHarness, kind: str) -> None:
    scene, item = worker.pair("a/b.mp4")
    worker.sync(scene)
    worker.clock.advance(3_700.0)
    worker.add_item("/media/unrelated.mp4")
    worker.plex.faults.add(Fault(kind, route=ALL, times=6))
    worker.sync(worker.add_scene("/data/absent.mp4"))
    worker.plex.faults.clear()

    worker.run_for(300.0)
    worker.change(scene, title="Still found")
    with worker.writes_only(item):
        worker.sync(scene)

    assert worker.shown(item).title == "Still found"


def test_the_listing_of_another_library_never_empties_the_index(worker: InProcessHarness) -> None:
    scene, item = worker.pair("a/b.mp4")
    worker.sync(scene)
    worker.plex.library.remove_item(worker.add_item("/media/gone.mp4"))
    worker.plex.faults.add(Fault("status", route=ALL, status=200, body="xml", times=6))
    worker.sync(worker.add_scene("/data/absent.mp4"))
    worker.plex.faults.clear()

    worker.change(scene, title="Still found")
    with worker.writes_only(item):
        worker.sync(scene)

    assert worker.shown(item).title == "Still found"


@pytest.mark.parametrize("max_page", [7, 100])
def test_a_server_that_sends_smaller_pages_is_indexed_whole(
    worker: InProcessHarness, max_page: int
) -> None:
    worker.plex.switches.max_page = max_page
    worker.plex.library.add_items(worker.section, 150)
    scene, item = worker.pair("a/last.mp4")

    with worker.writes_only(item):
        worker.sync(scene)


def test_a_server_that_wants_a_page_size_gets_one(worker: InProcessHarness) -> None:
    worker.plex.switches.require_container_size = True
    scene, item = worker.pair("a/b.mp4")

    with worker.writes_only(item):
        worker.sync(scene)


def test_a_server_ignoring_exclude_parameters_is_indexed(worker: InProcessHarness) -> None:
    worker.plex.switches.exclude_elements_on_listing = False
    scene, item = worker.pair("a/b.mp4")
    worker.plex.library.change(item, genres=["x", "y", "z"], summary="Long.")

    with worker.writes_only(item):
        worker.sync(scene)


# -- files that are missing ---------------------------------------------------------------------


def test_jobs_whose_files_are_missing_share_one_look(worker: InProcessHarness) -> None:
    worker.sync(worker.pair("a/b.mp4")[0])
    absent = [worker.add_scene(f"/data/absent/{number}.mp4") for number in range(BATCH + 20)]
    worker.clock.advance(60.0)

    asked = worker.requests_of(lambda: worker.sync(*absent))

    assert asked == [SECTIONS] * 2  # theirs, and the worker's own look while files are missing
    assert worker.waiting() == {"PlexNotFound": BATCH + 20}


def test_the_gap_between_looks_grows_once_only_dead_letters_wait() -> None:
    assert library_poll_interval(has_waiting=True, has_dead_letters=True) == LIBRARY_POLL_S
    assert library_poll_interval(has_waiting=True, has_dead_letters=False) == LIBRARY_POLL_S
    assert library_poll_interval(has_waiting=False, has_dead_letters=True) == LIBRARY_POLL_LATER_S
    assert library_poll_interval(has_waiting=False, has_dead_letters=False) is None


@pytest.mark.parametrize(
    ("watched_for", "interval_s"),
    [
        (0.0, LIBRARY_POLL_S),
        (CLOSE_WATCH_S - 1, LIBRARY_POLL_S),
        (CLOSE_WATCH_S, LIBRARY_POLL_LATER_S),
        (None, None),
    ],
)
def test_a_watched_library_is_polled_less_after_two_hours(
    watched_for: float | None, interval_s: float | None
) -> None:
    assert interval_s == library_poll_interval(
        has_waiting=False, has_dead_letters=False, watched_for=watched_for
    )


def test_the_library_is_polled_every_30_s_then_every_5_min(
    worker: InProcessHarness,
) -> None:
    worker.sync(worker.add_scene("/data/absent.mp4"))
    worker.run_for(60.0)

    first = worker.requests_of(lambda: worker.run_for(600.0))
    worker.run_for(TWO_HOURS_S)
    assert [dead_letter.subject for dead_letter in worker.dead_letters()] == ["scene:1"]
    later = worker.requests_of(lambda: worker.run_for(3_000.0))

    assert 20 <= first.count(SECTIONS) <= 25  # every half minute, and the job's own few looks
    assert later == [SECTIONS] * 10


def test_nothing_is_asked_while_nothing_is_missing(worker: InProcessHarness) -> None:
    worker.sync(worker.pair("a/b.mp4")[0])

    assert worker.requests_of(lambda: worker.run_for(900.0)) == []


def test_a_waiting_job_completes_when_its_file_appears(worker: InProcessHarness) -> None:
    scene = worker.add_scene("/data/a/late.mp4")
    other = worker.add_scene("/data/a/never.mp4")
    worker.sync(scene, other)
    worker.run_for(1_500.0)
    item = worker.add_item("/media/a/late.mp4")

    with worker.writes_only(item):
        worker.run_until_idle(POLL_S)

    assert worker.shown(item).title == "Scene of /data/a/late.mp4"
    assert worker.waiting() == {"PlexNotFound": 1}


def test_a_dead_letter_requeues_itself_when_its_file_appears(worker: InProcessHarness) -> None:
    scene, other = worker.add_scene("/data/a/late.mp4"), worker.add_scene("/data/a/never.mp4")
    worker.sync(scene, other)
    worker.run_for(TWO_HOURS_S)
    assert subjects_of_dead_letters(worker) == {"scene:1", "scene:2"}
    item = worker.add_item("/media/a/late.mp4")

    with worker.writes_only(item):
        worker.run_for(LIBRARY_POLL_LATER_S + POLL_S)

    assert worker.shown(item).title == "Scene of /data/a/late.mp4"
    assert subjects_of_dead_letters(worker) == {"scene:2"}


def test_a_dead_letter_requeues_after_another_jobs_listing(worker: InProcessHarness) -> None:
    item = worker.add_item("/media/a/wrong name.mp4")
    worker.clock.advance(3_000.0)
    worker.add_item(
        "/media/newest.mp4"
    )  # so that a look at what was added since does not show the old one
    scene = worker.add_scene("/data/a/right name.mp4")
    worker.sync(scene)
    worker.run_for(TWO_HOURS_S)
    worker.plex.library.rename_file("/media/a/wrong name.mp4", "/media/a/right name.mp4")

    with worker.writes_only(item):
        worker.sync(worker.add_scene("/data/a/never.mp4"))  # its miss lists the library again
        worker.run_for(LIBRARY_POLL_LATER_S + POLL_S)

    assert worker.shown(item).title == "Scene of /data/a/right name.mp4"


def test_more_dead_letters_than_a_thousand_revive(worker: InProcessHarness) -> None:
    worker.run_until_idle()
    scenes = [worker.add_scene(f"/data/a/{number}.mp4", number + 1) for number in range(1_050)]
    worker.enqueue(*scenes)
    store = worker.store
    while jobs := store.claim():
        for job in jobs:
            path = f"/media/a/{job.scene_id - 1}.mp4"
            store.dead_letter(
                job, title="", reason="PlexNotFound", message="", candidates=[CandidateEntry(path)]
            )
    items = [worker.add_item(f"/media/a/{number}.mp4", number + 1) for number in range(1_050)]

    with worker.writes_only(*items):
        worker.run_for(LIBRARY_POLL_LATER_S + POLL_S)

    assert worker.dead_letters() == []


def test_absent_scenes_of_a_subset_library_cost_nothing(
    worker: InProcessHarness,
) -> None:
    worker.plex.library.add_items(worker.section, 1_500)
    worker.sync(worker.add_scene("/data/absent/only.mp4"))
    one = worker.requests_of(lambda: worker.run_for(TWO_HOURS_S + 600.0))
    absent = [worker.add_scene(f"/data/absent/{number}.mp4") for number in range(30)]
    worker.sync(*absent)

    many = worker.requests_of(lambda: worker.run_for(TWO_HOURS_S + 600.0))

    assert set(many) == {SECTIONS, LISTING}
    assert (
        many.count(LISTING) <= one.count(LISTING) + 2
    )  # one listing, of two pages, for the one that expired
    assert (
        len(many) <= 2 * (TWO_HOURS_S + 600.0) / POLL_S
    )  # however many they are: two for every half minute
    assert worker.plex.writes() == []
