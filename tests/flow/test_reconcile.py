"""What no hook tells of is found by comparing both sides, named rightly, repaired, and then there is silence."""

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
from tests.flow.house import Workroom, picture
from validation.scope import ALL, Scope

HOUR_S = 3_600.0


def reconcile(room: Workroom, scope: Scope = ALL) -> dict[str, Any]:
    """Press the button and let the worker do everything; the run as the history shows it."""
    asked_at = press(room, scope)
    room.work_until(lambda: newest(room).get("asked_at") == asked_at, step=1.0)
    run = newest(room)
    room.work_for(20.0)
    return run


def press(room: Workroom, scope: Scope = ALL) -> float:
    """Press the button only; the moment that names the wish."""
    room.clock.advance(10.0)
    with contextlib.closing(connect(str(room.data))) as connection:
        return request_run(
            MetaStore(JobStore(connection, room.clock)), scope, room.clock.wall()
        ).asked_at


def newest(room: Workroom) -> dict[str, Any]:
    path = room.data / "reconciliation.json"
    runs = json.loads(path.read_text())["runs"] if path.exists() else []
    return runs[0] if runs else {}


def full_scene(room: Workroom, name: str = "a.mp4", **fields: Any) -> int:
    """A scene with everything, synced, and half an hour later."""
    values = {
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
    scene = room.scene(name, **values)
    room.clock.advance(10.0)
    room.note(scene)
    room.work()
    room.clock.advance(HOUR_S / 2)
    return scene


def test_a_library_in_step_has_no_gap_and_nothing_is_written(room: Workroom) -> None:
    for number in range(3):
        full_scene(room, f"{number}.mp4")
    writes = len(room.plex.writes())

    run = reconcile(room)

    assert (run["gaps"], run["enqueued"], run["checked"]) == ({}, {}, 3)
    assert len(room.plex.writes()) == writes


def rename_in_database(table: dict[int, Any], old: str, new: str) -> None:
    """No hook tells of it and no time moves, so the catch-up cannot see it either."""
    which = next(each.id for each in table.values() if each.name == old)
    table[which] = replace(table[which], name=new)


PLANTED: dict[str, tuple[Callable[[Workroom, int], object], dict[str, dict[str, int]]]] = {
    "a tag that was written into the database": (
        lambda room, scene: room.stash.library.change_scene(
            scene, touch=False, tag_ids=(room.stash.library.tag_id("silent"),)
        ),
        {"stale": {"tags": 1}},
    ),
    "a performer with another name": (
        lambda room, scene: rename_in_database(room.stash.library.performers, "Ann", "Anne"),
        {"stale": {"performers": 1}},
    ),
    "a tag with another name": (
        lambda room, scene: rename_in_database(room.stash.library.tags, "night", "dusk"),
        {"stale": {"tags": 1}},
    ),
    "performers of which one was merged into the other": (
        lambda room, scene: room.stash.library.change_all_scenes("performer_ids", 2, 1),
        {"stale": {"performers": 1}},
    ),
    "tags of which one was merged into the other": (
        lambda room, scene: room.stash.library.change_all_scenes("tag_ids", 2, 1),
        {"stale": {"tags": 1}},
    ),
    "a studio with another name": (
        lambda room, scene: rename_in_database(room.stash.library.studios, "Aurora", "Borealis"),
        {"stale": {"studio": 1, "collection": 1}},
    ),
    "words that were written into the database": (
        lambda room, scene: room.stash.library.change_scene(
            scene, touch=False, details="Other words.", title="New"
        ),
        {"stale": {"title": 1, "summary": 1}},
    ),
    "a title that somebody changed in Plex": (
        lambda room, scene: room.plex.library.change(room.item().rating_key, title="By hand"),
        {"drifted": {"title": 1}},
    ),
    "a genre that somebody took away in Plex": (
        lambda room, scene: room.plex.library.change(room.item().rating_key, genres=["night"]),
        {"drifted": {"tags": 1}},
    ),
    "an item that somebody emptied": (
        lambda room, scene: room.plex.library.change(
            room.item().rating_key, summary="", studio="", genres=[], roles=[]
        ),
        {"drifted": {"summary": 1, "studio": 1, "tags": 1, "performers": 1}},
    ),
}


@pytest.mark.parametrize("what", PLANTED)
def test_each_gap_is_found_named_and_repaired_once(room: Workroom, what: str) -> None:
    plant, found = PLANTED[what]
    scene = full_scene(room)
    bystander = full_scene(room, "by.mp4", performers=["Cleo"], studio="Else", tags=["else"])
    plant(room, scene)
    untouched = len(room.edits("by.mp4"))

    run = reconcile(room)
    again = reconcile(room)

    desired = room.stash.library.scene(scene)
    shown = room.item(desired.files[0].path.removeprefix("/data/"))
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
    assert len(room.edits("by.mp4")) == untouched
    assert (room.jobs(), room.dead_letters(), bool(bystander)) == ([], [], True)


def test_what_plex_lacks_is_empty_field_by_field(room: Workroom) -> None:
    values = {
        "studio": "Aurora",
        "details": "Words.",
        "date": "2024-01-02",
        "performers": ["Ann"],
        "tags": ["night"],
    }
    scene = room.scene(title="Written", **values)
    room.plex.library.change(
        room.item().rating_key, title="Written", summary="Words.", collections=["Aurora"]
    )
    room.clock.advance(HOUR_S)

    run = reconcile(room)

    assert run["fields"] == {"empty": {"studio": 1, "date": 1, "performers": 1, "tags": 1}}
    assert (room.item().studio, room.item().genres) == ("Aurora", ["night"])
    assert room.records(scene) == [room.item().rating_key]
    assert reconcile(room)["gaps"] == {}


def test_a_scene_missing_in_plex_is_queued_once(room: Workroom) -> None:
    room.scene(in_plex=False, title="Elsewhere")
    room.clock.advance(HOUR_S)

    first = reconcile(room)
    waiting = room.jobs()
    second = reconcile(room)
    room.work_for(4 * HOUR_S, step=60.0)
    dead_letters = room.dead_letters()
    third = reconcile(room)

    assert [run["gaps"] for run in (first, second, third)] == [{"missing": 1}] * 3
    assert [run["enqueued"] for run in (first, second, third)] == [{"missing": 1}, {}, {}]
    assert [(subject, reason) for subject, _, reason in waiting] == [("scene:1", "PlexNotFound")]
    assert [dead_letter["reason"] for dead_letter in dead_letters] == ["PlexNotFound"]
    assert room.jobs() == []


def test_the_record_of_a_silently_deleted_scene_is_orphaned(room: Workroom) -> None:
    first, second, last = (full_scene(room, name) for name in ("a.mp4", "b.mp4", "c.mp4"))
    for scene in (first, last):
        room.stash.library.drop_scene(scene)
    writes = len(room.plex.writes())

    run = reconcile(room)

    assert (run["gaps"], run["enqueued"], run["checked"]) == ({"orphaned": 2}, {"orphaned": 2}, 1)
    assert [bool(room.records(scene)) for scene in (first, second, last)] == [False, True, False]
    assert reconcile(room)["gaps"] == {}
    assert len(room.plex.writes()) == writes


def test_the_record_of_a_removed_item_is_orphaned(
    room: Workroom,
) -> None:
    scene = full_scene(room)
    old = room.item().rating_key
    room.plex.library.remove_item(old)
    new = room.plex.library.add_item(room.section, [("/media/a.mp4", 1_000)])

    run = reconcile(room)

    assert run["gaps"] == {"orphaned": 1}
    assert room.records(scene) == [new]
    assert room.item().title == "Title a.mp4"
    assert reconcile(room)["gaps"] == {}


def test_a_file_moved_silently_on_both_sides_is_rematched(room: Workroom) -> None:
    scene = full_scene(room)
    room.stash.library.move_file("/data/a.mp4", "/data/new/a.mp4")
    room.plex.library.rename_file("/media/a.mp4", "/media/new/a.mp4")
    writes = len(room.plex.writes())

    run = reconcile(room)
    again = reconcile(room)

    assert run["gaps"] == {"orphaned": 1}
    assert room.rows("SELECT path FROM records WHERE scene_id = ?", scene) == [
        ("/media/new/a.mp4",)
    ]
    assert again["gaps"] == {}
    assert len(room.plex.writes()) == writes


def test_scenes_that_were_merged_leave_one_that_is_written(room: Workroom) -> None:
    kept, merged = full_scene(room), full_scene(room, "b.mp4")
    file = room.stash.library.scenes[merged].file_ids[0]
    room.stash.library.assign_file(kept, file)
    room.stash.library.drop_scene(merged)

    run = reconcile(room)
    again = reconcile(room)

    assert run["gaps"]["orphaned"] == 1
    assert {room.item(name).title for name in ("a.mp4", "b.mp4")} == {"Title a.mp4"}
    assert [bool(room.records(scene)) for scene in (kept, merged)] == [True, False]
    assert again["gaps"] == {}


def test_a_poster_replaced_in_plex_has_drifted(room: Workroom) -> None:
    full_scene(room)
    room.clock.advance(60.0)
    room.plex.library.change(room.item().rating_key, poster=picture(9))

    run = reconcile(room)

    assert run["fields"] == {"drifted": {"poster": 1}}
    assert room.item().poster_bytes == picture(1)
    assert reconcile(room)["gaps"] == {}


def test_a_poster_path_that_merely_moved_is_looked_at_once(room: Workroom) -> None:
    full_scene(room)
    key = room.item().rating_key
    room.plex.library.change(key, thumb=f"/library/metadata/{key}/thumb/{int(room.clock.now)}")

    runs = [reconcile(room), reconcile(room)]

    assert [run["gaps"] for run in runs] == [{}, {}]
    assert [one.method for one in room.plex.requests if one.path.endswith("/posters")] == [
        "GET",
        "POST",
        "GET",
    ]


def test_hand_edits_are_no_gaps_where_they_are_preserved(room: Workroom) -> None:
    room.configure(c_preserve_plex_edits=True)
    full_scene(room)
    room.clock.advance(60.0)
    key = room.item().rating_key
    room.plex.library.change(key, title="By hand", genres=["night"], summary="", poster=picture(9))
    writes = len(room.plex.writes())

    run = reconcile(room)

    assert run["gaps"] == {}
    assert len(room.plex.writes()) == writes


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
def test_what_a_person_wants_left_alone_is_no_gap(room: Workroom, settings: dict[str, Any]) -> None:
    full_scene(room)
    room.configure(**settings)
    room.plex.library.change(room.item().rating_key, title="By hand")

    run = reconcile(room)

    assert (run["gaps"], run["checked"]) == ({}, 1)
    assert room.item().title == "By hand"


def test_a_missing_scene_is_no_gap_in_a_subset_library(room: Workroom) -> None:
    room.configure(b_skip_not_found=True)
    room.scene(in_plex=False)
    room.clock.advance(HOUR_S)

    assert reconcile(room)["gaps"] == {}


def test_a_scene_that_is_not_identified_yet_empties_nothing(room: Workroom) -> None:
    room.scene()
    room.plex.library.change(room.item().rating_key, summary="Plex's own", genres=["theirs"])
    room.clock.advance(HOUR_S)

    assert reconcile(room)["gaps"] == {}
    assert (room.item().summary, room.item().genres) == ("Plex's own", ["theirs"])
    assert reconcile(room)["gaps"] == {}


def test_a_cover_that_was_never_sent_is_a_gap(
    room: Workroom,
) -> None:
    room.scene(title="a", cover=picture(1))
    room.scene("drawn.mp4", title="drawn")
    room.clock.advance(HOUR_S)

    first, second = reconcile(room), reconcile(room)

    assert (first["fields"], second["gaps"]) == (
        {"stale": {"poster": 1}},
        {},
    )  # the other scene has none
    assert room.item().poster_bytes == picture(1)
    assert room.edits() == []


def test_of_two_scenes_on_one_item_only_the_owner_counts(room: Workroom) -> None:
    full_scene(room)
    room.stash.library.add_scene("/data/copy/a.mp4", 1_000, title="The other one")
    room.clock.advance(HOUR_S)

    run = reconcile(room)

    assert (run["gaps"], run["checked"]) == ({}, 2)
    assert room.item().title == "Title a.mp4"


def test_a_field_that_plex_refuses_is_not_tried_at_every_run(room: Workroom) -> None:
    scene = full_scene(room)
    room.plex.faults.add(Fault(method="PUT", status=400, times=None))
    room.stash.library.change_scene(scene, touch=False, date="2024-05-06")

    first = reconcile(room)
    reason = [dead_letter["reason"] for dead_letter in room.dead_letters()]
    writes = len(room.plex.writes())
    second = reconcile(room)

    assert first["fields"] == {"stale": {"date": 1}}
    assert reason == ["PlexRejected"]
    assert second["gaps"] == {}
    assert len(room.plex.writes()) == writes


def test_a_value_that_plex_drops_is_not_sent_at_every_run(room: Workroom) -> None:
    scene = full_scene(room)
    room.plex.switches.empty_date = "ignored"
    room.stash.library.change_scene(scene, touch=False, date=None)

    first, second = reconcile(room), reconcile(room)

    assert (first["fields"], second["gaps"]) == ({"stale": {"date": 1}}, {})
