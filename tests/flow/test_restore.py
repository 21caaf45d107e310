"""Restore Plex Values: items show again what they showed before PlexSync came, except later hand
edits.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sync_queue.hook_queue import connect
from sync_queue.lease import Lease
from sync_queue.meta import WorkerStatus
from tasks.context import TaskContext, TaskFailed
from tasks.restore import count_restorable
from tasks.run import build_context
from tasks.table import TASKS
from tests.emulators.plex_model import Image, Item
from tests.emulators.plex_server import Fault
from tests.harness.database import query
from tests.harness.every_field import EVERY_FIELD_ON
from tests.harness.images import picture
from tests.harness.in_process import FULL, InProcessHarness, among_bystanders
from tests.harness.plugin_copy import ROOT
from wiring import Environment

BEFORE: dict[str, Any] = {
    "title": "night_train_1080p",
    "title_sort": "train, night",
    "original_title": "Le train",
    "content_rating": "R",
    "directors": ["Theirs"],
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
        made.configure(**EVERY_FIELD_ON)
        yield made


class TaskRunner:
    """The task, pressed as often as wanted; each press begins a little later than the one before
    ended.
    """

    def __init__(self, worker: InProcessHarness) -> None:
        self._worker = worker
        self.output: list[str] = []
        self.bars: list[float] = []

    def press(self, confirmed: int | None = None) -> dict[str, object]:
        context = replace(self.context(), confirmed=confirmed)
        return next(task for task in TASKS if task.mode == "restore").run(context)

    def context(self) -> TaskContext:
        worker = self._worker
        worker.clock.advance(10.0)
        connection = {"Scheme": "http", "Host": "127.0.0.1", "Port": worker.stash.port}

        def write(line: bytes) -> None:
            self.output.append(line.decode())

        return build_context(
            Environment(ROOT, worker.data, worker.clock),
            {"server_connection": connection},
            lambda by: None,
            write,
        )

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
        "title_sort": item.title_sort,
        "original_title": item.original_title,
        "content_rating": item.content_rating,
        "directors": set(item.directors),
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


@pytest.mark.parametrize("is_edited", [False, True])
def test_a_restored_database_gets_its_original_values_back(
    worker: InProcessHarness, runner: TaskRunner, is_edited: bool
) -> None:
    scene, item = written(worker)
    worker.plex.change_identity()  # the database of Plex, restored on another installation
    worker.restart()
    if is_edited:
        worker.change(scene, title="Edited", details="Other words.")
        worker.sync(scene)
    switch_off(worker)

    runner.press_twice()

    assert facts(worker.shown(item)) == expected()


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


@pytest.mark.parametrize("status", [400, 403, 500, 503])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_an_image_that_fails_does_not_stop_the_run(
    worker: InProcessHarness, runner: TaskRunner, method: str, status: int
) -> None:
    _, first = written(worker)
    other, second = worker.pair("b.mp4", cover=picture(2), title="Other")
    worker.sync(other)
    switch_off(worker)
    route = rf"/library/metadata/{first}/(posters?|arts?)"
    worker.plex.faults.add(Fault(method=method, route=route, times=None, status=status))
    worker.plex.faults.add(Fault(method="DELETE", route=route, times=None, status=status))

    answer = runner.press_twice()
    worker.plex.faults.clear()
    again = runner.press_twice()

    assert (answer["restored"], answer["refused"]) == (1, 1)
    assert worker.shown(second).title == "b"
    assert (again["restored"], again["refused"]) == (1, 0)
    assert facts(worker.shown(first)) == expected()


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


def test_a_number_that_was_shown_confirms_in_one_run(
    worker: InProcessHarness, runner: TaskRunner
) -> None:
    _, item = written(worker)
    switch_off(worker)
    count = count_restorable(runner.context())

    answer = runner.press(confirmed=count)

    assert (count, answer["restored"]) == (1, 1)
    assert facts(worker.shown(item)) == expected()
    assert count_restorable(runner.context()) == 0


def test_fewer_than_there_are_confirm_nothing(worker: InProcessHarness, runner: TaskRunner) -> None:
    written(worker)
    switch_off(worker)
    before = worker.snapshot()

    with pytest.raises(TaskFailed, match="You confirmed 0"):
        runner.press(confirmed=0)

    assert worker.snapshot() == before


def test_nothing_is_counted_while_plexsync_is_enabled(
    worker: InProcessHarness, runner: TaskRunner
) -> None:
    written(worker)

    with pytest.raises(TaskFailed, match="Switch Enabled off"):
        count_restorable(runner.context())


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


# -- an image that Plex chose by itself, and whose list was not read ------------------------------


@pytest.mark.parametrize("dedupe", [True, False])
def test_a_restored_poster_is_not_uploaded_again(
    worker: InProcessHarness, runner: TaskRunner, dedupe: bool
) -> None:
    worker.plex.switches.upload_dedupe = dedupe
    scene, item = worker.pair("train.mp4", cover=picture(1), **FULL)
    before = worker.shown(item).poster_bytes
    worker.sync(scene)
    switch_off(worker)
    runner.press_twice()
    worker.configure(a_enabled=True)

    worker.sync_all()
    was_shown = worker.shown(item).poster_bytes
    switch_off(worker)
    runner.press_twice()

    assert (was_shown, worker.shown(item).poster_bytes) == (picture(1), before)
    assert "thumb" not in worker.shown(item).locked
    assert len(worker.shown(item).posters) == 2


def test_a_poster_is_restored_to_the_first_that_was_not_sent(
    worker: InProcessHarness, runner: TaskRunner
) -> None:
    scene, item = written(worker)
    worker.change(scene, cover=picture(2))
    worker.sync(scene)
    switch_off(worker)

    runner.press_twice()

    (shown,) = [image for image in worker.shown(item).posters if image.selected]
    assert shown.rating_key.startswith("media://")
    assert not {"thumb", "art"} & worker.shown(item).locked


def test_without_another_poster_none_is_chosen(
    worker: InProcessHarness, runner: TaskRunner
) -> None:
    scene, item = worker.pair("train.mp4", cover=picture(1), **FULL)
    worker.sync(scene)
    posters = worker.shown(item).posters
    posters[:] = [image for image in posters if image.rating_key.startswith("upload://")]
    switch_off(worker)

    answer = runner.press_twice()

    assert (answer["restored"], answer["edited"]) == (1, 0)
    assert not any(image.selected for image in worker.shown(item).posters)
    assert "thumb" not in worker.shown(item).locked


def test_a_poster_that_was_chosen_but_not_unlocked_is_unlocked(
    worker: InProcessHarness, runner: TaskRunner
) -> None:
    _, item = written(worker)
    before = worker.shown(item).posters[-1].data
    switch_off(worker)
    route = rf"/library/metadata/{item}/poster\b"
    worker.plex.faults.add(Fault("apply_then_status", "PUT", route, status=500))
    refused = runner.press_twice()
    was_locked = "thumb" in worker.shown(item).locked

    answer = runner.press_twice()

    assert (refused["refused"], answer["restored"]) == (1, 1)
    assert worker.shown(item).poster_bytes == before
    assert "thumb" not in worker.shown(item).locked
    assert was_locked


def test_a_poster_that_plex_replaced_by_itself_stays(
    worker: InProcessHarness, runner: TaskRunner
) -> None:
    worker.plex.switches.upload_locks = False
    _, item = written(worker)
    posters = worker.shown(item).posters
    posters.append(Image("metadata://posters/later", picture(7)))
    for image in posters:
        image.selected = image is posters[-1]
    switch_off(worker)
    writes = len(worker.plex.writes())

    answer = runner.press_twice()

    assert (answer["restored"], answer["edited"]) == (1, 0)
    sent = [one.path for one in worker.plex.writes()[writes:]]
    assert not any(path.endswith(("/poster", "/thumb")) for path in sent)
    assert worker.shown(item).poster_bytes == picture(7)


@pytest.mark.parametrize("status", [413, 500])
def test_a_poster_that_plex_never_took_needs_no_restoration(
    worker: InProcessHarness, runner: TaskRunner, status: int
) -> None:
    route = r"/library/metadata/\d+/posters"
    worker.plex.faults.add(Fault(method="POST", route=route, times=None, status=status))
    _, item = written(worker)
    before = worker.shown(item).poster_bytes
    worker.configure(a_enabled=False)
    worker.tick(60.0)

    answer = runner.press_twice()

    assert (answer["restored"], answer["edited"]) == (1, 0)
    assert worker.shown(item).poster_bytes == before
    assert facts(worker.shown(item)) == expected()
