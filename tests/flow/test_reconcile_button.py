"""A comparison that the user asks for works with what Plex has at that moment."""

from __future__ import annotations

import contextlib

import pytest

from core.job import BUTTONS
from reconciliation.run import request_run
from sync_queue.hook_queue import connect
from sync_queue.meta import MetaStore
from sync_queue.store import JobStore
from tests.flow.test_reconcile import HOUR_S, full_scene, newest
from tests.harness.in_process import InProcessHarness
from validation.scope import ALL


def press_now(worker: InProcessHarness) -> None:
    """Press the button without letting time pass, and let the worker finish the comparison."""
    with contextlib.closing(connect(str(worker.data))) as connection:
        meta = MetaStore(JobStore(connection, worker.clock))
        asked_at = request_run(meta, ALL, worker.clock.wall()).asked_at
    for _ in range(100):
        if newest(worker).get("asked_at") == asked_at:
            return
        worker.tick()
    raise AssertionError("the comparison never ended")


def poll_for_another_scene(worker: InProcessHarness) -> None:
    """Have the worker poll Plex now, because Plex lacks the file of an edited scene."""
    worker.enqueue(worker.scene("never.mp4", in_plex=False, title="Never"))
    worker.clock.advance(10.0)
    seen = len(worker.plex.requests)
    worker.tick()
    assert "/library/sections" in [request.path for request in worker.plex.requests[seen:]]


def test_the_button_polls_although_plex_was_just_polled(worker: InProcessHarness) -> None:
    full_scene(worker)
    scene = worker.scene("new.mp4", in_plex=False, title="New")
    poll_for_another_scene(worker)
    worker.clock.advance(2.0)
    worker.add_item("/media/new.mp4")

    press_now(worker)

    assert newest(worker)["gaps"].get("missing") == 1  # never.mp4
    worker.work_for(20.0)
    assert worker.item("new.mp4").title == "New"
    assert scene not in [int(subject.partition(":")[2]) for subject, _, _ in worker.jobs()]


def test_the_button_finds_a_rename_that_moves_no_marker(worker: InProcessHarness) -> None:
    scene = full_scene(worker)
    worker.plex.switches.renames_move_content_changed_at = False
    poll_for_another_scene(worker)
    worker.plex.library.rename_file("/media/a.mp4", "/media/renamed.mp4")
    worker.stash.library.move_file("/data/a.mp4", "/data/renamed.mp4")

    press_now(worker)

    assert newest(worker)["gaps"] == {"missing": 1}
    assert worker.recorded_items(scene) == [worker.item("renamed.mp4").rating_key]
    worker.work_for(20.0)
    assert f"scene:{scene}" not in [subject for subject, _, _ in worker.jobs()]


def test_a_missing_scene_costs_the_button_one_poll(worker: InProcessHarness) -> None:
    full_scene(worker)
    worker.scene("absent.mp4", in_plex=False, title="Absent")
    worker.clock.advance(HOUR_S)
    poll_for_another_scene(worker)
    worker.clock.advance(2.0)
    worker.plex.reset_counts()

    press_now(worker)

    assert worker.plex.count("GET", "/library/sections") == 1
    assert worker.plex.count("GET", "/library/sections/{S}/all") == 1


@pytest.mark.parametrize("cause", sorted(BUTTONS))
def test_jobs_of_a_button_poll_although_plex_was_just_polled(
    worker: InProcessHarness, cause: str
) -> None:
    scene = worker.scene("new.mp4", in_plex=False, title="New", details="Words.")
    worker.work()
    poll_for_another_scene(worker)
    worker.clock.advance(2.0)
    worker.add_item("/media/new.mp4")

    worker.enqueue(scene, cause=cause)
    worker.tick()

    assert worker.item("new.mp4").title == "New"
