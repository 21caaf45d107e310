"""Restore Plex Values: items show again what they showed before PlexSync came, except later hand edits."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync_queue.hook_queue import connect
from sync_queue.lease import Lease
from sync_queue.meta import WorkerStatus
from tasks.context import TaskFailed
from tasks.run import build_context
from tasks.table import TASKS
from tests.emulators.plex_model import Item
from tests.emulators.plex_server import Fault
from tests.flow.house import picture
from tests.flow.inproc import FULL, Inproc, opened_among_others
from tests.support import ROOT, query
from wiring import Environment

BEFORE: dict[str, Any] = {
    "title": "night_train_1080p",
    "summary": "From the agent.",
    "studio": "Old Studio",
    "date": "2001-02-03",
    "tagline": "As before",
    "user_rating": 4.0,
    "genres": ["drama", "train"],
    "roles": ["Mia", "Somebody"],
    "collections": ["Mine"],
    "locked": {"summary", "genre"},
}


@pytest.fixture(params=[False, True], ids=["tags are added", "tags are replaced"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Inproc]:
    with opened_among_others(tmp_path, request.param) as made:
        made.configure(c_background_source="cover")
        yield made


class Button:
    """The task, pressed as often as wanted; each press begins a little later than the one before ended."""

    def __init__(self, house: Inproc) -> None:
        self._house = house
        self.said: list[str] = []
        self.bars: list[float] = []

    def press(self) -> dict[str, object]:
        house = self._house
        house.clock.advance(10.0)
        connection = {"Scheme": "http", "Host": "127.0.0.1", "Port": house.stash.port}

        def write(line: bytes) -> None:
            self.said.append(line.decode())

        context = build_context(
            Environment(ROOT, house.data, house.clock),
            {"server_connection": connection},
            lambda by: None,
            write,
        )
        return next(task for task in TASKS if task.mode == "restore").run(context)

    def press_twice(self) -> dict[str, object]:
        self.press()
        return self.press()


@pytest.fixture
def button(house: Inproc) -> Button:
    return Button(house)


def written(house: Inproc, **before: Any) -> tuple[int, int]:
    """A scene and its item, which had values of its own before it was synced."""
    scene, item = house.pair("train.mp4", cover=picture(1), **FULL)
    house.plex.library.change(item, **{**BEFORE, **before})
    house.sync(scene)
    return scene, item


def facts(item: Item) -> dict[str, object]:
    """What a person sees of an item. An added name is the last one of its list, so lists are compared as sets."""
    return {
        "title": item.title,
        "summary": item.summary,
        "studio": item.studio,
        "date": item.date,
        "tagline": item.tagline,
        "user_rating": item.user_rating,
        "genres": set(item.genres),
        "roles": set(item.roles),
        "collections": set(item.collections),
        "locked": set(item.locked),
    }


def expected(**changed: object) -> dict[str, object]:
    return {
        key: set(value) if isinstance(value, list) else value
        for key, value in {**BEFORE, **changed}.items()
    }


def switch_off(house: Inproc) -> None:
    house.configure(a_enabled=False)
    house.look(60.0)


def test_an_item_shows_again_what_it_showed_before(house: Inproc, button: Button) -> None:
    scene, item = house.pair("train.mp4", cover=picture(1), **FULL)
    house.plex.library.change(item, **BEFORE)
    poster, art = house.shown(item).poster_bytes, house.shown(item).art_bytes
    house.sync(scene)
    assert house.shown(item).title == FULL["title"]
    assert house.shown(item).poster_bytes == picture(1)
    switch_off(house)

    with house.writes_only(item):
        answer = button.press_twice()

    assert answer == {"restored": 1, "edited": 0, "gone": 0, "refused": 0}
    assert facts(house.shown(item)) == expected()
    assert (house.shown(item).poster_bytes, house.shown(item).art_bytes) == (poster, art)
    assert house.records(scene) == {}


def test_everything_is_put_back_after_many_edits_too(house: Inproc, button: Button) -> None:
    scene, item = written(house)
    house.change(
        scene, title="Second", details="", date=None, studio="Third", tags=["other"], performers=[]
    )
    house.sync(scene)
    house.change(
        scene, title="Third", details="More", tags=["drama", "night"], performers=["Jon", "Mia"]
    )
    house.sync(scene)
    switch_off(house)

    button.press_twice()

    assert facts(house.shown(item)) == expected()


def test_a_later_hand_edit_stays_and_all_else_is_put_back(house: Inproc, button: Button) -> None:
    _, item = written(house)
    house.plex.library.change(item, title="By hand", genres=[*house.shown(item).genres, "by hand"])
    switch_off(house)

    answer = button.press_twice()

    assert answer["edited"] == 1
    kept = {
        "title": "By hand",
        "genres": ["drama", "train", "by hand"],
        "locked": {"summary", "genre", "title"},
    }
    assert facts(house.shown(item)) == expected(**kept)
    assert any("stays: title" in line for line in button.said)


def test_a_poster_that_somebody_chose_since_stays(house: Inproc, button: Button) -> None:
    _, item = written(house)
    ctx = house.worker.components.settings.sync_context()
    assert ctx is not None
    ctx.plex.upload_image(item, "posters", picture(9))
    switch_off(house)

    button.press_twice()

    assert house.shown(item).poster_bytes == picture(9)


def test_the_first_run_changes_nothing_and_says_how_many(house: Inproc, button: Button) -> None:
    written(house)
    switch_off(house)
    before = house.snapshot()

    answer = button.press()

    assert answer == {"chosen": 1, "restored": 0}
    assert house.snapshot() == before
    assert any("1 items in Plex would get back" in line for line in button.said)


def test_a_third_run_finds_nothing_to_do(house: Inproc, button: Button) -> None:
    written(house)
    switch_off(house)
    button.press_twice()
    before, requests = house.snapshot(), len(house.plex.writes())

    answer = button.press_twice()

    assert answer["restored"] == 0
    assert house.snapshot() == before
    assert len(house.plex.writes()) == requests


def test_while_plexsync_is_enabled_the_task_refuses_and_says_why(
    house: Inproc, button: Button
) -> None:
    written(house)
    before = house.snapshot()

    with pytest.raises(TaskFailed, match="Switch Enabled off"):
        button.press()

    assert house.snapshot() == before


def test_a_worker_that_is_still_syncing_is_not_raced(house: Inproc, button: Button) -> None:
    written(house)
    switch_off(house)
    parts = house.worker.components
    parts.facts.set_status(WorkerStatus.SYNCING, parts.epoch)
    lease = Lease(house.data)
    assert lease.acquire()

    try:
        with pytest.raises(TaskFailed, match="in a minute"):
            button.press()
    finally:
        lease.release()


def test_switched_on_in_the_middle_it_stops(house: Inproc, button: Button) -> None:
    written(house)
    switch_off(house)
    button.press()
    house.configure(a_enabled=True)

    with pytest.raises(TaskFailed, match="Switch Enabled off"):
        button.press()


def test_restored_values_stay_restored_when_enabled_again(house: Inproc, button: Button) -> None:
    _, item = written(house)
    house.look(2000.0)
    switch_off(house)
    button.press_twice()

    house.look_for(3600.0, 600.0)
    house.configure(a_enabled=True)
    house.look_for(3600.0, 600.0)

    assert facts(house.shown(item)) == expected()


def test_a_sync_all_after_a_restore_can_be_restored_again(house: Inproc, button: Button) -> None:
    _, item = written(house)
    switch_off(house)
    button.press_twice()
    house.configure(a_enabled=True)

    house.sync_all()
    title = house.shown(item).title
    switch_off(house)
    button.press_twice()

    assert title == FULL["title"]
    assert facts(house.shown(item)) == expected()


def test_a_field_enabled_later_keeps_its_own_original(house: Inproc, button: Button) -> None:
    house.configure(c_sync_studio=False, c_sync_collection=False)
    scene, item = written(house)
    house.plex.library.change(item, studio="Changed meanwhile")
    house.configure(c_sync_studio=True)
    house.change(scene, title="Once more")
    house.sync(scene)
    switch_off(house)

    button.press_twice()

    assert facts(house.shown(item)) == expected(studio="Changed meanwhile")


def test_items_of_a_deleted_scene_are_restored_too(house: Inproc, button: Button) -> None:
    scene, item = written(house)
    house.stash.destroy_scene(scene)
    house.sync(scene)
    assert house.shown(item).title == FULL["title"]
    switch_off(house)

    button.press_twice()

    assert facts(house.shown(item)) == expected()


def test_a_shared_edit_is_restored_on_each_item(house: Inproc, button: Button) -> None:
    pairs = [
        house.pair(f"{number}.mp4", tags=["one", "two"], studio="Aurora") for number in range(5)
    ]
    for number, (_, item) in enumerate(pairs):
        house.plex.library.change(item, **{**BEFORE, "title": f"before {number}"})
    house.sync_all()
    assert {house.shown(item).studio for _, item in pairs} == {"Aurora"}
    switch_off(house)

    answer = button.press_twice()

    assert answer["restored"] == 5
    for number, (_, item) in enumerate(pairs):
        assert facts(house.shown(item)) == expected(title=f"before {number}")


def test_an_item_gone_from_plex_is_counted_and_forgotten(house: Inproc, button: Button) -> None:
    _, item = written(house)
    house.plex.library.remove_item(item)
    switch_off(house)

    answer = button.press_twice()

    assert (answer["gone"], answer["restored"]) == (1, 0)
    assert query(house.data, "SELECT count(*) FROM originals") == [(0,)]


def test_a_rejected_field_is_reported_and_restored_next_time(house: Inproc, button: Button) -> None:
    _, item = written(house, date=None)
    switch_off(house)
    house.plex.switches.empty_date = "500"

    refused = button.press_twice()
    house.plex.switches.empty_date = "clears"
    answer = button.press_twice()

    assert (refused["refused"], answer["restored"]) == (1, 1)
    assert any("Plex does not take date" in line for line in button.said)
    assert facts(house.shown(item)) == expected(date=None)


def test_a_dropped_value_is_reported_and_restored_next_time(house: Inproc, button: Button) -> None:
    _, item = written(house, date=None)
    switch_off(house)
    house.plex.switches.empty_date = "ignored"

    dropped = button.press_twice()
    house.plex.switches.empty_date = "clears"
    answer = button.press_twice()

    assert (dropped["refused"], answer["restored"]) == (1, 1)
    assert any("Plex does not take date" in line for line in button.said)
    assert facts(house.shown(item)) == expected(date=None)


def test_plex_down_in_the_middle_loses_nothing(house: Inproc, button: Button) -> None:
    _, item = written(house)
    switch_off(house)
    button.press()
    house.plex.faults.add(Fault(method="PUT", status=500, times=None))

    with pytest.raises(TaskFailed):
        button.press()
    house.plex.faults.clear()
    button.press_twice()

    assert facts(house.shown(item)) == expected()


def test_a_kill_between_request_and_record_stays_restorable(house: Inproc, button: Button) -> None:
    scene, item = house.pair("train.mp4", **FULL)
    house.plex.library.change(item, **BEFORE)
    house.end_worker()

    class Killed(BaseException):
        pass

    def kill_at(name: str) -> None:
        if name == "drain.synced":
            raise Killed

    house.begin_worker(kill_at)
    with pytest.raises(Killed):
        house.sync(scene)
    with connect(str(house.data)) as connection:
        connection.execute("DELETE FROM records")
    connection.close()
    assert house.shown(item).title == FULL["title"]
    house.configure(a_enabled=False)

    button.press_twice()

    assert facts(house.shown(item)) == expected()


def test_an_installation_of_1_0_keeps_what_it_shows_now(house: Inproc, button: Button) -> None:
    scene, item = written(house)
    connection = sqlite3.connect(house.data / "queue.db")
    with connection:
        connection.execute("DELETE FROM originals")
    connection.close()
    house.change(scene, title="After the update")
    house.sync(scene)
    switch_off(house)

    button.press_twice()

    assert house.shown(item).title == FULL["title"]
