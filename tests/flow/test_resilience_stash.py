"""Stash restarts, ends our session, or is gone for good, while Plex is there or away: nothing is
lost.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.in_process import InProcessHarness
from tests.harness.processes import ProcessHarness, running
from tests.harness.waiting import wait_for
from worker.lifecycle.loop import ExitReason
from worker.lifecycle.stash_monitor import UNREACHABLE_AFTER_S

SESSION_S = 60


def guarded(tmp_path: Path) -> InProcessHarness:
    """A worker whose Stash asks for a login and forgets sessions after a minute."""
    return InProcessHarness(
        tmp_path, username="ada", password="lovelace", max_session_age=SESSION_S
    )


def wake(installed: ProcessHarness) -> None:
    installed.stash.run_operation({"mode": "wake"})


def press(installed: ProcessHarness) -> None:
    installed.run_task("View Queue Status")


def save(installed: ProcessHarness) -> None:
    installed.edit(installed.scene("other.mp4"), title="Other")


@pytest.mark.parametrize("act", [wake, press, save])
def test_one_hook_suffices_after_an_outage_and_a_killed_stash(
    installed: ProcessHarness, act: Callable[[ProcessHarness], None]
) -> None:
    scene = installed.scene()
    installed.plex.down()
    installed.edit(scene, title="Waits")
    wait_for(lambda: "new=open" in installed.worker_log(), "the worker has noticed")
    installed.stash.container_kill()
    installed.stash.up()
    alone = installed.is_worker_running()

    installed.plex.up()
    act(installed)
    wait_for(lambda: installed.item().title == "Waits", "the change has arrived")
    installed.wait_until_drained()

    assert not alone
    assert installed.dead_letters() == []
    assert installed.worker_log().count("worker.start") == 2


def test_a_worker_waits_through_a_restart_of_stash(installed: ProcessHarness) -> None:
    scenes = {name: installed.scene(name) for name in ("a.mp4", "b.mp4")}
    installed.plex.down()
    installed.edit(scenes["a.mp4"], title="First")
    wait_for(lambda: "new=open" in installed.worker_log(), "the worker has noticed")
    pid = installed.worker_pid

    installed.stash.restart()
    installed.edit(scenes["b.mp4"], title="Second")
    installed.plex.up()
    installed.wait_until_drained()

    assert (installed.item("a.mp4").title, installed.item("b.mp4").title) == ("First", "Second")
    assert installed.worker_pid == pid
    assert installed.dead_letters() == []


def test_an_expired_session_is_replaced_by_the_next_hooks(tmp_path: Path) -> None:
    worker = guarded(tmp_path)
    with running(worker):
        scenes = {name: worker.scene(name) for name in ("a.mp4", "b.mp4")}
        worker.plex.down()
        worker.edit(scenes["a.mp4"], title="First")
        worker.work()
        worker.clock.advance(10.0 * SESSION_S)
        worker.work_for(600.0, step=30.0)
        worker.plex.up()
        worker.work_for(600.0, step=30.0)
        waiting = worker.jobs()

        worker.edit(scenes["b.mp4"], title="Second")
        worker.work_until(lambda: not worker.jobs(), limit=120.0)

        assert [(subject, attempts) for subject, attempts, _ in waiting] == [
            (f"scene:{scenes['a.mp4']}", 0)
        ]
        assert (worker.item("a.mp4").title, worker.item("b.mp4").title) == ("First", "Second")
        assert worker.dead_letters() == []


def test_an_expired_session_costs_one_request_a_minute(tmp_path: Path) -> None:
    worker = guarded(tmp_path)
    with running(worker):
        worker.edit(worker.scene(), title="Waits")
        worker.clock.advance(10.0 * SESSION_S)
        worker.work_for(120.0)
        worker.stash.reset_counts()

        worker.work_for(86_400.0, step=20.0)

        assert worker.stash.count("graphql") <= 1.2 * 1_440
        assert worker.plex.writes() == []
        assert [attempts for _, attempts, _ in worker.jobs()] == [0]


@pytest.mark.parametrize("plex_is_there", [True, False])
def test_without_stash_the_worker_stops_and_the_next_continues(
    worker: InProcessHarness, plex_is_there: bool
) -> None:
    scene = worker.scene()
    worker.work_for(30.0)
    if not plex_is_there:
        worker.plex.down()
    worker.edit(scene, title="Waits")
    worker.stash.down()
    assert worker.process is not None
    since = worker.clock.monotonic()

    exit_reason = worker.process.loop.run()
    lasted = worker.clock.monotonic() - since
    loud = [line for line in worker.worker_log().splitlines() if " ERROR " in line]
    waiting = worker.jobs()
    worker.end_worker()
    worker.stash.up()
    worker.plex.up()
    worker.begin_worker()
    worker.work_until(lambda: not worker.jobs(), limit=300.0)

    assert exit_reason is ExitReason.STASH_UNREACHABLE
    assert UNREACHABLE_AFTER_S <= lasted <= UNREACHABLE_AFTER_S + 120.0
    assert loud == []
    assert [(subject, attempts) for subject, attempts, _ in waiting] == [(f"scene:{scene}", 0)]
    assert worker.item().title == "Waits"


def test_ten_restarts_of_stash_in_a_row_lose_no_edit(worker: InProcessHarness) -> None:
    scenes = [worker.scene(f"{number}.mp4") for number in range(10)]

    for number, scene in enumerate(scenes):
        worker.edit(scene, title=f"Title {number}")
        worker.stash.down()
        worker.work_for(30.0)
        worker.stash.up()
        worker.work_for(5.0)
    worker.work_until(lambda: not worker.jobs(), limit=300.0)

    assert [worker.item(f"{number}.mp4").title for number in range(10)] == [
        f"Title {number}" for number in range(10)
    ]
    assert worker.dead_letters() == []


def test_a_disabled_plugin_does_not_retry_notices_all_the_time(
    worker: InProcessHarness,
) -> None:
    worker.plex.down()
    worker.edit(worker.scene(), title="Waits")
    (worker.plugin / "PlexSync.yml").unlink()
    worker.stash.reload_plugins()
    worker.work_for(600.0, step=1.0)

    refusals = worker.worker_log().count("notice.undelivered")

    assert 1 <= refusals <= 12
    assert worker.stash.count("graphql", "runPluginOperation") <= 12


def test_a_clock_ahead_at_the_first_start_hides_no_change(worker: InProcessHarness) -> None:
    scene = worker.scene()
    worker.clock.jump(86_400.0)
    worker.work()
    worker.clock.jump(-86_400.0)
    worker.work_for(1_200.0, step=30.0)
    worker.stash.library.change_scene(scene, touch=True, title="No hook ran")

    worker.work_for(1_200.0, step=30.0)

    assert worker.item().title == "No hook ran"
