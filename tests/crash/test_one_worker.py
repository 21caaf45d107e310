"""Test that one worker runs, any exit frees its place, and a replaced one does no harm."""

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
from tests.harness.crash import UNFINISHED, CrashHarness, wait_idle
from tests.harness.images import picture
from tests.harness.waiting import wait_for

CROWD = 20


def start_worker(crash: CrashHarness) -> subprocess.Popen[bytes]:
    """A worker started as a hook starts it, but with a parent that learns how it ended."""
    command = [sys.executable, str(crash.plugin / "PlexSync.py"), "worker", "test"]
    null = subprocess.DEVNULL
    return subprocess.Popen(command, stdin=null, stdout=null, stderr=null, cwd=crash.plugin)


def test_of_twenty_workers_started_together_one_stays(crash: CrashHarness) -> None:
    crash.disarm()
    crash.wake()
    crash.kill_workers()

    crowd = [start_worker(crash) for _ in range(CROWD)]
    wait_for(lambda: sum(one.poll() is None for one in crowd) == 1, "all but one have left")
    (survivor,) = [one for one in crowd if one.poll() is None]
    wait_for(lambda: crash.worker_pid == survivor.pid, "it has entered itself")

    assert [one.returncode for one in crowd if one is not survivor] == [0] * (CROWD - 1)
    survivor.kill()
    survivor.wait()


def test_each_crash_of_the_holder_lets_another_one_in(crash: CrashHarness) -> None:
    crash.disarm()
    crash.wake()
    crash.kill_workers()
    pids = []

    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV):
        worker = start_worker(crash)
        wait_for(lambda pid=worker.pid: crash.worker_pid == pid, "it has entered itself")  # type: ignore[misc]
        os.kill(worker.pid, number)
        worker.wait()
        pids.append((worker.pid, crash.is_worker_running()))

    assert [alive for _, alive in pids] == [False] * 3


@pytest.mark.parametrize(
    "point", ["drain.claimed", "drain.read", "drain.job_started", "drain.synced"]
)
def test_a_worker_that_was_replaced_writes_nothing_more(
    idle_crash: CrashHarness, point: str
) -> None:
    crash = idle_crash
    scenes = [crash.scene(f"{number}.mp4", cover=picture(number)) for number in range(2)]
    crash.set_barrier(point)
    crash.edit(scenes[0], title="Held")
    crash.edit(scenes[1], title="Held, too")
    crash.wait_at(point)
    writes, jobs, (worker,) = len(crash.plex.writes()), crash.unfinished(), crash.workers()

    with contextlib.closing(connect(str(crash.data))) as connection:
        start_epoch(connection, os.getpid(), "test", "test", 0.0)
        current_job = connection.execute("SELECT in_hand FROM worker").fetchone()
        crash.lift_barrier(point)
        wait_for(lambda: worker not in crash.workers(), "it has left")

        assert len(crash.plex.writes()) == writes
        assert connection.execute(UNFINISHED).fetchall() == jobs
        assert connection.execute("SELECT in_hand FROM worker").fetchone() == current_job
    assert "worker.stop" in crash.worker_log()
    crash.disarm()
    crash.wake()
    crash.wait_until_consistent()


@pytest.mark.parametrize("fresh", [True, False], ids=["first run", "worker alive"])
def test_forty_concurrent_hooks_succeed_and_lose_nothing(crash: CrashHarness, fresh: bool) -> None:
    crash.disarm()
    scenes = [crash.scene(f"{number}.mp4") for number in range(41)]
    if not fresh:
        crash.edit(scenes[40], title="Warm")
        crash.wait_until_consistent()

    with ThreadPoolExecutor(40) as crowd:
        list(
            crowd.map(
                lambda scene: crash.edit(scene, title=f"Title {scene}", tags=["one"]), scenes[:40]
            )
        )

    hooks = [run for run in crash.stash.plugin_runs if run.trigger.startswith("Scene.")]
    assert {(run.status, run.output, run.error) for run in hooks} == {(0, "ok", None)}
    assert len(hooks) == 40 + (not fresh)
    crash.wait_until_consistent()
    assert len(crash.workers()) == 1


def test_bulk_and_single_edits_side_by_side_lose_nothing(crash: CrashHarness) -> None:
    scenes = [crash.scene(f"{number}.mp4") for number in range(40)]
    wait_idle(crash)
    crash.disarm()

    with ThreadPoolExecutor(9) as crowd:
        bulk = crowd.submit(crash.edit_all, scenes, details="For all", tags=["bulk"])
        list(crowd.map(lambda scene: crash.edit(scene, title=f"Title {scene}"), scenes))
        bulk.result()

    crash.wait_until_consistent()
    assert len(crash.workers()) == 1
