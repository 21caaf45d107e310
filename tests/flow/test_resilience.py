"""What survives a restart, how gently the queue drains, what it costs to wait, and what people can see and do."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from core.errors import PlexUnavailable
from sync_queue.store import JobStore
from tests.crash.soak_world import descriptors, objects
from tests.emulators.plex_server import Fault
from tests.emulators.stash_client import GraphqlFailure
from tests.flow.house import House, Workroom, wait_for
from worker.lifecycle.loop import TICK_S
from worker.resilience.breaker import BreakerStatus
from worker.resilience.breaker_file import FILE_NAME as BREAKER_FILE
from worker.resilience.rate_limiter import FULL_RATE

DAY_S = 86_400.0
LIBRARIES = "/library/sections"


def breaker_lines(home: House | Workroom) -> list[str]:
    """The transitions in the worker's log."""
    return [line for line in home.worker_log().splitlines() if "breaker.transition" in line]


def restart(room: Workroom) -> None:
    """The worker ends, and another one takes over."""
    room.end_worker()
    room.begin_worker()


def begin_outage(room: Workroom, scene: int, title: str = "Waits") -> None:
    """Plex is gone, and the worker knows it."""
    room.plex.down()
    room.edit(scene, title=title)
    room.work_until(lambda: state(room) is BreakerStatus.OPEN)


def state(room: Workroom) -> BreakerStatus:
    assert room.worker is not None
    return room.worker.components.circuit.breaker.state


def document(home: House | Workroom, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home.data / name).read_text("utf-8"))
    return found


def store_of(room: Workroom) -> JobStore:
    assert room.worker is not None
    return room.worker.components.store


# -- restarts ---------------------------------------------------------------------------------------


def test_a_worker_started_during_an_outage_continues_it(
    room: Workroom,
) -> None:
    begin_outage(room, room.scene())
    room.work_for(300.0)
    before = document(room, BREAKER_FILE)

    restart(room)
    after = room.worker.components.circuit.breaker if room.worker else None
    room.work(1.0)

    assert after is not None
    assert (after.state, after.next_probe_at, after.since) == (
        BreakerStatus.OPEN,
        before["next_probe_at"],
        before["since"],
    )
    assert document(room, BREAKER_FILE) == before
    assert len(breaker_lines(room)) == 1
    assert [attempts for _, attempts, _ in room.jobs()] == [0]


def test_restarts_do_not_make_the_probes_more_frequent(room: Workroom) -> None:
    begin_outage(room, room.scene())
    room.plex.up()
    room.plex.maintenance(1e9)
    room.work_for(600.0)
    room.plex.reset_counts()

    for _ in range(60):
        restart(room)
        room.work(10.0)

    assert 8 <= room.plex.count("GET", "/identity") <= 12


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"state": "ajar"}', '{"state": "open", "since": 1e99}']
)
def test_a_corrupt_breaker_file_is_reported_once(room: Workroom, content: str) -> None:
    scene = room.scene()
    begin_outage(room, scene)
    room.end_worker()
    (room.data / BREAKER_FILE).write_text(content, encoding="utf-8")

    room.begin_worker()
    at_first = state(room)
    room.work_for(60.0)
    waiting = room.jobs()
    restart(room)
    room.work_for(60.0)
    room.plex.up()
    room.work_until(lambda: not room.jobs(), limit=300.0)

    assert at_first is BreakerStatus.CLOSED
    assert [attempts for _, attempts, _ in waiting] == [0]
    assert len(room.said("circuit_breaker.json made no sense", "Warning")) == 1
    assert room.worker_log().count("state.corrupt") == 1
    assert (room.data / f"{BREAKER_FILE}.corrupt").exists()
    assert room.item().title == "Waits"


def test_each_transition_is_one_line_with_its_reason(
    room: Workroom,
) -> None:
    began = int(room.clock.now)
    begin_outage(room, room.scene())
    room.work_for(120.0)
    room.plex.up()
    room.work_until(lambda: not room.jobs())

    lines = breaker_lines(room)
    moves = [re.findall(r"(?:old|new)=(\w+)", line) for line in lines]
    since = [int(found[1]) for line in lines[1:] if (found := re.search(r"since=(\d+)", line))]

    assert moves == [["closed", "open"], ["open", "half_open"], ["half_open", "closed"]]
    assert all("reason=" in line for line in lines)
    assert "PlexUnavailable" in lines[0]
    assert len(since) == 2
    assert began <= since[0] == since[1] <= began + 30


def test_users_are_notified_once_per_outage_start_and_end(room: Workroom) -> None:
    begin_outage(room, room.scene())
    room.work_for(900.0)
    restart(room)
    room.work_for(900.0)
    gone, back_too_early = room.said("cannot reach Plex"), room.said("Plex is back")

    room.plex.up()
    room.work_until(lambda: room.said("Plex is back"))

    assert (len(gone), back_too_early) == (1, [])
    assert len(room.said("Plex is back", "Info")) == 1


def test_a_ramp_goes_on_after_a_restart(room: Workroom) -> None:
    begin_outage(room, room.scene())
    room.plex.up()
    room.work_until(lambda: not room.jobs())
    for _ in range(10):
        room.note(1)
        room.work(12.0)
    before = room.worker.components.throttle.ramp if room.worker else None

    restart(room)
    after = room.worker.components.throttle.ramp if room.worker else None

    assert before is not None
    assert after is not None
    assert before.rate > 5.0
    assert after.rate == pytest.approx(before.rate, rel=0.25)


# -- the health check ---------------------------------------------------------------------------------


def test_probes_ask_for_the_identity_then_for_the_libraries(
    room: Workroom,
) -> None:
    begin_outage(room, room.scene())
    room.plex.up()
    room.plex.reset_counts()

    room.work_until(lambda: state(room) is not BreakerStatus.OPEN)

    assert [one.path for one in room.plex.requests[:2]] == ["/identity", LIBRARIES]


def test_a_plex_that_only_says_who_it_is_is_not_healthy(room: Workroom) -> None:
    begin_outage(room, room.scene())
    room.plex.up()
    room.plex.faults.add(Fault(status=500, route=LIBRARIES, times=None))

    room.work_for(600.0)

    assert state(room) is BreakerStatus.OPEN
    assert room.plex.count("GET", "/identity") >= 8
    assert room.plex.writes() == []
    assert len(breaker_lines(room)) == 1


def test_probe_delays_grow_from_five_seconds_to_a_minute(room: Workroom) -> None:
    begin_outage(room, room.scene())
    room.plex.up()
    room.plex.maintenance(1e9)
    times: list[float] = []

    for _ in range(3_600):
        seen = room.plex.count("GET", "/identity")
        room.work(0.5)
        times += [room.clock.now] * (room.plex.count("GET", "/identity") > seen)
    gaps = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]

    assert min(gaps) >= 4.5
    assert max(gaps) <= 61.0
    assert all(gap >= 53.0 for gap in gaps[5:])


def test_while_disabled_stash_is_polled_rarely(
    room: Workroom,
) -> None:
    begin_outage(room, room.scene())
    room.stash.configure(a_plex_token="")
    room.work_for(120.0)
    room.stash.reset_counts()

    room.work_for(600.0, step=TICK_S)

    assert room.stash.count("graphql", "configuration") <= 40


# -- waiting is cheap ---------------------------------------------------------------------------------


def test_an_hour_of_waiting_is_two_polls_a_second(room: Workroom) -> None:
    begin_outage(room, room.scene())
    assert room.worker is not None
    room.clock.sleeps.clear()

    for _ in range(7_200):
        assert room.worker.loop.tick() is None
        room.clock.sleep(TICK_S)
    own = [one for one in room.clock.sleeps if one != TICK_S]

    assert len(own) <= 2 * 62 * 2  # the quick retries of each probe
    assert room.clock.sleeps.count(TICK_S) == 7_200


@pytest.mark.parametrize(
    "days",
    [pytest.param(0.25, id="six hours"), pytest.param(7.0, id="a week", marks=pytest.mark.soak)],
)
def test_however_long_only_waiting_jobs_wait_nothing_grows(room: Workroom, days: float) -> None:
    scenes = [room.scene(f"{number}.mp4") for number in range(20)]
    begin_outage(room, scenes[0])
    for scene in scenes:
        room.note(scene)
    room.plex.up()
    room.plex.maintenance(1e9)
    counts: list[tuple[int, int, int]] = []
    asked = told = 0

    for _ in range(4):
        room.work_for(days * DAY_S / 4.0, step=20.0)
        asked, told = asked + room.plex.count(), told + room.stash.count()
        room.plex.reset_counts()
        room.stash.reset_counts()
        room.clock.sleeps.clear()
        counts.append((objects(), descriptors(), (room.data / "plexsync.log").stat().st_size))
    waiting = room.jobs()
    room.plex.end_maintenance()
    room.work_until(lambda: not room.jobs(), limit=600.0)

    minutes = days * 1440.0
    assert asked <= 1.3 * minutes + 20
    assert told <= 3.0 * minutes + 100
    assert counts[-1][0] - counts[0][0] < 2_000
    assert counts[-1][1] - counts[0][1] <= 2
    assert counts[-1][2] - counts[0][2] < 20_000 * max(1.0, days)
    assert {attempts for _, attempts, _ in waiting} == {0}
    assert room.dead_letters() == []
    assert room.item("0.mp4").title == "Waits"


# -- the ramp -----------------------------------------------------------------------------------------


def drain_after_an_outage(room: Workroom, count: int) -> list[int]:
    """The epoch second in which each of so many items was written, after Plex came back."""
    scenes = [
        room.scene(f"{number}.mp4", 1_000 + number, title=f"T {number}") for number in range(count)
    ]
    begin_outage(room, scenes[0])
    for scene in scenes:
        room.note(scene)
    room.plex.up()
    room.work_until(lambda: not room.jobs(), limit=600.0, step=TICK_S)
    return sorted(room.item(f"{number}.mp4").updated_at for number in range(count))


def test_the_queue_drains_from_1_to_20_jobs_a_second(
    room: Workroom,
) -> None:
    written = drain_after_an_outage(room, 150)

    since = written[0]

    assert len([one for one in written if one < since + 5]) <= 7
    assert len([one for one in written if one < since + 20]) <= 40
    assert max(written.count(one) for one in written) <= FULL_RATE + 1


def test_the_rate_halves_while_plex_fails_now_and_then(room: Workroom) -> None:
    for number in range(
        20
    ):  # every second one: a request that meets a fault is not seen by the faults after it
        room.plex.faults.add(Fault(method="PUT", status=500, nth=number + 2))
    drain_after_an_outage(room, 60)

    log = room.worker_log()

    assert "slow_start.throttled" in log
    assert [room.item(f"{number}.mp4").title for number in range(60)] == [
        "Waits",
        *(f"T {n}" for n in range(1, 60)),
    ]
    assert room.dead_letters() == []


def test_an_edit_during_the_ramp_is_the_next_to_have_its_turn(room: Workroom) -> None:
    scenes = [
        room.scene(f"{number}.mp4", 1_000 + number, title=f"T {number}") for number in range(40)
    ]
    begin_outage(room, scenes[0])
    store_of(room).enqueue_many([f"scene:{scene}" for scene in scenes[:-1]], "sync_all")
    room.plex.up()
    done_before: list[int] = []

    def edit_in_the_middle(pause_s: float) -> None:
        """Whoever waits for a turn looks around meanwhile, so an edit comes while the backfill drains."""
        if not done_before and room.worker_log().count("sync.done") >= 10:
            done_before.append(room.worker_log().count("sync.done"))
            room.edit(scenes[-1], title="Urgent")
            room.pass_time()

    room.clock.on_sleep = edit_in_the_middle
    room.work_until(lambda: not room.jobs())
    done = [line for line in room.worker_log().splitlines() if "sync.done" in line]

    assert f"scene={scenes[-1]} " in done[done_before[0]]
    assert len(done) == len(scenes)  # so the others, most of the backfill, came after it
    assert room.item("39.mp4").title == "Urgent"


def test_nobody_waits_for_the_pace_while_plex_answers_well(room: Workroom) -> None:
    scenes = [
        room.scene(f"{number}.mp4", 1_000 + number, title=f"T {number}") for number in range(30)
    ]
    for scene in scenes:
        room.note(scene)
    room.clock.sleeps.clear()

    room.work()

    assert room.jobs() == []
    assert room.clock.sleeps == []


# -- what people see and do ---------------------------------------------------------------------------


def test_the_status_shows_breaker_outage_probe_and_slow_start(house: House) -> None:
    scenes = [house.scene(f"{number}.mp4") for number in range(3)]
    house.plex.down()
    for scene in scenes:
        house.edit(scene, title="Waits")
    wait_for(lambda: "new=open" in house.worker_log(), "the worker has noticed")

    away = house.stash.run_operation({"mode": "status"})
    shown = house.said("Plex is away for")
    house.plex.up()
    house.drained()
    there = house.stash.run_operation({"mode": "status"})

    assert (away["breaker"], there["breaker"]) == ("open", "closed")
    assert "PlexUnavailable" in shown[0]
    assert re.search(r"It is asked again in \d", shown[0])
    assert house.said("the queue drains at")


def test_the_outage_report_covers_none_one_and_a_current_one(
    house: House,
) -> None:
    none = house.stash.run_operation({"mode": "outages"})
    house.plex.down()
    house.edit(house.scene(), title="Waits")
    wait_for(lambda: "new=open" in house.worker_log(), "the worker has noticed")
    lasting = house.stash.run_operation({"mode": "outages"})
    house.plex.up()
    house.drained()
    job = house.run_task("Outage Summary Report")
    one = house.stash.run_operation({"mode": "outages"})

    assert (none["outages"], none["mtbf_s"], none["mttr_s"]) == (0, None, None)
    assert (lasting["outages"], lasting["mttr_s"], lasting["since_last_s"]) == (1, None, 0.0)
    assert (one["outages"], one["mtbf_s"], job.status) == (1, None, "FINISHED")
    assert one["mttr_s"] > 0.0
    assert house.said("No outage of Plex has been recorded.")
    assert house.said("Plex is away since")
    assert house.said("Plex is there; the last outage ended")


def bury(house: House, scene: int, reason: str) -> None:
    """A dead letter of that class, as a job that failed at this moment would leave it."""
    statement = (
        "INSERT INTO dead_letters (subject, cause, priority, title, reason, message, attempts, candidates, first_at,"
        " last_at) VALUES (?, 'update', 0, '', ?, '', 5, '[]', strftime('%s'), strftime('%s') + 0.0)"
    )
    with connected(house.data) as connection:
        connection.execute(statement, (f"scene:{scene}", reason))


def connected(data: Path) -> Any:
    return sqlite3.connect(data / "queue.db", timeout=10.0)


def test_recovering_waits_for_plex_and_requeues_outage_jobs(
    house: House,
) -> None:
    scenes = {
        name: house.scene(name, title=f"New {name}")
        for name in ("a.mp4", "b.mp4", "c.mp4", "d.mp4")
    }
    house.plex.down()
    house.edit(scenes["d.mp4"], title="Opens the breaker")
    wait_for(lambda: "new=open" in house.worker_log(), "the worker has noticed")
    for name, reason in (
        ("a.mp4", "PlexUnavailable"),
        ("b.mp4", "PlexTemporaryError"),
        ("c.mp4", "AmbiguousMatch"),
    ):
        bury(house, scenes[name], reason)
    bury(house, 4_711, PlexUnavailable.__name__)

    with pytest.raises(GraphqlFailure, match="not well yet"):
        house.stash.run_operation({"mode": "recover"})
    refused = len(house.dead_letters())
    house.plex.up()
    house.drained()
    down = house.stash.run_operation({"mode": "recover"})
    after = {dead_letter["reason"] for dead_letter in house.dead_letters()}
    temporary = house.stash.run_operation({"mode": "recover_temporary"})
    house.drained()

    assert refused == 4
    assert down["gone"] in (0, 1)  # the worker may have noticed first that the scene is gone
    assert {**down, "gone": 1} == {
        "recovered": {"PlexUnavailable": 1},
        "queued": 0,
        "gone": 1,
        "elsewhere": 0,
    }
    assert after == {"PlexTemporaryError", "AmbiguousMatch"}
    assert temporary["recovered"] == {"PlexTemporaryError": 1}
    assert [dead_letter["reason"] for dead_letter in house.dead_letters()] == ["AmbiguousMatch"]
    assert [house.item(name).title for name in ("a.mp4", "b.mp4", "c.mp4")] == [
        "New a.mp4",
        "New b.mp4",
        "c",
    ]
    assert house.said("Back in the queue: 1 x PlexUnavailable.")
