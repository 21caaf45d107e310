"""Hooks that race with a worker that leaves: the change gets into Plex without any further event."""

from __future__ import annotations

from random import Random
from threading import Event

import pytest

from sync_queue import statements as sql
from tests.emulators.sample_plugins import Background
from tests.harness.crash import SILENCE_S, CrashHarness, simulate_stash_outage, wait_idle
from tests.harness.waiting import wait_for
from worker.lifecycle.catch_up_schedule import CATCH_UP_INTERVAL_S

ROUNDS = 8


def watermark(crash: CrashHarness) -> list[tuple[object, ...]]:
    return crash.rows(sql.GET_META.replace(":key", "?"), sql.WATERMARK)


def gone(crash: CrashHarness, worker: int) -> bool:
    return worker not in crash.workers()


def test_a_worker_leaves_when_stash_is_silent_for_ten_minutes(idle_crash: CrashHarness) -> None:
    crash = idle_crash
    (worker,) = crash.workers()

    simulate_stash_outage(crash)

    wait_for(lambda: gone(crash, worker), "it has left")
    assert not crash.is_worker_running()


def test_a_stash_that_came_back_just_now_keeps_its_worker(idle_crash: CrashHarness) -> None:
    crash = idle_crash
    (worker,) = crash.workers()
    looks = crash.stash.count("healthz")

    crash.skip(SILENCE_S)

    wait_for(lambda: crash.stash.count("healthz") > looks, "it has asked once more")
    scene = crash.scene("a.mp4")
    crash.edit(scene, title="New")
    crash.wait_until_consistent()
    assert crash.workers() == [worker]


@pytest.mark.parametrize("point", ["shutdown.decided", "shutdown.released", "shutdown.done"])
def test_a_change_during_shutdown_is_not_left_behind(idle_crash: CrashHarness, point: str) -> None:
    crash = idle_crash
    scene = crash.scene("a.mp4")
    crash.set_barrier(point)
    simulate_stash_outage(crash)
    crash.wait_at(point)

    crash.edit(scene, title="New")
    crash.lift_barrier(point)

    crash.wait_until_consistent()


def test_a_change_during_a_cancelled_shutdown_is_processed(
    idle_crash: CrashHarness,
) -> None:
    crash = idle_crash
    scenes = [crash.scene(f"{number}.mp4") for number in range(2)]
    crash.set_barrier("shutdown.decided")
    crash.set_barrier("shutdown.new_work")
    simulate_stash_outage(crash)
    crash.wait_at("shutdown.decided")

    crash.edit(scenes[0], title="First")
    crash.lift_barrier("shutdown.decided")
    crash.wait_at("shutdown.new_work")
    crash.edit(scenes[1], title="Second")
    crash.lift_barrier("shutdown.new_work")

    crash.wait_until_consistent()
    wait_for(lambda: len(crash.workers()) == 1, "one worker is left")


@pytest.mark.parametrize("point", ["hook.probed", "hook.started", "hook.enqueued"])
def test_a_hook_whose_worker_leaves_under_it_starts_another_one(
    crash: CrashHarness, point: str
) -> None:
    scene = crash.scene("a.mp4")
    wait_idle(crash)
    (worker,) = crash.workers()
    crash.set_barrier(point)
    edit = Background(lambda: crash.edit(scene, title="New"))
    crash.wait_at(point)
    if point == "hook.enqueued":
        wait_for(lambda: not crash.unfinished(), "the change is in Plex")

    simulate_stash_outage(crash)
    wait_for(lambda: gone(crash, worker), "the worker has left")
    crash.lift_barrier(point)
    edit.join(60.0)

    crash.wait_until_consistent()


@pytest.mark.parametrize("point", ["hook.probed", "hook.started"])
def test_the_very_first_edit_whose_hook_is_killed_is_found(crash: CrashHarness, point: str) -> None:
    """No worker has run before, so no watermark lies before the edit."""
    scene = crash.scene("a.mp4")
    crash.kill_at(point)
    crash.try_edit(scene, title="First")
    assert crash.killed_pid()

    crash.wake()
    wait_for(lambda: watermark(crash), "the first catch-up")
    crash.skip(CATCH_UP_INTERVAL_S)

    wait_for(lambda: crash.item("a.mp4").title == "First", "the edit is in Plex")
    crash.wait_until_consistent()


def test_hooks_racing_with_stopping_workers_lose_nothing(idle_crash: CrashHarness) -> None:
    crash, rng = idle_crash, Random(11)
    scene = crash.scene("a.mp4")

    for number in range(ROUNDS):
        wait_for(crash.is_worker_running, "a worker is running")
        simulate_stash_outage(crash)
        Event().wait(rng.uniform(0.0, 0.8))  # any moment of the shutdown, and some after it
        crash.edit(scene, title=f"Round {number}")
        crash.wait_until_consistent()

    assert crash.item("a.mp4").title == f"Round {ROUNDS - 1}"


def test_a_locked_database_ends_neither_worker_nor_change(idle_crash: CrashHarness) -> None:
    crash = idle_crash
    scene = crash.scene("a.mp4")
    (worker,) = crash.workers()

    with crash.locked_database():
        crash.edit(scene, title="New")
        assert crash.spilled()
        wait_for(lambda: "database.failed" in crash.worker_log(), "the worker has met the lock")

    crash.wait_until_consistent()
    assert crash.workers() == [worker]
