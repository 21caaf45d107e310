"""What a failing Plex does to a change: passing faults are waited out, hopeless ones end as dead letters."""

from __future__ import annotations

import pytest

from tests.emulators.plex_server import Fault
from tests.flow.house import House, Workroom, wait_for

ITEMS = "/library/metadata/{ids}"

PASSING = {
    "500 to the write": Fault(method="PUT", status=500),
    "502 to the write": Fault(method="PUT", status=502),
    "504 to the write": Fault(method="PUT", status=504),
    "429 to the write": Fault(method="PUT", status=429),
    "500 after the write": Fault("apply_then_status", method="PUT", status=500),
    "500 to the read": Fault(method="GET", route=ITEMS, status=500),
    "429 to the read": Fault(method="GET", route=ITEMS, status=429),
    "broken XML": Fault("truncated_xml", method="GET", route=ITEMS),
    "a page of HTML": Fault("html_200", method="GET", route=ITEMS),
    "a broken listing": Fault("truncated_xml", method="GET", route="/library/sections/{S}/all"),
}


def again(fault: Fault) -> Fault:
    """A fresh copy: a fault counts how often it struck."""
    return Fault(fault.kind, fault.method, fault.route, fault.nth, fault.times, fault.status)


@pytest.mark.parametrize("name", PASSING)
def test_a_passing_fault_costs_one_attempt(room: Workroom, name: str) -> None:
    scene = room.scene()
    fault = room.plex.faults.add(again(PASSING[name]))

    room.edit(scene, title="Arrived", tags=["one"])
    room.work()
    after_failure = room.jobs()
    room.work_until(lambda: not room.jobs())

    assert fault.fired == 1
    assert after_failure == [(f"scene:{scene}", 1, "PlexTemporaryError")]
    assert (room.item().title, room.item().genres) == ("Arrived", ["one"])
    assert room.dead_letters() == []


def test_an_answer_that_never_comes_is_a_passing_fault(room: Workroom) -> None:
    room.configure(a_plex_read_timeout_s=5)
    scene = room.scene()
    room.plex.faults.add(Fault("stall", method="PUT", delay_s=60.0))

    room.edit(scene, title="Arrived")
    room.work()
    after_failure = room.jobs()
    room.plex.faults.release()
    room.work_until(lambda: not room.jobs())

    assert after_failure == [(f"scene:{scene}", 1, "PlexTemporaryError")]
    assert "did not answer within 5 s" in room.worker_log()
    assert room.item().title == "Arrived"


@pytest.mark.parametrize("kind", ["refuse", "cut", "apply_then_stall"])
def test_a_connection_that_breaks_in_a_request_loses_nothing(room: Workroom, kind: str) -> None:
    scene = room.scene()
    fault = room.plex.faults.add(Fault(kind, method="PUT", delay_s=0.0))

    room.edit(scene, title="Arrived")
    room.work()
    room.work_until(lambda: not room.jobs())

    assert fault.fired == 1
    assert room.item().title == "Arrived"
    assert room.dead_letters() == []


def test_the_detached_worker_tries_again_by_itself(house: House) -> None:
    scene = house.scene()
    fault = house.plex.faults.add(Fault(method="PUT", status=500))

    house.edit(scene, title="Arrived")
    wait_for(lambda: house.item().title == "Arrived", "the second attempt")
    house.drained()

    assert fault.fired == 1
    assert "sync.retry" in house.worker_log()
    assert house.dead_letters() == []


def test_a_rejected_field_fails_alone_and_is_named(room: Workroom) -> None:
    scene = room.scene()
    room.plex.faults.add(Fault(method="PUT", status=400))  # all together
    room.plex.faults.add(
        Fault(method="PUT", status=400, nth=3)
    )  # then title, studio, summary: the third alone

    room.edit(scene, title="Good", studio="Fine", details="Refused", tags=["well"])
    room.work()

    item = room.item()
    assert (item.title, item.studio, item.genres, item.collections) == (
        "Good",
        "Fine",
        ["well"],
        ["Fine"],
    )
    assert item.summary == ""
    (dead_letter,) = room.dead_letters()
    assert (dead_letter["subject"], dead_letter["reason"], dead_letter["title"]) == (
        f"scene:{scene}",
        "PlexRejected",
        "Good",
    )
    assert "summary" in dead_letter["message"]
    assert not any(name in dead_letter["message"] for name in ("studio", "tags", "collection"))
    room.work(10.0)
    assert len(room.said("Good", "Warning")) == 1


def test_the_next_change_sends_only_the_rejected_field(room: Workroom) -> None:
    scene = room.scene()
    room.plex.faults.add(Fault(method="PUT", status=400))
    room.plex.faults.add(Fault(method="PUT", status=400, nth=2))
    room.edit(scene, title="Good", details="Refused")
    room.work()
    dead_letters, before = len(room.dead_letters()), len(room.edits())

    room.edit(scene, organized=True)
    room.work()

    (target,) = room.edits()[before:]
    assert dead_letters == 1
    assert "summary.value" in target and "title.value" not in target
    assert room.item().summary == "Refused"
    assert room.dead_letters() == []


def test_a_write_that_fails_five_times_ends_in_the_dead_letters(room: Workroom) -> None:
    bad, good = room.scene("other/bad.mp4", in_plex=False), room.scene("good.mp4")
    other = room.plex.library.add_section("Other", ["/media/other"]).key
    room.plex.library.add_item(other, [("/media/other/bad.mp4", 1_000)])
    fault = room.plex.faults.add(
        Fault(method="PUT", route=f"/library/sections/{other}/all", status=500, times=None)
    )

    room.edit(bad, title="Never")
    attempts: list[int] = []
    while not room.dead_letters() and len(attempts) < 100:
        room.note(good)
        room.work(10.0)
        attempts += [spent for _, spent, _ in room.jobs()]
    room.edit(good, title="Always")
    room.work()

    assert sorted(set(attempts)) == [1, 2, 3, 4]
    (dead_letter,) = room.dead_letters()
    assert (dead_letter["subject"], dead_letter["reason"], dead_letter["attempts"]) == (
        f"scene:{bad}",
        "PlexTemporaryError",
        5,
    )
    assert fault.fired >= 5
    assert room.item("good.mp4").title == "Always"


def test_at_the_last_attempt_each_field_is_sent_alone(room: Workroom) -> None:
    bad, good = room.scene("other/bad.mp4", in_plex=False), room.scene("good.mp4")
    other = room.plex.library.add_section("Other", ["/media/other"]).key
    room.plex.library.add_item(other, [("/media/other/bad.mp4", 1_000)])
    route = f"/library/sections/{other}/all"
    room.plex.faults.add(Fault(method="PUT", route=route, status=500, times=5))
    room.plex.faults.add(Fault(method="PUT", route=route, status=500, nth=2))  # title, then details

    room.edit(bad, title="Taken", details="Trips Plex", date="2024-01-01")
    for _ in range(100):
        room.note(good)
        room.work(10.0)
        if room.dead_letters():
            break

    item = room.item("other/bad.mp4")
    assert (item.title, item.summary, item.date) == ("Taken", "", "2024-01-01")
    (dead_letter,) = room.dead_letters()
    assert "summary" in dead_letter["message"]


def test_a_job_that_waits_does_not_keep_another_from_its_turn(room: Workroom) -> None:
    first, second = room.scene("a.mp4"), room.scene("b.mp4")
    room.plex.faults.add(Fault(method="PUT", status=500))
    room.edit(first, title="First")
    room.work()

    room.note(second)
    room.edit(second, title="Second")
    room.work(0.0)

    assert room.jobs() == [(f"scene:{first}", 1, "PlexTemporaryError")]
    assert room.item("b.mp4").title == "Second"


def test_a_bug_costs_three_attempts_and_leaves_its_traceback(room: Workroom) -> None:
    scene, other = room.scene("a.mp4"), room.scene("b.mp4")
    room.stash.library.change_scene(scene, touch=True, rating100="eighty")

    room.edit(scene, title="Odd")
    room.edit(other, title="Fine")
    room.work_until(room.dead_letters)

    (dead_letter,) = room.dead_letters()
    assert (dead_letter["subject"], dead_letter["attempts"]) == (f"scene:{scene}", 3)
    assert room.item("b.mp4").title == "Fine"
