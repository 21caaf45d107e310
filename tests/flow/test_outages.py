"""Plex away, or refusing us: changes wait without spending an attempt, and go out by themselves
afterwards.
"""

from __future__ import annotations

import pytest

from tests.emulators.plex_server import Fault
from tests.harness.in_process import InProcessHarness
from tests.harness.processes import ProcessHarness
from tests.harness.servers import TOKEN
from tests.harness.waiting import wait_for


def test_changes_made_while_plex_is_down_arrive_without_a_button(installed: ProcessHarness) -> None:
    scenes = {name: installed.scene(name) for name in ("a.mp4", "b.mp4", "c.mp4")}
    installed.plex.down()

    for name, scene in scenes.items():
        installed.edit(scene, title=f"New {name}")
    wait_for(lambda: "new=open" in installed.worker_log(), "the worker has noticed")
    waiting = installed.jobs()
    installed.plex.up()
    wait_for(
        lambda: all(installed.item(name).title == f"New {name}" for name in scenes),
        "all has arrived",
    )
    installed.wait_until_drained()

    assert [(subject, attempts) for subject, attempts, _ in waiting] == [
        (f"scene:{one}", 0) for one in scenes.values()
    ]
    assert installed.dead_letters() == []
    assert "new=closed" in installed.worker_log()


def test_an_hour_of_outage_spends_no_attempt(worker: InProcessHarness) -> None:
    scene = worker.scene()
    worker.plex.down()
    worker.edit(scene, title="Patient")
    worker.work_for(3600.0, step=10.0)
    waiting, tries = worker.jobs(), worker.worker_log().count("breaker.transition")

    worker.plex.up()
    worker.work_until(lambda: not worker.jobs(), limit=120.0)

    assert [(subject, attempts) for subject, attempts, _ in waiting] == [(f"scene:{scene}", 0)]
    assert tries == 1
    assert worker.item().title == "Patient"


def test_maintenance_is_an_outage(worker: InProcessHarness) -> None:
    scene = worker.scene()
    worker.plex.maintenance(600.0)
    worker.edit(scene, title="Patient")
    worker.work_for(300.0, step=30.0)
    waiting = worker.jobs()

    worker.plex.end_maintenance()
    worker.work_until(lambda: not worker.jobs(), limit=120.0)

    assert [attempts for _, attempts, _ in waiting] == [0]
    assert worker.item().title == "Patient"


def test_five_failures_in_a_row_open_the_breaker(
    worker: InProcessHarness,
) -> None:
    scenes = [worker.scene(f"{number}.mp4") for number in range(6)]
    worker.plex.faults.add(Fault(method="PUT", status=500, times=None))

    for number, scene in enumerate(scenes):
        worker.edit(scene, title=f"Title {number}")
    worker.work()
    spent = [attempts for _, attempts, _ in worker.jobs()]
    worker.plex.faults.clear()
    worker.work_until(lambda: not worker.jobs())

    assert spent == [0] * 6
    assert [worker.item(f"{number}.mp4").title for number in range(6)] == [
        f"Title {number}" for number in range(6)
    ]
    assert worker.dead_letters() == []


def test_a_wrong_token_is_reported_once_and_needs_no_restart(installed: ProcessHarness) -> None:
    installed.configure(a_plex_token="wrong")
    scenes = {name: installed.scene(name) for name in ("a.mp4", "b.mp4")}

    for name, scene in scenes.items():
        installed.edit(scene, title=f"New {name}")
    installed.stash.log_store.wait_for("Plex token", 60.0)
    waiting, pid = installed.jobs(), installed.worker_pid
    installed.configure(a_plex_token=TOKEN)
    wait_for(
        lambda: all(installed.item(name).title == f"New {name}" for name in scenes),
        "all has arrived",
    )
    installed.wait_until_drained()

    assert [attempts for _, attempts, _ in waiting] == [0, 0]
    assert installed.worker_pid == pid
    assert len(installed.stash_log("Plex token")) == 1


@pytest.mark.parametrize("status", [401, 403, 498])
def test_a_refusal_is_never_the_jobs_fault(worker: InProcessHarness, status: int) -> None:
    worker.plex.switches.unknown_token_status = status
    worker.configure(a_plex_token="wrong")
    scene = worker.scene()

    worker.edit(scene, title="Patient")
    worker.work_for(600.0, step=20.0)
    waiting = worker.jobs()
    worker.configure(a_plex_token=TOKEN)
    worker.work_until(lambda: not worker.jobs(), limit=120.0)

    assert [(subject, attempts) for subject, attempts, _ in waiting] == [(f"scene:{scene}", 0)]
    assert worker.item().title == "Patient"
    assert len(worker.stash_log("no access to Plex")) == 1


def test_a_token_that_may_not_write_is_a_refusal(worker: InProcessHarness) -> None:
    worker.plex.share_with("guest-token", [worker.section])
    worker.configure(a_plex_token="guest-token")
    scene = worker.scene()

    worker.edit(scene, title="Patient")
    worker.work_for(120.0, step=20.0)
    waiting = worker.jobs()
    worker.configure(a_plex_token=TOKEN)
    worker.work_until(lambda: not worker.jobs(), limit=120.0)

    assert [attempts for _, attempts, _ in waiting] == [0]
    assert worker.item().title == "Patient"


def test_a_wrong_address_is_corrected_without_a_restart(worker: InProcessHarness) -> None:
    worker.configure(a_plex_url="http://127.0.0.1:9")
    scene = worker.scene()
    worker.edit(scene, title="Patient")
    worker.work_for(120.0, step=20.0)

    worker.configure(a_plex_url=worker.plex.url)
    worker.work_until(lambda: not worker.jobs(), limit=120.0)

    assert worker.item().title == "Patient"
