"""Restore Plex Values: items show again what they showed before PlexSync came, except later hand
edits.
"""

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
from tests.harness.database import query
from tests.harness.images import picture
from tests.harness.in_process import FULL, InProcessHarness, among_bystanders
from tests.harness.plugin_copy import ROOT
from wiring import Environment

BEFORE: dict[str, Any] = {
    "title": "night_train_1080p",
    "summary": "From the agent.",
    "studio": "Old Studio",
    "date": "2001-02-03",
    "tagline": "As before",
    "user_rating": 4.0,
    "genres": ["drama", "train"],
    "roles": ["Mia", "Theirs"],
    "collections": ["Mine"],
    "locked": {"summary", "genre"},
}


@pytest.fixture(params=[False, True], ids=["tags are added", "tags are replaced"])
def worker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InProcessHarness]:
    with among_bystanders(tmp_path, request.param) as made:
        made.configure(c_background_source="cover")
        yield made


class TaskRunner:
    """The task, pressed as often as wanted; each press begins a little later than the one before
    ended.
    """

    def __init__(self, worker: InProcessHarness) -> None:
        self._worker = worker
        self.output: list[str] = []
        self.bars: list[float] = []

    def press(self) -> dict[str, object]:
        worker = self._worker
        worker.clock.advance(10.0)
        connection = {"Scheme": "http", "Host": "127.0.0.1", "Port": worker.stash.port}

        def write(line: bytes) -> None:
            self.output.append(line.decode())

        context = build_context(
            Environment(ROOT, worker.data, worker.clock),
            {"server_connection": connection},
            lambda by: None,
            write,
        )
        return next(task for task in TASKS if task.mode == "restore").run(context)

    def press_twice(self) -> dict[str, object]:
        self.press()
        return self.press()


@pytest.fixture
def runner(worker: InProcessHarness) -> TaskRunner:
    return TaskRunner(worker)


def written(worker: InProcessHarness, **before: Any) -> tuple[int, int]:
    """A scene and its item, which had values of its own before it was synced."""
    scene, item = worker.pair("train.mp4", cover=picture(1), **FULL)
    worker.plex.library.change(item, **{**BEFORE, **before})
    worker.sync(scene)
    return scene, item


def facts(item: Item) -> dict[str, object]:
    """Return what a user sees of an item; lists as sets, because an added name comes last."""
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


def switch_off(worker: InProcessHarness) -> None:
    worker.configure(a_enabled=False)
    worker.run_until_idle(60.0)


def test_an_item_shows_again_what_it_showed_before(
    worker: InProcessHarness, runner: TaskRunner
) -> None:
    scene, item = worker.pair("train.mp4", cover=picture(1), **FULL)
    worker.plex.library.change(item, **BEFORE)
    poster, art = worker.shown(item).poster_bytes, worker.shown(item).art_bytes
    worker.sync(scene)
    assert worker.shown(item).title == FULL["title"]
    assert worker.shown(item).poster_bytes == picture(1)
    switch_off(worker)

    with worker.writes_only(item):
        answer = runner.press_twice()

    assert answer == {"restored": 1, "edited": 0, "gone": 0, "refused": 0}
    assert facts(worker.shown(item)) == expected()
    assert (worker.shown(item).poster_bytes, worker.shown(item).art_bytes) == (poster, art)
    assert worker.records(scene) == {}


def test_everything_is_restored_after_many_edits_too(
    worker: InProcessHarness, runner: TaskRunner
) -> None:
    scene, item = written(worker)
    worker.change(
        scene, title="Second", details="", date=None, studio="Third", tags=["other"], performers=[]
    )
    worker.sync(scene)
    worker.change(
        scene, title="Third", details="More", tags=["drama", "night"], performers=["Jon", "Mia"]
    )
    worker.sync(scene)
    switch_off(worker)

    runner.press_twice()

    assert facts(worker.shown(item)) == expected()


def test_a_later_hand_edit_stays_and_all_else_is_restored(
    worker: InProcessHarness, runner: TaskRunner
) -> None:
    _, item = written(worker)
    worker.plex.library.change(
        item, title="By hand", genres=[*worker.shown(item).genres, "by hand"]
    )
    switch_off(worker)

    answer = runner.press_twice()

    assert answer["edited"] == 1
    kept = {
        "title": "By hand",
        "genres": ["drama", "train", "by hand"],
        "locked": {"summary", "genre", "title"},
    }
    assert facts(worker.shown(item)) == expected(**kept)
    assert any("stays: title" in line for line in runner.output)


def test_a_poster_that_the_user_chose_since_stays(
    worker: InProcessHarness, runner: TaskRunner
) -> None:
    _, item = written(worker)
    ctx = worker.components.settings.sync_context()
    assert ctx is not None
    ctx.plex.upload_image(item, "posters", picture(9))
    switch_off(worker)

    runner.press_twice()

    assert worker.shown(item).poster_bytes == picture(9)


def test_the_first_run_changes_nothing_and_says_how_many(
    worker: InProcessHarness, runner: TaskRunner
) -> None:
    written(worker)
    switch_off(worker)
    before = worker.snapshot()

    answer = runner.press()

    assert answer == {"chosen": 1, "restored": 0}
    assert worker.snapshot() == before
    assert any("1 items in Plex would get back" in line for line in runner.output)


def test_a_third_run_finds_nothing_to_do(worker: InProcessHarness, runner: TaskRunner) -> None:
    written(worker)
    switch_off(worker)
    runner.press_twice()
    before, requests = worker.snapshot(), len(worker.plex.writes())

    answer = runner.press_twice()

    assert answer["restored"] == 0
    assert worker.snapshot() == before
    assert len(worker.plex.writes()) == requests


def test_while_plexsync_is_enabled_the_task_refuses_and_says_why(
    worker: InProcessHarness, runner: TaskRunner
) -> None:
    written(worker)
    before = worker.snapshot()

    with pytest.raises(TaskFailed, match="Switch Enabled off"):
        runner.press()

    assert worker.snapshot() == before


def test_a_worker_that_is_still_syncing_is_not_raced(
    worker: InProcessHarness, runner: TaskRunner
) -> None:
    written(worker)
    switch_off(worker)
    queue = worker.components.queue
    queue.facts.set_status(WorkerStatus.SYNCING, queue.epoch)
    lease = Lease(worker.data)
    assert lease.acquire()

    try:
        with pytest.raises(TaskFailed, match="in a minute"):
            runner.press()
    finally:
        lease.release()


def test_switched_on_in_the_middle_it_stops(worker: InProcessHarness, runner: TaskRunner) -> None:
    written(worker)
    switch_off(worker)
    runner.press()
    worker.configure(a_enabled=True)

    with pytest.raises(TaskFailed, match="Switch Enabled off"):
        runner.press()


def test_restored_values_stay_restored_when_enabled_again(
    worker: InProcessHarness, runner: TaskRunner
) -> None:
    _, item = written(worker)
    worker.run_until_idle(2000.0)
    switch_off(worker)
    runner.press_twice()

    worker.run_for(3600.0, 600.0)
    worker.configure(a_enabled=True)
    worker.run_for(3600.0, 600.0)

    assert facts(worker.shown(item)) == expected()


def test_a_sync_all_after_a_restore_can_be_restored_again(
    worker: InProcessHarness, runner: TaskRunner
) -> None:
    _, item = written(worker)
    switch_off(worker)
    runner.press_twice()
    worker.configure(a_enabled=True)

    worker.sync_all()
    title = worker.shown(item).title
    switch_off(worker)
    runner.press_twice()

    assert title == FULL["title"]
    assert facts(worker.shown(item)) == expected()


def test_a_field_enabled_later_keeps_its_own_original(
    worker: InProcessHarness, runner: TaskRunner
) -> None:
    worker.configure(c_sync_studio=False, c_sync_collection=False)
    scene, item = written(worker)
    worker.plex.library.change(item, studio="Changed meanwhile")
    worker.configure(c_sync_studio=True)
    worker.change(scene, title="Once more")
    worker.sync(scene)
    switch_off(worker)

    runner.press_twice()

    assert facts(worker.shown(item)) == expected(studio="Changed meanwhile")


def test_items_of_a_deleted_scene_are_restored_too(
    worker: InProcessHarness, runner: TaskRunner
) -> None:
    scene, item = written(worker)
    worker.stash.destroy_scene(scene)
    worker.sync(scene)
    assert worker.shown(item).title == FULL["title"]
    switch_off(worker)

    runner.press_twice()

    assert facts(worker.shown(item)) == expected()


def test_a_shared_edit_is_restored_on_each_item(
    worker: InProcessHarness, runner: TaskRunner
) -> None:
    pairs = [
        worker.pair(f"{number}.mp4", tags=["one", "two"], studio="Aurora") for number in range(5)
    ]
    for number, (_, item) in enumerate(pairs):
        worker.plex.library.change(item, **{**BEFORE, "title": f"before {number}"})
    worker.sync_all()
    assert {worker.shown(item).studio for _, item in pairs} == {"Aurora"}
    switch_off(worker)

    answer = runner.press_twice()

    assert answer["restored"] == 5
    for number, (_, item) in enumerate(pairs):
        assert facts(worker.shown(item)) == expected(title=f"before {number}")


def test_an_item_gone_from_plex_is_counted_and_forgotten(
    worker: InProcessHarness, runner: TaskRunner
) -> None:
    _, item = written(worker)
    worker.plex.library.remove_item(item)
    switch_off(worker)

    answer = runner.press_twice()

    assert (answer["gone"], answer["restored"]) == (1, 0)
    assert query(worker.data, "SELECT count(*) FROM originals") == [(0,)]


def test_a_rejected_field_is_reported_and_restored_next_time(
    worker: InProcessHarness, runner: TaskRunner
) -> None:
    _, item = written(worker, date=None)
    switch_off(worker)
    worker.plex.switches.empty_date = "500"

    refused = runner.press_twice()
    worker.plex.switches.empty_date = "clears"
    answer = runner.press_twice()

    assert (refused["refused"], answer["restored"]) == (1, 1)
    assert any("Plex does not take date" in line for line in runner.output)
    assert facts(worker.shown(item)) == expected(date=None)


def test_a_dropped_value_is_reported_and_restored_next_time(
    worker: InProcessHarness, runner: TaskRunner
) -> None:
    _, item = written(worker, date=None)
    switch_off(worker)
    worker.plex.switches.empty_date = "ignored"

    dropped = runner.press_twice()
    worker.plex.switches.empty_date = "clears"
    answer = runner.press_twice()

    assert (dropped["refused"], answer["restored"]) == (1, 1)
    assert any("Plex does not take date" in line for line in runner.output)
    assert facts(worker.shown(item)) == expected(date=None)


def test_plex_down_in_the_middle_loses_nothing(
    worker: InProcessHarness, runner: TaskRunner
) -> None:
    _, item = written(worker)
    switch_off(worker)
    runner.press()
    worker.plex.faults.add(Fault(method="PUT", status=500, times=None))

    with pytest.raises(TaskFailed):
        runner.press()
    worker.plex.faults.clear()
    runner.press_twice()

    assert facts(worker.shown(item)) == expected()


def test_a_kill_between_request_and_record_stays_restorable(
    worker: InProcessHarness, runner: TaskRunner
) -> None:
    scene, item = worker.pair("train.mp4", **FULL)
    worker.plex.library.change(item, **BEFORE)
    worker.end_worker()

    class Killed(BaseException):
        pass

    def kill_at(name: str) -> None:
        if name == "drain.synced":
            raise Killed

    worker.begin_worker(kill_at)
    with pytest.raises(Killed):
        worker.sync(scene)
    with connect(str(worker.data)) as connection:
        connection.execute("DELETE FROM records")
    connection.close()
    assert worker.shown(item).title == FULL["title"]
    worker.configure(a_enabled=False)

    runner.press_twice()

    assert facts(worker.shown(item)) == expected()


def test_an_installation_of_1_0_keeps_what_it_shows_now(
    worker: InProcessHarness, runner: TaskRunner
) -> None:
    scene, item = written(worker)
    connection = sqlite3.connect(worker.data / "queue.db")
    with connection:
        connection.execute("DELETE FROM originals")
    connection.close()
    worker.change(scene, title="After the update")
    worker.sync(scene)
    switch_off(worker)

    runner.press_twice()

    assert worker.shown(item).title == FULL["title"]
