"""Plex away, or refusing us: changes wait without spending an attempt, and go out by themselves afterwards."""

from __future__ import annotations

import pytest

from tests.emulators.plex_server import Fault
from tests.flow.house import TOKEN, House, Workroom, wait_for


def test_changes_made_while_plex_is_down_arrive_without_a_button(house: House) -> None:
    scenes = {name: house.scene(name) for name in ("a.mp4", "b.mp4", "c.mp4")}
    house.plex.down()

    for name, scene in scenes.items():
        house.edit(scene, title=f"New {name}")
    wait_for(lambda: "new=open" in house.worker_log(), "the worker has noticed")
    waiting = house.jobs()
    house.plex.up()
    wait_for(
        lambda: all(house.item(name).title == f"New {name}" for name in scenes), "all has arrived"
    )
    house.drained()

    assert [(subject, attempts) for subject, attempts, _ in waiting] == [
        (f"scene:{one}", 0) for one in scenes.values()
    ]
    assert house.dead_letters() == []
    assert "new=closed" in house.worker_log()


def test_an_hour_of_outage_spends_no_attempt(room: Workroom) -> None:
    scene = room.scene()
    room.plex.down()
    room.edit(scene, title="Patient")
    room.work_for(3600.0, step=10.0)
    waiting, tries = room.jobs(), room.worker_log().count("breaker.transition")

    room.plex.up()
    room.work_until(lambda: not room.jobs(), limit=120.0)

    assert [(subject, attempts) for subject, attempts, _ in waiting] == [(f"scene:{scene}", 0)]
    assert tries == 1
    assert room.item().title == "Patient"


def test_maintenance_is_an_outage(room: Workroom) -> None:
    scene = room.scene()
    room.plex.maintenance(600.0)
    room.edit(scene, title="Patient")
    room.work_for(300.0, step=30.0)
    waiting = room.jobs()

    room.plex.end_maintenance()
    room.work_until(lambda: not room.jobs(), limit=120.0)

    assert [attempts for _, attempts, _ in waiting] == [0]
    assert room.item().title == "Patient"


def test_five_failures_in_a_row_open_the_breaker(
    room: Workroom,
) -> None:
    scenes = [room.scene(f"{number}.mp4") for number in range(6)]
    room.plex.faults.add(Fault(method="PUT", status=500, times=None))

    for number, scene in enumerate(scenes):
        room.edit(scene, title=f"Title {number}")
    room.work()
    spent = [attempts for _, attempts, _ in room.jobs()]
    room.plex.faults.clear()
    room.work_until(lambda: not room.jobs())

    assert spent == [0] * 6
    assert [room.item(f"{number}.mp4").title for number in range(6)] == [
        f"Title {number}" for number in range(6)
    ]
    assert room.dead_letters() == []


def test_a_wrong_token_is_reported_once_and_needs_no_restart(house: House) -> None:
    house.configure(a_plex_token="wrong")
    scenes = {name: house.scene(name) for name in ("a.mp4", "b.mp4")}

    for name, scene in scenes.items():
        house.edit(scene, title=f"New {name}")
    house.stash.log_book.wait_for("Plex token", 60.0)
    waiting, pid = house.jobs(), house.worker_pid
    house.configure(a_plex_token=TOKEN)
    wait_for(
        lambda: all(house.item(name).title == f"New {name}" for name in scenes), "all has arrived"
    )
    house.drained()

    assert [attempts for _, attempts, _ in waiting] == [0, 0]
    assert house.worker_pid == pid
    assert len(house.said("Plex token")) == 1


@pytest.mark.parametrize("status", [401, 403, 498])
def test_a_refusal_is_never_the_jobs_fault(room: Workroom, status: int) -> None:
    room.plex.switches.unknown_token_status = status
    room.configure(a_plex_token="wrong")
    scene = room.scene()

    room.edit(scene, title="Patient")
    room.work_for(600.0, step=20.0)
    waiting = room.jobs()
    room.configure(a_plex_token=TOKEN)
    room.work_until(lambda: not room.jobs(), limit=120.0)

    assert [(subject, attempts) for subject, attempts, _ in waiting] == [(f"scene:{scene}", 0)]
    assert room.item().title == "Patient"
    assert len(room.said("Plex token")) == 1


def test_a_token_that_may_not_write_is_a_refusal(room: Workroom) -> None:
    room.plex.share_with("guest-token", [room.section])
    room.configure(a_plex_token="guest-token")
    scene = room.scene()

    room.edit(scene, title="Patient")
    room.work_for(120.0, step=20.0)
    waiting = room.jobs()
    room.configure(a_plex_token=TOKEN)
    room.work_until(lambda: not room.jobs(), limit=120.0)

    assert [attempts for _, attempts, _ in waiting] == [0]
    assert room.item().title == "Patient"


def test_a_wrong_address_is_corrected_without_a_restart(room: Workroom) -> None:
    room.configure(a_plex_url="http://127.0.0.1:9")
    scene = room.scene()
    room.edit(scene, title="Patient")
    room.work_for(120.0, step=20.0)

    room.configure(a_plex_url=room.plex.url)
    room.work_until(lambda: not room.jobs(), limit=120.0)

    assert room.item().title == "Patient"
