"""Items are restored once the settings exclude their scene, if they ask for that."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.emulators.plex_server import Fault
from tests.flow.probes import run_task_text
from tests.flow.test_reconcile import reconcile
from tests.flow.test_restore import BEFORE, expected, facts
from tests.harness.every_field import EVERY_FIELD_ON
from tests.harness.images import picture
from tests.harness.in_process import FULL, InProcessHarness, in_process

RESTORE = {"b_only_organized": True, "b_on_excluded": "restore"}
ITEM = "/library/metadata/{ids}"


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[InProcessHarness]:
    with in_process(tmp_path, **EVERY_FIELD_ON) as made:
        yield made


def written(worker: InProcessHarness, name: str = "train.mp4", **fields: Any) -> tuple[int, int]:
    """An organized scene that was synced, and its item, which showed something else before."""
    scene, item = worker.pair(name, cover=picture(1), organized=True, **{**FULL, **fields})
    worker.plex.library.change(item, **BEFORE)
    worker.configure(**RESTORE)
    worker.sync(scene)
    assert worker.shown(item).title == FULL["title"]
    return scene, item


def exclude(worker: InProcessHarness, *scenes: int) -> None:
    for scene in scenes:
        worker.change(scene, organized=False)
    worker.sync(*scenes)


def test_an_item_shows_again_what_it_showed_before(worker: InProcessHarness) -> None:
    scene, item = worker.pair("train.mp4", cover=picture(1), organized=True, **FULL)
    worker.plex.library.change(item, **BEFORE)
    poster = worker.shown(item).poster_bytes
    worker.configure(**RESTORE)
    worker.sync(scene)

    with worker.writes_only(item):
        exclude(worker, scene)

    assert facts(worker.shown(item)) == expected()
    assert worker.shown(item).poster_bytes == poster
    assert worker.records(scene) == {}
    log = worker.worker_log()
    assert "what=restored" in log
    assert "scene.restored" in log and "reason=not_organized" in log


def test_it_is_restored_once(worker: InProcessHarness) -> None:
    scene, item = written(worker)
    exclude(worker, scene)
    before = worker.snapshot()

    requests = worker.requests_of(lambda: worker.sync(scene))

    assert worker.snapshot() == before
    assert [one for one in requests if one.startswith("PUT")] == []


def test_by_default_plex_keeps_what_was_written(worker: InProcessHarness) -> None:
    scene, item = written(worker)
    worker.configure(b_on_excluded="")

    with worker.touches_only():
        exclude(worker, scene)

    assert worker.shown(item).title == FULL["title"]


def test_a_scene_that_qualifies_again_is_written_again(worker: InProcessHarness) -> None:
    scene, item = written(worker)
    shown = facts(worker.shown(item))
    exclude(worker, scene)

    worker.change(scene, organized=True)
    worker.sync(scene)
    written_again = facts(worker.shown(item))
    exclude(worker, scene)

    # Plex has the cover already, and choosing an image locks it on some servers only.
    assert {**written_again, "locked": set()} == {**shown, "locked": set()}
    assert facts(worker.shown(item)) == expected()


@pytest.mark.parametrize("preserve", [False, True])
def test_an_edit_by_hand_stays(worker: InProcessHarness, preserve: bool) -> None:
    worker.configure(c_preserve_plex_edits=preserve)
    # A locked value would count as an edit by hand from the beginning.
    scene, item = worker.pair("train.mp4", organized=True, **FULL)
    worker.plex.library.change(item, **{**BEFORE, "locked": set()})
    worker.configure(**RESTORE)
    worker.sync(scene)
    worker.plex.library.change(item, summary="By hand.")

    exclude(worker, scene)

    shown = worker.shown(item)
    assert (shown.title, shown.summary) == (BEFORE["title"], "By hand.")


def test_no_record_means_no_request_to_plex(worker: InProcessHarness) -> None:
    worker.configure(**RESTORE)
    scene, _ = worker.pair("train.mp4", **FULL)

    requests = worker.requests_of(lambda: worker.sync(scene))

    assert requests == []


def test_never_by_an_override_puts_nothing_back(worker: InProcessHarness) -> None:
    scene, item = written(worker)
    worker.configure(b_match_overrides=f"scene {scene} => never")

    with worker.touches_only():
        worker.sync(scene)

    assert worker.shown(item).title == FULL["title"]


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_what_plex_interrupts_is_finished_later(worker: InProcessHarness, nth: int) -> None:
    scene, item = written(worker)
    worker.plex.faults.add(Fault(method="PUT", nth=nth, times=1, status=503))

    exclude(worker, scene)
    worker.run_for(300.0)

    assert facts(worker.shown(item)) == expected()
    assert worker.records(scene) == {}
    assert worker.jobs() == []


class Killed(BaseException):
    """The worker's process is killed here."""


@pytest.mark.parametrize("after", [1, 3, 5, 7, 9])
def test_a_killed_worker_leaves_nothing_half_done(worker: InProcessHarness, after: int) -> None:
    """It is killed after some answer of Plex, in the midst of two items."""
    other = worker.plex.library.add_section("Other", ["/media"]).key
    second = worker.add_item("/media/train.mp4", section=other)
    worker.plex.library.change(second, **BEFORE)
    scene, first = written(worker)
    answers: list[int] = []

    def on_heartbeat() -> None:
        answers.append(1)
        if len(answers) > after:
            raise Killed

    worker.change(scene, organized=False)
    worker.clock.advance(60.0)
    worker.enqueue(scene)
    worker.on_heartbeat = on_heartbeat
    with contextlib.suppress(Killed):
        worker.tick()
    worker.on_heartbeat = lambda: None
    assert len(answers) > after
    worker.restart()

    worker.run_for(120.0)

    assert [facts(worker.shown(item)) for item in (first, second)] == [expected()] * 2
    assert (worker.records(scene), worker.jobs(), worker.dead_letters()) == ({}, [], [])


def test_a_job_that_is_killed_before_its_end_is_repeated(worker: InProcessHarness) -> None:
    def kill(name: str) -> None:
        if name == "drain.synced":
            raise Killed

    scene, item = written(worker)
    worker.end_worker()
    worker.begin_worker(kill)
    worker.change(scene, organized=False)
    worker.clock.advance(60.0)
    worker.enqueue(scene)
    with pytest.raises(Killed):
        worker.tick()
    worker.restart()

    worker.run_for(120.0)

    assert facts(worker.shown(item)) == expected()
    assert (worker.jobs(), worker.dead_letters()) == ([], [])


def test_a_refused_value_is_a_dead_letter_and_tried_once(worker: InProcessHarness) -> None:
    scene, item = written(worker)
    worker.plex.faults.add(Fault(method="PUT", times=None, status=400))
    exclude(worker, scene)
    (dead_letter,) = worker.dead_letters()
    worker.plex.faults.clear()

    run = reconcile(worker)

    assert dead_letter.reason == "PlexRejected"
    assert f"of scene {scene}" in dead_letter.message
    assert (run["gaps"], run["enqueued"]) == ({"excluded": 1}, {})
    assert worker.shown(item).title == FULL["title"]


def test_an_item_of_another_included_scene_is_left_to_it(worker: InProcessHarness) -> None:
    scene, item = written(worker)
    other = worker.stash.library.add_scene("/data/train.mp4", 1_000, organized=True, title="Other")
    worker.sync(other)  # the item is the first scene's

    exclude(worker, scene)

    assert worker.shown(item).title == "Other"
    assert worker.shown(item).summary != FULL["details"]
    assert (list(worker.records(scene)), list(worker.records(other))) == ([], [item])


def test_a_chosen_scene_gets_the_item_with_what_is_known(worker: InProcessHarness) -> None:
    scene, item = written(worker)
    other = worker.add_scene("/data/elsewhere.mp4", organized=True, title="Other")
    worker.configure(b_match_overrides=f"scene {other} => item {item}")

    exclude(worker, scene)
    worker.run_for(60.0)

    assert worker.shown(item).title == "Other"
    assert worker.shown(item).collections == ["Mine"]  # the studio's is known as PlexSync's
    assert (list(worker.records(scene)), list(worker.records(other))) == ([], [item])


def test_two_excluded_scenes_of_one_item_restore_it(worker: InProcessHarness) -> None:
    scene, item = written(worker)
    other = worker.stash.library.add_scene("/data/train.mp4", 1_000, organized=True, title="Other")
    worker.sync(other)

    exclude(worker, scene, other)

    assert facts(worker.shown(item)) == expected()


def test_another_scene_that_has_the_id_now_restores_nothing(worker: InProcessHarness) -> None:
    """A full import of Stash gives every scene another ID."""
    scene, item = written(worker)
    library = worker.stash.library
    (file_id,) = library.scenes[scene].file_ids
    newcomer = library.add_scene("/data/new.mp4", 7, organized=False)
    (new_file,) = library.scenes[newcomer].file_ids
    library.change_scene(scene, touch=True, file_ids=(new_file,), organized=False)
    library.change_scene(newcomer, touch=True, file_ids=(file_id,), organized=True)

    with worker.touches_only():
        worker.sync(scene)

    assert worker.shown(item).title == FULL["title"]


def test_a_missing_library_makes_the_job_wait(worker: InProcessHarness) -> None:
    worker.configure(a_plex_libraries="Scenes, Other")
    worker.plex.library.add_section("Other", ["/other"])
    scene, item = written(worker)
    worker.plex.library.sections[worker.section].title = "Renamed"
    worker.restart()

    exclude(worker, scene)

    assert worker.reasons() == {"LibraryMissing"}
    assert worker.shown(item).title == FULL["title"]


def test_comparing_finds_what_a_changed_setting_excludes(worker: InProcessHarness) -> None:
    scene, item = written(worker)
    worker.configure(b_min_rating=90)
    worker.clock.advance(60.0)

    first = reconcile(worker)
    restored = facts(worker.shown(item))
    second = reconcile(worker)

    assert (first["gaps"], first["left_out"]) == ({"excluded": 1}, {"low_rating": 1})
    assert restored == expected()
    assert (second["gaps"], second["left_out"]) == ({}, {"low_rating": 1})


def test_dry_runs_show_what_would_be_restored(worker: InProcessHarness) -> None:
    scene, item = written(worker)
    worker.change(scene, organized=False)
    worker.configure(f_test_scene=scene)
    before = worker.snapshot()

    texts = {mode: run_task_text(worker, mode) for mode in ("dry_run", "reconcile_dry_run")}
    tested = run_task_text(worker, "test_scene")

    for text in texts.values():
        assert "1 scene left out by the settings: 1 not organized." in text
    assert "Items of 1 scene left out would be put back." in texts["dry_run"]
    assert "it is not organized, and Plex still shows" in texts["reconcile_dry_run"]
    assert "it is not organized, and a sync puts back what 1 item showed" in tested
    assert worker.snapshot() == before
