"""Test a slow, broken or absent Stash and an expired session: no loss, no attempt spent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.emulators.plex_server import Fault
from tests.emulators.stash_server import StashEmulator
from tests.harness.images import picture
from tests.harness.in_process import InProcessHarness
from tests.harness.processes import ProcessHarness, running
from tests.harness.waiting import wait_for

CauseFault = Callable[[StashEmulator], None]

FAULTS: dict[str, CauseFault] = {
    "500": lambda stash: stash.faults.fail(500, times=3),
    "503": lambda stash: stash.faults.fail(503, times=3),
    "a proxy's page": lambda stash: stash.faults.html(502, times=3),
    "a page with status 200": lambda stash: stash.faults.html(200, times=3),
    "a cut answer": lambda stash: stash.faults.truncate(20, times=3),
    "a dropped connection": lambda stash: stash.faults.drop(times=3),
    "a locked database": lambda stash: stash.faults.locked(times=3),
    "only the scenes fail": lambda stash: stash.faults.fail(500, name="findScene", times=3),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_stash_costs_no_attempt(worker: InProcessHarness, name: str) -> None:
    scene = worker.scene()
    worker.edit(scene, title="Patient")
    FAULTS[name](worker.stash)

    worker.work()
    waiting = worker.jobs()
    worker.work_until(lambda: not worker.jobs())

    assert [(subject, attempts) for subject, attempts, _ in waiting] == [(f"scene:{scene}", 0)]
    assert worker.item().title == "Patient"
    assert worker.dead_letters() == []


@pytest.mark.parametrize("status", [500, 502, 404])
def test_an_unavailable_cover_does_not_delay_the_fields(
    worker: InProcessHarness, status: int
) -> None:
    scene = worker.scene(cover=picture(1))
    worker.stash.faults.fail(status, kind="screenshot")

    worker.edit(scene, title="First")
    worker.work()
    immediately = worker.item().title
    worker.work_until(lambda: not worker.jobs())

    assert immediately == "First"
    assert worker.dead_letters() == []


def test_a_stash_that_answers_too_late_costs_no_attempt(tmp_path: Path) -> None:
    worker, never = InProcessHarness(tmp_path, stash_timeout_s=1.0), Event()
    with running(worker):
        scene = worker.scene()
        worker.edit(scene, title="Patient")
        worker.stash.faults.hold(never, name="findScene")

        worker.work()
        waiting = worker.jobs()
        never.set()
        worker.work_until(lambda: not worker.jobs())

        assert [(subject, attempts) for subject, attempts, _ in waiting] == [(f"scene:{scene}", 0)]
        assert "stash.unavailable" in worker.worker_log()
        assert worker.item().title == "Patient"


def test_a_stash_that_is_gone_for_minutes_finds_its_changes_done(worker: InProcessHarness) -> None:
    scene = worker.scene()
    worker.edit(scene, title="Patient")
    worker.stash.down()

    worker.work_for(300.0, step=10.0)
    waiting = worker.jobs()
    worker.stash.up()
    worker.work_until(lambda: not worker.jobs(), limit=120.0)

    assert [(subject, attempts) for subject, attempts, _ in waiting] == [(f"scene:{scene}", 0)]
    assert worker.item().title == "Patient"


def test_the_detached_worker_outlives_a_restart_of_stash(installed: ProcessHarness) -> None:
    scene = installed.scene()
    installed.edit(scene, title="Before")
    installed.wait_until_drained()
    pid = installed.worker_pid

    installed.stash.restart()
    installed.edit(scene, title="After")
    installed.wait_until_drained()

    assert installed.item().title == "After"
    assert installed.worker_pid == pid


def guarded(tmp_path: Path, **options: Any) -> InProcessHarness:
    """A worker whose Stash asks for a login and forgets sessions after a minute."""
    return InProcessHarness(
        tmp_path, username="ada", password="lovelace", max_session_age=60, **options
    )


def test_the_worker_keeps_its_session_alive(tmp_path: Path) -> None:
    worker = guarded(tmp_path)
    with running(worker):
        scene = worker.scene()
        worker.edit(scene, title="One")

        worker.work_for(600.0)
        worker.enqueue(scene)
        worker.work()

        assert worker.jobs() == []
        assert worker.stash.count(status=401) == 0


def test_an_expired_session_waits_for_the_next_hook(tmp_path: Path) -> None:
    worker = guarded(tmp_path)
    with running(worker):
        first, second = worker.scene("a.mp4"), worker.scene("b.mp4")
        worker.edit(first, title="First")
        worker.clock.advance(3600.0)

        worker.work_for(60.0)
        waiting = worker.jobs()
        worker.edit(second, title="Second")
        worker.work_until(lambda: not worker.jobs(), limit=60.0)

        assert [(subject, attempts) for subject, attempts, _ in waiting] == [(f"scene:{first}", 0)]
        assert (worker.item("a.mp4").title, worker.item("b.mp4").title) == ("First", "Second")


def test_an_api_key_helps_where_the_session_is_over(tmp_path: Path) -> None:
    worker = guarded(tmp_path, api_key="the-api-key-of-this-test")
    with running(worker):
        scene = worker.scene(cover=picture(1))
        worker.edit(scene, title="Before")
        worker.work()
        worker.stash.library.change_scene(scene, touch=True, title="After")
        worker.clock.advance(3600.0)

        worker.enqueue(scene)
        worker.work_until(lambda: not worker.jobs(), limit=60.0)

        assert worker.item().title == "After"


def test_a_save_does_not_wait_for_plex(installed: ProcessHarness) -> None:
    scene = installed.scene()
    held = installed.plex.faults.add(Fault("stall", method="PUT", delay_s=120.0))

    installed.edit(scene, title="One")
    assert held.struck.wait(60.0)
    installed.edit(scene, title="Two")
    is_held = not installed.plex.faults.released.is_set() and installed.item().title == "a"
    installed.plex.faults.clear()
    wait_for(lambda: installed.item().title == "Two", "the newest value")

    assert is_held
