"""Hooks that race with a worker that leaves: the change gets into Plex without any further event."""

from __future__ import annotations

from random import Random
from threading import Event

import pytest

from tests.crash.place import SILENCE_S, Place, be_quiet, seem_silent
from tests.emulators.stash_toys import Background
from tests.flow.house import wait_for

ROUNDS = 8


def gone(place: Place, worker: int) -> bool:
    return worker not in place.workers()


def test_a_worker_leaves_when_stash_is_silent_for_ten_minutes(quiet_place: Place) -> None:
    place = quiet_place
    (worker,) = place.workers()

    seem_silent(place)

    wait_for(lambda: gone(place, worker), "it has left")
    assert not place.is_alive()


def test_a_stash_that_came_back_just_now_keeps_its_worker(quiet_place: Place) -> None:
    place = quiet_place
    (worker,) = place.workers()
    looks = place.stash.count("healthz")

    place.skip(SILENCE_S)

    wait_for(lambda: place.stash.count("healthz") > looks, "it has asked once more")
    scene = place.scene("a.mp4")
    place.edit(scene, title="New")
    place.ends_well()
    assert place.workers() == [worker]


@pytest.mark.parametrize("point", ["shutdown.decided", "shutdown.released", "shutdown.done"])
def test_a_change_during_shutdown_is_not_left_behind(quiet_place: Place, point: str) -> None:
    place = quiet_place
    scene = place.scene("a.mp4")
    place.set_barrier(point)
    seem_silent(place)
    place.wait_at(point)

    place.edit(scene, title="New")
    place.lift_barrier(point)

    place.ends_well()


def test_a_change_during_a_cancelled_shutdown_is_processed(
    quiet_place: Place,
) -> None:
    place = quiet_place
    scenes = [place.scene(f"{number}.mp4") for number in range(2)]
    place.set_barrier("shutdown.decided")
    place.set_barrier("shutdown.new_work")
    seem_silent(place)
    place.wait_at("shutdown.decided")

    place.edit(scenes[0], title="First")
    place.lift_barrier("shutdown.decided")
    place.wait_at("shutdown.new_work")
    place.edit(scenes[1], title="Second")
    place.lift_barrier("shutdown.new_work")

    place.ends_well()
    wait_for(lambda: len(place.workers()) == 1, "one worker is left")


@pytest.mark.parametrize("point", ["hook.probed", "hook.started", "hook.enqueued"])
def test_a_hook_whose_worker_leaves_under_it_starts_another_one(place: Place, point: str) -> None:
    scene = place.scene("a.mp4")
    be_quiet(place)
    (worker,) = place.workers()
    place.set_barrier(point)
    edit = Background(lambda: place.edit(scene, title="New"))
    place.wait_at(point)
    if point == "hook.enqueued":
        wait_for(lambda: not place.unfinished(), "the change is in Plex")

    seem_silent(place)
    wait_for(lambda: gone(place, worker), "the worker has left")
    place.lift_barrier(point)
    edit.join(60.0)

    place.ends_well()


def test_hooks_racing_with_stopping_workers_lose_nothing(quiet_place: Place) -> None:
    place, rng = quiet_place, Random(11)
    scene = place.scene("a.mp4")

    for number in range(ROUNDS):
        wait_for(place.is_alive, "a worker lives")
        seem_silent(place)
        Event().wait(rng.uniform(0.0, 0.8))  # any moment of the farewell, and some after it
        place.edit(scene, title=f"Round {number}")
        place.ends_well()

    assert place.item("a.mp4").title == f"Round {ROUNDS - 1}"


def test_a_locked_database_ends_neither_worker_nor_change(quiet_place: Place) -> None:
    place = quiet_place
    scene = place.scene("a.mp4")
    (worker,) = place.workers()

    with place.locked_database():
        place.edit(scene, title="New")
        assert place.spilled()
        wait_for(lambda: "database.failed" in place.worker_log(), "the worker has met the lock")

    place.ends_well()
    assert place.workers() == [worker]
