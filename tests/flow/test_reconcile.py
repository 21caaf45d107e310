"""What no hook tells of is found by comparing both sides, named rightly, repaired, and then there is silence."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from reconciliation.run import make_wish
from sync_queue.facts import Facts
from sync_queue.inbox import connect
from sync_queue.store import JobStore
from tests.flow.house import Workroom, picture
from validation.scope import ALL, Scope

HOUR_S = 3_600.0


def reconcile(room: Workroom, scope: Scope = ALL) -> dict[str, Any]:
    """Press the button and let the worker do everything; the run as the history shows it."""
    room.clock.advance(10.0)
    with contextlib.closing(connect(str(room.data))) as connection:
        wish = make_wish(Facts(JobStore(connection, room.clock)), scope, room.clock.wall())
    room.work_until(lambda: newest(room).get("asked_at") == wish.asked_at, step=1.0)
    run = newest(room)
    room.work_for(20.0)
    return run


def newest(room: Workroom) -> dict[str, Any]:
    path = room.data / "reconciliation.json"
    runs = json.loads(path.read_text())["runs"] if path.exists() else []
    return runs[0] if runs else {}


def full_scene(room: Workroom, name: str = "a.mp4", **fields: Any) -> int:
    """A scene with everything, synced, and half an hour later."""
    values = {"title": f"Title {name}", "studio": "Aurora", "details": "Words.", "date": "2024-01-02"}
    values |= {"performers": ["Ann", "Bea"], "tags": ["night", "train"], "cover": picture(1), **fields}
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


PLANTED: dict[str, tuple[Callable[[Workroom, int], object], dict[str, dict[str, int]]]] = {
    "a tag that was written into the database": (
        lambda room, scene: room.stash.library.change_scene(
            scene, touch=False, tag_ids=(room.stash.library.tag_id("silent"),)
        ),
        {"stale": {"tags": 1}},
    ),
    "a performer with another name": (
        lambda room, scene: room.stash.library.rename_performer("Ann", "Anne"),
        {"stale": {"performers": 1}},
    ),
    "performers that were merged": (
        lambda room, scene: room.stash.library.performer_merge(["Bea"], "Ann"),
        {"stale": {"performers": 1}},
    ),
    "a studio with another name": (
        lambda room, scene: room.stash.library.rename_studio("Aurora", "Borealis"),
        {"stale": {"studio": 1, "collection": 1}},
    ),
    "words that were written into the database": (
        lambda room, scene: room.stash.library.change_scene(scene, touch=False, details="Other words.", title="New"),
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
def test_each_gap_is_found_named_and_repaired_and_then_there_is_silence(room: Workroom, what: str) -> None:
    plant, found = PLANTED[what]
    scene = full_scene(room)
    bystander = full_scene(room, "by.mp4", performers=["Cleo"], studio="Else", tags=["else"])
    plant(room, scene)
    untouched = len(room.edits("by.mp4"))

    run = reconcile(room)
    again = reconcile(room)

    shown = room.item()
    wanted = room.stash.library.scenes[scene]
    assert run["fields"] == found
    assert run["enqueued"] == dict.fromkeys(found, 1)
    assert (again["gaps"], again["enqueued"]) == ({}, {})
    assert (shown.title, shown.summary) == (wanted.title, wanted.details)
    assert len(room.edits("by.mp4")) == untouched
    assert (room.jobs(), room.dead_letters(), bool(bystander)) == ([], [], True)
