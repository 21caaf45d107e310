"""Test what is written to an item, what is left alone, and that no other item is touched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.fields import EDIT_FIELDS
from core.match import Confidence
from tests.emulators.plex_server import Fault
from tests.emulators.stash_images import png
from tests.harness.every_field import EVERY_FIELD_ON
from tests.harness.in_process import FULL, InProcessHarness, among_bystanders
from tests.harness.requests import arguments, removed_names, sent_names


@pytest.fixture(params=[False, True], ids=["tags are added", "tags are replaced"])
def worker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InProcessHarness]:
    with among_bystanders(tmp_path, request.param) as made:
        yield made


def genres(worker: InProcessHarness, item: int) -> set[str]:
    return set(worker.shown(item).genres)


# -- names --------------------------------------------------------------------------------------


def test_genres_and_actors_go_and_foreign_collections_stay(
    worker: InProcessHarness,
) -> None:
    scene, item = worker.pair("a.mp4", **FULL)
    worker.plex.library.change(
        item, genres=["old", "train"], roles=["Theirs"], collections=["Mine"], labels=["x"]
    )

    with worker.writes_only(item):
        worker.sync(scene)

    shown = worker.shown(item)
    assert genres(worker, item) == {"train", "night"}
    assert (set(shown.roles), set(shown.collections)) == ({"Mia", "Jon"}, {"Aurora", "Mine"})
    assert shown.labels == ["x"]


def test_our_studio_collection_goes_and_foreign_ones_stay(worker: InProcessHarness) -> None:
    scene, item = worker.pair("a.mp4", **FULL)
    worker.sync(scene)
    worker.plex.library.change(item, collections=["Aurora", "Mine"])
    worker.change(scene, studio="Borealis")

    with worker.writes_only(item):
        worker.sync(scene)

    assert set(worker.shown(item).collections) == {"Borealis", "Mine"}


def test_a_collection_that_was_there_before_us_is_never_ours(worker: InProcessHarness) -> None:
    scene, item = worker.pair("a.mp4", **FULL)
    worker.plex.library.change(item, collections=["Aurora"])
    worker.sync(scene)
    worker.change(scene, studio="Borealis")

    with worker.writes_only(item):
        worker.sync(scene)

    assert set(worker.shown(item).collections) == {"Aurora", "Borealis"}


def test_another_spelling_of_a_name_is_the_same_name(worker: InProcessHarness) -> None:
    scene, item = worker.pair("a.mp4", **FULL)
    worker.sync(scene)
    worker.plex.library.change(
        item, genres=["TRAIN", "Night"], roles=["MIA", "jon"], collections=["AURORA"]
    )

    with worker.writes_only():
        worker.sync(scene)


def test_a_tag_spelled_otherwise_by_plex_is_not_rewritten(worker: InProcessHarness) -> None:
    scene, item = worker.pair(
        "a.mp4", tags=["TRAIN"]
    )  # the bystanders' "train" is the server's spelling

    worker.sync(scene)
    with worker.writes_only():
        worker.change(scene, tags=["Train"])
        worker.sync(scene)

    assert genres(worker, item) == {"train"}


def test_actors_of_a_fresh_item_keep_their_order_however_many(worker: InProcessHarness) -> None:
    names = [f"Actor {number:02}" for number in range(25)]
    scene, item = worker.pair("a.mp4", performers=list(reversed(names)))

    with worker.writes_only(item):
        worker.sync(scene)

    assert worker.shown(item).roles == names


def test_commas_and_plus_signs_survive_writing_and_removing(worker: InProcessHarness) -> None:
    odd = ["A, B", "A", "B", "C+D", "C D", "50%2C", "E&F", "100%", "G=H#I"]
    scene, item = worker.pair("a.mp4", tags=odd)
    worker.sync(scene)
    assert genres(worker, item) == set(odd)

    for gone in ("A, B", "C+D", "50%2C", "100%"):
        odd.remove(gone)
        worker.change(scene, tags=odd)
        with worker.writes_only(item):
            worker.sync(scene)
        assert genres(worker, item) == set(odd)


def test_the_full_list_and_explicit_removals_travel_together(worker: InProcessHarness) -> None:
    scene, item = worker.pair("a.mp4", tags=["one", "two"])
    worker.sync(scene)
    worker.change(scene, tags=["two", "three"])

    worker.sync(scene)

    edit = worker.plex.writes()[-1]
    assert (sent_names(edit, "genre"), removed_names(edit, "genre")) == (["three", "two"], ["one"])
    assert genres(worker, item) == {"two", "three"}


def test_all_names_can_go(worker: InProcessHarness) -> None:
    scene, item = worker.pair("a.mp4", **FULL)
    worker.sync(scene)
    worker.change(scene, tags=[], performers=[], studio=None)

    with worker.writes_only(item):
        worker.sync(scene)

    shown = worker.shown(item)
    assert (shown.genres, shown.roles, shown.collections, shown.studio) == ([], [], [], None)


# -- failures of single fields ------------------------------------------------------------------


def test_a_date_that_the_server_answers_with_500_fails_alone(worker: InProcessHarness) -> None:
    worker.plex.switches.empty_date = "500"
    scene, item = worker.pair("a.mp4", **FULL)
    fine, other = worker.pair("b.mp4", **FULL)
    worker.sync(scene, fine)
    worker.change(scene, title="New", date=None, tags=["new"])

    with worker.writes_only(item):
        worker.sync(scene)
        worker.run_for(600.0)

    shown = worker.shown(item)
    assert (shown.title, genres(worker, item), shown.date) == ("New", {"new"}, "2024-03-09")
    assert "date" in worker.dead_letter(scene).message
    assert worker.dead_letter(scene).reason == "PlexRejected"
    assert worker.waiting() == {}
    assert worker.shown(other).title == "Night Train"


def test_the_retry_of_a_refused_field_sends_that_field_alone(worker: InProcessHarness) -> None:
    worker.plex.switches.empty_date = "500"
    scene, item = worker.pair("a.mp4", **FULL)
    worker.sync(scene)
    worker.change(scene, title="New", date=None)
    worker.sync(scene)
    worker.run_for(600.0)
    worker.plex.switches.empty_date = "clears"

    with worker.writes_only(item):
        worker.sync(scene)

    assert {name for name in arguments(worker.plex.writes()[-1]) if name.endswith(".value")} == {
        "originallyAvailableAt.value"
    }
    assert worker.shown(item).date is None
    assert worker.dead_letters() == []


def test_a_silently_dropped_edit_is_reported_once(worker: InProcessHarness) -> None:
    worker.plex.switches.empty_date = "ignored"
    scene, item = worker.pair("a.mp4", **FULL)
    worker.sync(scene)
    worker.change(scene, date=None)

    with worker.writes_only(item):
        worker.sync(scene)
        worker.run_for(600.0)

    reported = [text for text in worker.notices().values() if "does not show it" in text]
    assert len(reported) == 1
    assert f"scene {scene}" in reported[0]
    assert "date" in reported[0]
    assert worker.dead_letters() == []


def test_a_refused_edit_leaves_no_half_of_it_behind(worker: InProcessHarness) -> None:
    scene, item = worker.pair("a.mp4", **FULL)
    worker.plex.faults.add(Fault("status", method="PUT", status=400, times=1))

    with worker.writes_only(item):
        worker.sync(scene)

    shown = worker.shown(item)
    assert (shown.title, shown.studio, shown.date) == ("Night Train", "Aurora", "2024-03-09")
    assert worker.dead_letters() == []


# -- locks --------------------------------------------------------------------------------------


UNLOCKED = {"rating", "collection"}


def test_what_is_written_is_locked_by_its_rule(worker: InProcessHarness) -> None:
    worker.configure(**EVERY_FIELD_ON)
    scene, item = worker.pair("a.mp4", cover=png(1), code="AF-017", **FULL)

    worker.sync(scene)

    written = {field.plex for field in EDIT_FIELDS if field.name not in UNLOCKED}
    assert worker.shown(item).locked == written | {"thumb", "art"}
    assert worker.shown(item).user_rating == 8.0


def test_an_agent_changes_nothing_of_plexsyncs(worker: InProcessHarness) -> None:
    scene, item = worker.pair("a.mp4", cover=png(1), **FULL)
    worker.sync(scene)

    worker.plex.library.agent_refresh(item)

    shown = worker.shown(item)
    assert (shown.title, shown.studio, shown.summary) == ("Night Train", "Aurora", "Two strangers.")
    assert (shown.tagline, shown.date, shown.user_rating) == ("Ada", "2024-03-09", 8.0)
    assert (genres(worker, item), set(shown.roles)) == ({"train", "night"}, {"Mia", "Jon"})
    assert (shown.collections, shown.poster_bytes) == (["Aurora", "Agent collection"], png(1))


def test_without_locking_foreign_locks_stay(worker: InProcessHarness) -> None:
    worker.configure(c_lock_fields=False)
    scene, item = worker.pair("a.mp4", **FULL)
    worker.plex.library.change(item, locked={"studio"})

    worker.sync(scene)
    locked = worker.shown(item).locked
    worker.plex.library.agent_refresh(item)

    assert locked == {"studio"}
    assert (worker.shown(item).studio, worker.shown(item).summary) == (
        "Aurora",
        "Written by the agent.",
    )


# -- cost and confidence ------------------------------------------------------------------------


def test_unchanged_scenes_write_nothing(worker: InProcessHarness) -> None:
    for number in range(40):
        worker.pair(f"{number}.mp4", **{**FULL, "title": f"Scene {number}"})
    worker.sync_all()

    with worker.writes_only():
        asked = worker.requests_of(worker.sync_all)

    assert len(asked) <= 2 + 2  # one read for each batch of twenty, and the markers


def test_the_record_says_how_sure_the_match_was(worker: InProcessHarness) -> None:
    scene, item = worker.pair("a.mp4", **FULL)

    worker.sync(scene)

    assert worker.records(scene)[item].confidence == Confidence.HIGH.value
