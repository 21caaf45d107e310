"""Test that changes without a hook are found by comparison, named, and repaired once."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from reconciliation.run import request_run
from sync_queue.hook_queue import connect
from sync_queue.meta import MetaStore
from sync_queue.store import JobStore
from tests.emulators.plex_server import Fault
from tests.harness.images import picture
from tests.harness.in_process import InProcessHarness
from validation.scope import ALL, Scope

HOUR_S = 3_600.0


def reconcile(worker: InProcessHarness, scope: Scope = ALL) -> dict[str, Any]:
    """Press the button and let the worker do everything; the run as the history shows it."""
    asked_at = press(worker, scope)
    worker.work_until(lambda: newest(worker).get("asked_at") == asked_at, step=1.0)
    run = newest(worker)
    worker.work_for(20.0)
    return run


def press(worker: InProcessHarness, scope: Scope = ALL) -> float:
    """Press the button only; return the time that identifies the request."""
    worker.clock.advance(10.0)
    with contextlib.closing(connect(str(worker.data))) as connection:
        return request_run(
            MetaStore(JobStore(connection, worker.clock)), scope, worker.clock.wall()
        ).asked_at


def newest(worker: InProcessHarness) -> dict[str, Any]:
    path = worker.data / "reconciliation.json"
    runs = json.loads(path.read_text())["runs"] if path.exists() else []
    return runs[0] if runs else {}


def full_scene(worker: InProcessHarness, name: str = "a.mp4", **fields: Any) -> int:
    """A scene with everything, synced, and half an hour later."""
    values: dict[str, Any] = {
        "title": f"Title {name}",
        "studio": "Aurora",
        "details": "Words.",
        "date": "2024-01-02",
    }
    values |= {
        "performers": ["Ann", "Bea"],
        "tags": ["night", "train"],
        "cover": picture(1),
        **fields,
    }
    scene = worker.scene(name, **values)
    worker.clock.advance(10.0)
    worker.enqueue(scene)
    worker.work()
    worker.clock.advance(HOUR_S / 2)
    return scene


def test_a_library_in_step_has_no_gap_and_nothing_is_written(worker: InProcessHarness) -> None:
    for number in range(3):
        full_scene(worker, f"{number}.mp4")
    writes = len(worker.plex.writes())

    run = reconcile(worker)

    assert (run["gaps"], run["enqueued"], run["checked"]) == ({}, {}, 3)
    assert len(worker.plex.writes()) == writes


def rename_in_database(table: dict[int, Any], old: str, new: str) -> None:
    """Rename without a hook and a new timestamp, so that the catch-up cannot see it either."""
    which = next(each.id for each in table.values() if each.name == old)
    table[which] = replace(table[which], name=new)


PLANTED: dict[str, tuple[Callable[[InProcessHarness, int], object], dict[str, dict[str, int]]]] = {
    "a tag that was written into the database": (
        lambda worker, scene: worker.stash.library.change_scene(
            scene, touch=False, tag_ids=(worker.stash.library.tag_id("silent"),)
        ),
        {"stale": {"tags": 1}},
    ),
    "a performer with another name": (
        lambda worker, scene: rename_in_database(worker.stash.library.performers, "Ann", "Anne"),
        {"stale": {"performers": 1}},
    ),
    "a tag with another name": (
        lambda worker, scene: rename_in_database(worker.stash.library.tags, "night", "dusk"),
        {"stale": {"tags": 1}},
    ),
    "performers of which one was merged into the other": (
        lambda worker, scene: worker.stash.library.change_all_scenes("performer_ids", 2, 1),
        {"stale": {"performers": 1}},
    ),
    "tags of which one was merged into the other": (
        lambda worker, scene: worker.stash.library.change_all_scenes("tag_ids", 2, 1),
        {"stale": {"tags": 1}},
    ),
    "a studio with another name": (
        lambda worker, scene: rename_in_database(
            worker.stash.library.studios, "Aurora", "Borealis"
        ),
        {"stale": {"studio": 1, "collection": 1}},
    ),
    "words that were written into the database": (
        lambda worker, scene: worker.stash.library.change_scene(
            scene, touch=False, details="Other words.", title="New"
        ),
        {"stale": {"title": 1, "summary": 1}},
    ),
    "a title that was changed in Plex": (
        lambda worker, scene: worker.plex.library.change(worker.item().rating_key, title="By hand"),
        {"drifted": {"title": 1}},
    ),
    "a genre that was removed in Plex": (
        lambda worker, scene: worker.plex.library.change(
            worker.item().rating_key, genres=["night"]
        ),
        {"drifted": {"tags": 1}},
    ),
    "an item that was emptied in Plex": (
        lambda worker, scene: worker.plex.library.change(
            worker.item().rating_key, summary="", studio="", genres=[], roles=[]
        ),
        {"drifted": {"summary": 1, "studio": 1, "tags": 1, "performers": 1}},
    ),
}


@pytest.mark.parametrize("what", PLANTED)
def test_each_gap_is_found_named_and_repaired_once(worker: InProcessHarness, what: str) -> None:
    plant, found = PLANTED[what]
    scene = full_scene(worker)
    bystander = full_scene(worker, "by.mp4", performers=["Cleo"], studio="Else", tags=["else"])
    plant(worker, scene)
    untouched = len(worker.edits("by.mp4"))

    run = reconcile(worker)
    again = reconcile(worker)

    desired = worker.stash.library.scene(scene)
    shown = worker.item(desired.files[0].path.removeprefix("/data/"))
    assert run["fields"] == found
    assert run["enqueued"] == dict.fromkeys(found, 1)
    assert (again["gaps"], again["enqueued"]) == ({}, {})
    assert (shown.title, shown.summary, shown.studio) == (
        desired.title,
        desired.details,
        desired.studio,
    )
    assert (set(shown.roles), set(shown.genres)) == (set(desired.performers), set(desired.tags))
    assert shown.collections == [desired.studio]
    assert len(worker.edits("by.mp4")) == untouched
    assert (worker.jobs(), worker.dead_letters(), bool(bystander)) == ([], [], True)


def test_what_plex_lacks_is_empty_field_by_field(worker: InProcessHarness) -> None:
    values: dict[str, Any] = {
        "studio": "Aurora",
        "details": "Words.",
        "date": "2024-01-02",
        "performers": ["Ann"],
        "tags": ["night"],
    }
    scene = worker.scene(title="Written", **values)
    worker.plex.library.change(
        worker.item().rating_key, title="Written", summary="Words.", collections=["Aurora"]
    )
    worker.clock.advance(HOUR_S)

    run = reconcile(worker)

    assert run["fields"] == {"empty": {"studio": 1, "date": 1, "performers": 1, "tags": 1}}
    assert (worker.item().studio, worker.item().genres) == ("Aurora", ["night"])
    assert worker.recorded_items(scene) == [worker.item().rating_key]
    assert reconcile(worker)["gaps"] == {}


def test_a_scene_missing_in_plex_is_queued_once(worker: InProcessHarness) -> None:
    worker.scene(in_plex=False, title="Elsewhere")
    worker.clock.advance(HOUR_S)

    first = reconcile(worker)
    waiting = worker.jobs()
    second = reconcile(worker)
    worker.work_for(4 * HOUR_S, step=60.0)
    dead_letters = worker.dead_letters()
    third = reconcile(worker)

    assert [run["gaps"] for run in (first, second, third)] == [{"missing": 1}] * 3
    assert [run["enqueued"] for run in (first, second, third)] == [{"missing": 1}, {}, {}]
    assert [(subject, reason) for subject, _, reason in waiting] == [("scene:1", "PlexNotFound")]
    assert [dead_letter.reason for dead_letter in dead_letters] == ["PlexNotFound"]
    assert worker.jobs() == []


def test_the_record_of_a_silently_deleted_scene_is_orphaned(worker: InProcessHarness) -> None:
    first, second, last = (full_scene(worker, name) for name in ("a.mp4", "b.mp4", "c.mp4"))
    for scene in (first, last):
        worker.stash.library.drop_scene(scene)
    writes = len(worker.plex.writes())

    run = reconcile(worker)

    assert (run["gaps"], run["enqueued"], run["checked"]) == ({"orphaned": 2}, {"orphaned": 2}, 1)
    assert [bool(worker.recorded_items(scene)) for scene in (first, second, last)] == [
        False,
        True,
        False,
    ]
    assert reconcile(worker)["gaps"] == {}
    assert len(worker.plex.writes()) == writes


def test_the_record_of_a_removed_item_is_orphaned(
    worker: InProcessHarness,
) -> None:
    scene = full_scene(worker)
    old = worker.item().rating_key
    worker.plex.library.remove_item(old)
    new = worker.plex.library.add_item(worker.section, [("/media/a.mp4", 1_000)])

    run = reconcile(worker)

    assert run["gaps"] == {"orphaned": 1}
    assert worker.recorded_items(scene) == [new]
    assert worker.item().title == "Title a.mp4"
    assert reconcile(worker)["gaps"] == {}


def test_a_file_moved_silently_on_both_sides_is_rematched(worker: InProcessHarness) -> None:
    scene = full_scene(worker)
    worker.stash.library.move_file("/data/a.mp4", "/data/new/a.mp4")
    worker.plex.library.rename_file("/media/a.mp4", "/media/new/a.mp4")
    writes = len(worker.plex.writes())

    run = reconcile(worker)
    again = reconcile(worker)

    assert run["gaps"] == {"orphaned": 1}
    assert worker.rows("SELECT path FROM records WHERE scene_id = ?", scene) == [
        ("/media/new/a.mp4",)
    ]
    assert again["gaps"] == {}
    assert len(worker.plex.writes()) == writes


def test_scenes_that_were_merged_leave_one_that_is_written(worker: InProcessHarness) -> None:
    kept, merged = full_scene(worker), full_scene(worker, "b.mp4")
    file = worker.stash.library.scenes[merged].file_ids[0]
    worker.stash.library.assign_file(kept, file)
    worker.stash.library.drop_scene(merged)

    run = reconcile(worker)
    again = reconcile(worker)

    assert run["gaps"]["orphaned"] == 1
    assert {worker.item(name).title for name in ("a.mp4", "b.mp4")} == {"Title a.mp4"}
    assert [bool(worker.recorded_items(scene)) for scene in (kept, merged)] == [True, False]
    assert again["gaps"] == {}


def test_a_poster_replaced_in_plex_has_drifted(worker: InProcessHarness) -> None:
    full_scene(worker)
    worker.clock.advance(60.0)
    worker.plex.library.change(worker.item().rating_key, poster=picture(9))

    run = reconcile(worker)

    assert run["fields"] == {"drifted": {"poster": 1}}
    assert worker.item().poster_bytes == picture(1)
    assert reconcile(worker)["gaps"] == {}


REFUSED = Fault("status", "POST", r"/library/metadata/\d+/posters", times=None, status=400)


def test_a_refused_poster_is_found_and_never_adopted(worker: InProcessHarness) -> None:
    fault = worker.plex.faults.add(replace(REFUSED, times=1))
    full_scene(worker)
    worker.set_first_trace()
    was_shown = worker.item().poster_bytes

    run = reconcile(worker)

    assert (fault.fired, was_shown == picture(1)) == (1, False)
    assert run["fields"] == {"stale": {"poster": 1}}
    assert worker.item().poster_bytes == picture(1)
    assert reconcile(worker)["gaps"] == {}


def test_a_poster_that_is_a_dead_letter_is_found(worker: InProcessHarness) -> None:
    worker.plex.faults.add(replace(REFUSED, status=500))
    full_scene(worker)
    worker.work_for(1.5 * HOUR_S, step=60.0)
    reasons = [dead_letter.reason for dead_letter in worker.dead_letters()]
    worker.plex.faults.clear()

    reconcile(worker)

    assert reasons == ["PlexTemporaryError"]
    assert worker.item().poster_bytes == picture(1)
    assert worker.dead_letters() == []


@pytest.mark.parametrize("status", [500, 503, 403, 404])
def test_a_list_of_images_that_fails_ends_no_comparison(
    worker: InProcessHarness, status: int
) -> None:
    scenes = [full_scene(worker, f"{number}.mp4") for number in range(6)]
    for number in range(6):
        key = worker.item(f"{number}.mp4").rating_key
        worker.plex.library.change(key, thumb=f"/library/metadata/{key}/thumb/1", title="Drifted")
    worker.plex.faults.add(replace(REFUSED, method="GET", status=status))

    run = reconcile(worker)

    assert (run["failed"], run["checked"]) == ("", len(scenes))
    assert run["fields"] == {"drifted": {"title": 6}}
    assert "breaker.transition" not in worker.worker_log()
    assert "reconcile.skipped" not in worker.worker_log()


def test_a_cover_that_stash_cannot_send_ends_no_comparison(worker: InProcessHarness) -> None:
    first, second = full_scene(worker), full_scene(worker, "b.mp4")
    worker.change(first, cover=picture(2))
    worker.stash.faults.fail(500, kind="screenshot", times=None)
    worker.plex.library.change(worker.item("b.mp4").rating_key, title="Drifted")

    run = reconcile(worker)

    assert (run["failed"], run["checked"]) == ("", 2)
    assert run["gaps"] == {"drifted": 1}
    assert second


def test_a_poster_refused_twice_is_a_gap_once_a_week(worker: InProcessHarness) -> None:
    fault = worker.plex.faults.add(replace(REFUSED))
    full_scene(worker)
    worker.set_first_trace()

    found = []
    for wait_s in (0.0, HOUR_S, 8 * 24 * HOUR_S, HOUR_S):
        worker.clock.advance(wait_s)
        worker.restart()
        found.append(reconcile(worker)["gaps"])

    assert found == [{"stale": 1}, {}, {"stale": 1}, {}]
    assert fault.fired == 3


def test_an_unseen_image_path_is_proven_by_the_list(worker: InProcessHarness) -> None:
    """The read that should have seen our path failed, and then the user chose another poster."""
    scene = full_scene(worker)
    record = worker.record(scene)
    poster = replace(record.images["poster"], item_path="")
    worker.context().records.save(record.with_images({"poster": poster}))
    worker.plex.library.change(worker.item().rating_key, poster=picture(9))

    run = reconcile(worker)

    assert run["fields"] == {"drifted": {"poster": 1}}
    assert worker.item().poster_bytes == picture(1)


def test_a_poster_path_that_merely_moved_is_read_one_time(worker: InProcessHarness) -> None:
    full_scene(worker)
    key = worker.item().rating_key
    worker.plex.library.change(key, thumb=f"/library/metadata/{key}/thumb/{int(worker.clock.now)}")

    runs = [reconcile(worker), reconcile(worker)]

    assert [run["gaps"] for run in runs] == [{}, {}]
    methods = [one.method for one in worker.plex.requests if one.path.endswith("/posters")]
    assert methods == ["POST", "GET"]


def test_hand_edits_are_no_gaps_where_they_are_preserved(worker: InProcessHarness) -> None:
    worker.configure(c_preserve_plex_edits=True)
    full_scene(worker)
    worker.clock.advance(60.0)
    key = worker.item().rating_key
    worker.plex.library.change(
        key, title="By hand", genres=["night"], summary="", poster=picture(9)
    )
    writes = len(worker.plex.writes())

    run = reconcile(worker)

    assert run["gaps"] == {}
    assert len(worker.plex.writes()) == writes


def test_a_new_cover_is_no_gap_where_a_poster_was_chosen(worker: InProcessHarness) -> None:
    worker.configure(c_preserve_plex_edits=True)
    scene = full_scene(worker)
    worker.plex.library.change(worker.item().rating_key, poster=picture(9))
    worker.change(scene, cover=picture(2))
    worker.enqueue(scene)
    worker.work()
    worker.change(scene, cover=picture(3))

    run = reconcile(worker)

    assert run["gaps"] == {}
    assert worker.item().poster_bytes == picture(9)


@pytest.mark.parametrize(
    "settings",
    [
        {"b_only_organized": True},
        {"b_excluded_tags": "NIGHT"},
        {"b_excluded_paths": "/data"},
        {"b_match_overrides": "scene 1 => never"},
        {"c_sync_title": False},
    ],
)
def test_what_the_user_excluded_is_no_gap(
    worker: InProcessHarness, settings: dict[str, Any]
) -> None:
    full_scene(worker)
    worker.configure(**settings)
    worker.plex.library.change(worker.item().rating_key, title="By hand")

    run = reconcile(worker)

    assert (run["gaps"], run["checked"]) == ({}, 1)
    assert worker.item().title == "By hand"


def test_a_missing_scene_is_no_gap_in_a_subset_library(worker: InProcessHarness) -> None:
    worker.configure(b_skip_not_found=True)
    worker.scene(in_plex=False)
    worker.clock.advance(HOUR_S)

    assert reconcile(worker)["gaps"] == {}


def test_a_scene_that_is_not_identified_yet_empties_nothing(worker: InProcessHarness) -> None:
    worker.scene()
    worker.plex.library.change(worker.item().rating_key, summary="Plex's own", genres=["theirs"])
    worker.clock.advance(HOUR_S)

    assert reconcile(worker)["gaps"] == {}
    assert (worker.item().summary, worker.item().genres) == ("Plex's own", ["theirs"])
    assert reconcile(worker)["gaps"] == {}


def test_a_cover_that_was_never_sent_is_a_gap(
    worker: InProcessHarness,
) -> None:
    worker.scene(title="a", cover=picture(1))
    worker.scene("drawn.mp4", title="drawn")
    worker.clock.advance(HOUR_S)

    first, second = reconcile(worker), reconcile(worker)

    assert (first["fields"], second["gaps"]) == (
        {"stale": {"poster": 1}},
        {},
    )  # the other scene has none
    assert worker.item().poster_bytes == picture(1)
    assert worker.edits() == []


def test_of_two_scenes_on_one_item_only_the_owner_counts(worker: InProcessHarness) -> None:
    full_scene(worker)
    worker.stash.library.add_scene("/data/copy/a.mp4", 1_000, title="The other one")
    worker.clock.advance(HOUR_S)

    run = reconcile(worker)

    assert (run["gaps"], run["checked"]) == ({}, 2)
    assert worker.item().title == "Title a.mp4"


def test_a_field_that_plex_refuses_is_not_tried_at_every_run(worker: InProcessHarness) -> None:
    scene = full_scene(worker)
    worker.plex.faults.add(Fault(method="PUT", status=400, times=None))
    worker.stash.library.change_scene(scene, touch=False, date="2024-05-06")

    first = reconcile(worker)
    reason = [dead_letter.reason for dead_letter in worker.dead_letters()]
    writes = len(worker.plex.writes())
    second = reconcile(worker)

    assert first["fields"] == {"stale": {"date": 1}}
    assert reason == ["PlexRejected"]
    assert second["gaps"] == {}
    assert len(worker.plex.writes()) == writes


def test_a_value_that_plex_drops_is_not_sent_at_every_run(worker: InProcessHarness) -> None:
    scene = full_scene(worker)
    worker.plex.switches.empty_date = "ignored"
    worker.stash.library.change_scene(scene, touch=False, date=None)

    first, second = reconcile(worker), reconcile(worker)

    assert (first["fields"], second["gaps"]) == ({"stale": {"date": 1}}, {})


def test_a_fight_is_ended_by_comparing_alone(worker: InProcessHarness) -> None:
    """Each comparison repairs what another program sets, until the values are suspended."""
    full_scene(worker)
    item = worker.item().rating_key
    gaps = []
    for number in range(6):
        worker.plex.library.change(item, genres=["theirs"], poster=picture(50 + number))
        gaps.append(reconcile(worker)["gaps"])

    shown = worker.item()
    assert gaps == [{"drifted": 1}] * 3 + [{}] * 3
    assert (shown.genres, shown.poster_bytes) == (["theirs"], picture(55))
    assert {"overwritten:tags", "overwritten:poster"} <= set(worker.notices())
