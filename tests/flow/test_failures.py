"""What a failing Plex does to a change: passing faults are waited out, hopeless ones end as dead
letters.
"""

from __future__ import annotations

import pytest

from tests.emulators.plex_server import Fault
from tests.harness.images import picture
from tests.harness.in_process import InProcessHarness
from tests.harness.processes import ProcessHarness
from tests.harness.waiting import wait_for

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
def test_a_passing_fault_costs_one_attempt(worker: InProcessHarness, name: str) -> None:
    scene = worker.scene()
    fault = worker.plex.faults.add(again(PASSING[name]))

    worker.edit(scene, title="Arrived", tags=["one"])
    worker.work()
    after_failure = worker.jobs()
    worker.work_until(lambda: not worker.jobs())

    assert fault.fired == 1
    assert after_failure == [(f"scene:{scene}", 1, "PlexTemporaryError")]
    assert (worker.item().title, worker.item().genres) == ("Arrived", ["one"])
    assert worker.dead_letters() == []


def test_an_answer_that_never_comes_is_a_passing_fault(worker: InProcessHarness) -> None:
    worker.configure(a_plex_read_timeout_s=5)
    scene = worker.scene()
    worker.plex.faults.add(Fault("stall", method="PUT", delay_s=60.0))

    worker.edit(scene, title="Arrived")
    worker.work()
    after_failure = worker.jobs()
    worker.plex.faults.release()
    worker.work_until(lambda: not worker.jobs())

    assert after_failure == [(f"scene:{scene}", 1, "PlexTemporaryError")]
    assert "did not answer within 5 s" in worker.worker_log()
    assert worker.item().title == "Arrived"


@pytest.mark.parametrize("kind", ["refuse", "cut", "apply_then_stall"])
def test_a_connection_that_breaks_in_a_request_loses_nothing(
    worker: InProcessHarness, kind: str
) -> None:
    scene = worker.scene()
    fault = worker.plex.faults.add(Fault(kind, method="PUT", delay_s=0.0))

    worker.edit(scene, title="Arrived")
    worker.work()
    worker.work_until(lambda: not worker.jobs())

    assert fault.fired == 1
    assert worker.item().title == "Arrived"
    assert worker.dead_letters() == []


def test_the_detached_worker_tries_again_by_itself(installed: ProcessHarness) -> None:
    scene = installed.scene()
    fault = installed.plex.faults.add(Fault(method="PUT", status=500))

    installed.edit(scene, title="Arrived")
    wait_for(lambda: installed.item().title == "Arrived", "the second attempt")
    installed.wait_until_drained()

    assert fault.fired == 1
    assert "sync.retry" in installed.worker_log()
    assert installed.dead_letters() == []


def test_texts_arrive_although_every_poster_fails(installed: ProcessHarness) -> None:
    names = [f"{number}.mp4" for number in range(2)]
    scenes = [installed.scene(name, cover=picture(1)) for name in names]
    fault = installed.plex.faults.add(Fault(method="POST", times=None, status=500))

    for scene in scenes:
        installed.edit(scene, title="Arrived")
    wait_for(lambda: installed.waiting() == {"PlexTemporaryError": 2}, "all texts are done")
    titles = [installed.item(name).title for name in names]
    installed.plex.faults.clear()
    installed.edit(scenes[0], title="Edited")
    wait_for(lambda: installed.item(names[0]).poster_bytes == picture(1), "the poster follows")

    assert titles == ["Arrived"] * 2
    assert fault.fired == 2
    assert installed.item(names[0]).title == "Edited"
    assert "breaker.transition" not in installed.worker_log()


def test_a_rejected_field_fails_alone_and_is_named(worker: InProcessHarness) -> None:
    scene = worker.scene()
    worker.plex.faults.add(Fault(method="PUT", status=400))  # all together
    worker.plex.faults.add(
        Fault(method="PUT", status=400, nth=3)
    )  # then title, studio, summary: the third alone

    worker.edit(scene, title="Good", studio="Fine", details="Refused", tags=["well"])
    worker.work()

    item = worker.item()
    assert (item.title, item.studio, item.genres, item.collections) == (
        "Good",
        "Fine",
        ["well"],
        ["Fine"],
    )
    assert item.summary == ""
    (dead_letter,) = worker.dead_letters()
    assert (dead_letter.subject, dead_letter.reason, dead_letter.title) == (
        f"scene:{scene}",
        "PlexRejected",
        "Good",
    )
    assert "summary" in dead_letter.message
    assert not any(name in dead_letter.message for name in ("studio", "tags", "collection"))
    worker.work(10.0)
    assert len(worker.stash_log("Good", "Warning")) == 1


def test_the_next_change_sends_only_the_rejected_field(worker: InProcessHarness) -> None:
    scene = worker.scene()
    worker.plex.faults.add(Fault(method="PUT", status=400))
    worker.plex.faults.add(Fault(method="PUT", status=400, nth=2))
    worker.edit(scene, title="Good", details="Refused")
    worker.work()
    dead_letters, before = len(worker.dead_letters()), len(worker.edits())

    worker.edit(scene, organized=True)
    worker.work()

    (target,) = worker.edits()[before:]
    assert dead_letters == 1
    assert "summary.value" in target and "title.value" not in target
    assert worker.item().summary == "Refused"
    assert worker.dead_letters() == []


def test_a_write_that_fails_five_times_ends_in_the_dead_letters(worker: InProcessHarness) -> None:
    bad, good = worker.scene("other/bad.mp4", in_plex=False), worker.scene("good.mp4")
    other = worker.plex.library.add_section("Other", ["/media/other"]).key
    worker.plex.library.add_item(other, [("/media/other/bad.mp4", 1_000)])
    fault = worker.plex.faults.add(
        Fault(method="PUT", route=f"/library/sections/{other}/all", status=500, times=None)
    )

    worker.edit(bad, title="Never")
    attempts: list[int] = []
    while not worker.dead_letters() and len(attempts) < 100:
        worker.enqueue(good)
        worker.work(10.0)
        attempts += [spent for _, spent, _ in worker.jobs()]
    worker.edit(good, title="Always")
    worker.work()

    assert sorted(set(attempts)) == [1, 2, 3, 4]
    (dead_letter,) = worker.dead_letters()
    assert (dead_letter.subject, dead_letter.reason, dead_letter.attempts) == (
        f"scene:{bad}",
        "PlexTemporaryError",
        5,
    )
    assert fault.fired >= 5
    assert worker.item("good.mp4").title == "Always"


def test_at_the_last_attempt_each_field_is_sent_alone(worker: InProcessHarness) -> None:
    bad, good = worker.scene("other/bad.mp4", in_plex=False), worker.scene("good.mp4")
    other = worker.plex.library.add_section("Other", ["/media/other"]).key
    worker.plex.library.add_item(other, [("/media/other/bad.mp4", 1_000)])
    route = f"/library/sections/{other}/all"
    worker.plex.faults.add(Fault(method="PUT", route=route, status=500, times=5))
    worker.plex.faults.add(
        Fault(method="PUT", route=route, status=500, nth=2)
    )  # title, then details

    worker.edit(bad, title="Taken", details="Trips Plex", date="2024-01-01")
    for _ in range(100):
        worker.enqueue(good)
        worker.work(10.0)
        if worker.dead_letters():
            break

    item = worker.item("other/bad.mp4")
    assert (item.title, item.summary, item.date) == ("Taken", "", "2024-01-01")
    (dead_letter,) = worker.dead_letters()
    assert "summary" in dead_letter.message


def test_a_job_that_waits_does_not_keep_another_from_its_turn(worker: InProcessHarness) -> None:
    first, second = worker.scene("a.mp4"), worker.scene("b.mp4")
    worker.plex.faults.add(Fault(method="PUT", status=500))
    worker.edit(first, title="First")
    worker.work()

    worker.enqueue(second)
    worker.edit(second, title="Second")
    worker.work(0.0)

    assert worker.jobs() == [(f"scene:{first}", 1, "PlexTemporaryError")]
    assert worker.item("b.mp4").title == "Second"


def test_a_bug_costs_three_attempts_and_leaves_its_traceback(worker: InProcessHarness) -> None:
    scene, other = worker.scene("a.mp4"), worker.scene("b.mp4")
    worker.stash.library.change_scene(scene, touch=True, rating100="eighty")

    worker.edit(scene, title="Odd")
    worker.edit(other, title="Fine")
    worker.work_until(worker.dead_letters)

    (dead_letter,) = worker.dead_letters()
    assert (dead_letter.subject, dead_letter.attempts) == (f"scene:{scene}", 3)
    assert worker.item("b.mp4").title == "Fine"
