"""Exactly one worker among any number of processes, freed by any death, and harmless once it is replaced."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from sync_queue.hook_queue import connect
from sync_queue.meta import start_epoch
from tests.crash.place import UNFINISHED, Place, be_quiet
from tests.flow.house import picture, wait_for

CROWD = 20


def start_worker(place: Place) -> subprocess.Popen[bytes]:
    """A worker started as a hook starts it, but with a parent that learns how it ended."""
    command = [sys.executable, str(place.plugin / "PlexSync.py"), "worker", "test"]
    null = subprocess.DEVNULL
    return subprocess.Popen(command, stdin=null, stdout=null, stderr=null, cwd=place.plugin)


def test_of_twenty_workers_started_at_once_one_lives(place: Place) -> None:
    place.disarm()
    place.wake()
    place.kill_workers()

    crowd = [start_worker(place) for _ in range(CROWD)]
    wait_for(lambda: sum(one.poll() is None for one in crowd) == 1, "all but one have left")
    (survivor,) = [one for one in crowd if one.poll() is None]
    wait_for(lambda: place.worker_pid == survivor.pid, "it has entered itself")

    assert [one.returncode for one in crowd if one is not survivor] == [0] * (CROWD - 1)
    survivor.kill()
    survivor.wait()


def test_each_death_of_the_holder_lets_another_one_in(place: Place) -> None:
    place.disarm()
    place.wake()
    place.kill_workers()
    pids = []

    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV):
        worker = start_worker(place)
        wait_for(lambda pid=worker.pid: place.worker_pid == pid, "it has entered itself")  # type: ignore[misc]
        os.kill(worker.pid, number)
        worker.wait()
        pids.append((worker.pid, place.is_alive()))

    assert [alive for _, alive in pids] == [False] * 3


@pytest.mark.parametrize(
    "point", ["drain.claimed", "drain.read", "drain.job_started", "drain.synced"]
)
def test_a_worker_that_was_replaced_writes_nothing_more(quiet_place: Place, point: str) -> None:
    place = quiet_place
    scenes = [place.scene(f"{number}.mp4", cover=picture(number)) for number in range(2)]
    place.set_barrier(point)
    place.edit(scenes[0], title="Held")
    place.edit(scenes[1], title="Held, too")
    place.wait_at(point)
    writes, jobs, (worker,) = len(place.plex.writes()), place.unfinished(), place.workers()

    with contextlib.closing(connect(str(place.data))) as connection:
        start_epoch(connection, os.getpid(), "test", "test", 0.0)
        current_job = connection.execute("SELECT in_hand FROM worker").fetchone()
        place.lift_barrier(point)
        wait_for(lambda: worker not in place.workers(), "it has left")

        assert len(place.plex.writes()) == writes
        assert connection.execute(UNFINISHED).fetchall() == jobs
        assert connection.execute("SELECT in_hand FROM worker").fetchone() == current_job
    assert "worker.stop" in place.worker_log()
    place.disarm()
    place.wake()
    place.ends_well()


@pytest.mark.parametrize("fresh", [True, False], ids=["first run", "worker alive"])
def test_forty_hooks_at_once_all_succeed_and_lose_nothing(place: Place, fresh: bool) -> None:
    place.disarm()
    scenes = [place.scene(f"{number}.mp4") for number in range(41)]
    if not fresh:
        place.edit(scenes[40], title="Warm")
        place.ends_well()

    with ThreadPoolExecutor(40) as crowd:
        list(
            crowd.map(
                lambda scene: place.edit(scene, title=f"Title {scene}", tags=["one"]), scenes[:40]
            )
        )

    hooks = [run for run in place.stash.plugin_runs if run.trigger.startswith("Scene.")]
    assert {(run.status, run.output, run.error) for run in hooks} == {(0, "ok", None)}
    assert len(hooks) == 40 + (not fresh)
    place.ends_well()
    assert len(place.workers()) == 1


def test_bulk_and_single_edits_side_by_side_lose_nothing(place: Place) -> None:
    scenes = [place.scene(f"{number}.mp4") for number in range(40)]
    be_quiet(place)
    place.disarm()

    with ThreadPoolExecutor(9) as crowd:
        bulk = crowd.submit(place.edit_all, scenes, details="For all", tags=["bulk"])
        list(crowd.map(lambda scene: place.edit(scene, title=f"Title {scene}"), scenes))
        bulk.result()

    place.ends_well()
    assert len(place.workers()) == 1
