"""Test restarts, how gently the queue drains, the cost of waiting and what users see."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from core.errors import PlexUnavailable
from sync_queue.store import JobStore
from tests.emulators.plex_server import Fault
from tests.emulators.stash_client import GraphqlFailure
from tests.harness.in_process import InProcessHarness
from tests.harness.processes import ProcessHarness
from tests.harness.resources import count_descriptors, count_objects
from tests.harness.waiting import wait_for
from worker.lifecycle.loop import TICK_S
from worker.resilience.breaker import FILE_NAME as BREAKER_FILE
from worker.resilience.breaker import BreakerStatus
from worker.resilience.throttle import FULL_RATE

DAY_S = 86_400.0
LIBRARIES = "/library/sections"


def breaker_lines(installed: ProcessHarness | InProcessHarness) -> list[str]:
    """The transitions in the worker's log."""
    return [line for line in installed.worker_log().splitlines() if "breaker.transition" in line]


def restart(worker: InProcessHarness) -> None:
    """The worker ends, and another one takes over."""
    worker.end_worker()
    worker.begin_worker()


def begin_outage(worker: InProcessHarness, scene: int, title: str = "Waits") -> None:
    """Plex is gone, and the worker knows it."""
    worker.plex.down()
    worker.edit(scene, title=title)
    worker.work_until(lambda: state(worker) is BreakerStatus.OPEN)


def state(worker: InProcessHarness) -> BreakerStatus:
    assert worker.process is not None
    return worker.components.circuit.breaker.state


def document(installed: ProcessHarness | InProcessHarness, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((installed.data / name).read_text("utf-8"))
    return found


def store_of(worker: InProcessHarness) -> JobStore:
    assert worker.process is not None
    return worker.store


# -- restarts
# ---------------------------------------------------------------------------------------


def test_a_worker_started_during_an_outage_continues_it(
    worker: InProcessHarness,
) -> None:
    begin_outage(worker, worker.scene())
    worker.work_for(300.0)
    before = document(worker, BREAKER_FILE)

    restart(worker)
    after = worker.components.circuit.breaker if worker.process else None
    worker.work(1.0)

    assert after is not None
    assert (after.state, after.next_probe_at, after.since) == (
        BreakerStatus.OPEN,
        before["next_probe_at"],
        before["since"],
    )
    assert document(worker, BREAKER_FILE) == before
    assert len(breaker_lines(worker)) == 1
    assert [attempts for _, attempts, _ in worker.jobs()] == [0]


def test_restarts_do_not_make_the_probes_more_frequent(worker: InProcessHarness) -> None:
    begin_outage(worker, worker.scene())
    worker.plex.up()
    worker.plex.maintenance(1e9)
    worker.work_for(600.0)
    worker.plex.reset_counts()

    for _ in range(60):
        restart(worker)
        worker.work(10.0)

    assert 8 <= worker.plex.count("GET", "/identity") <= 12


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"state": "ajar"}', '{"state": "open", "since": 1e99}']
)
def test_a_corrupt_breaker_file_is_reported_once(worker: InProcessHarness, content: str) -> None:
    scene = worker.scene()
    begin_outage(worker, scene)
    worker.end_worker()
    (worker.data / BREAKER_FILE).write_text(content, encoding="utf-8")

    worker.begin_worker()
    at_first = state(worker)
    worker.work_for(60.0)
    waiting = worker.jobs()
    restart(worker)
    worker.work_for(60.0)
    worker.plex.up()
    worker.work_until(lambda: not worker.jobs(), limit=300.0)

    assert at_first is BreakerStatus.CLOSED
    assert [attempts for _, attempts, _ in waiting] == [0]
    assert len(worker.stash_log("circuit_breaker.json is corrupt", "Warning")) == 1
    assert worker.worker_log().count("state.corrupt") == 1
    assert (worker.data / f"{BREAKER_FILE}.corrupt").exists()
    assert worker.item().title == "Waits"


def test_each_transition_is_one_line_with_its_reason(
    worker: InProcessHarness,
) -> None:
    began = int(worker.clock.now)
    begin_outage(worker, worker.scene())
    worker.work_for(120.0)
    worker.plex.up()
    worker.work_until(lambda: not worker.jobs())

    lines = breaker_lines(worker)
    moves = [re.findall(r"(?:old|new)=(\w+)", line) for line in lines]
    since = [int(found[1]) for line in lines[1:] if (found := re.search(r"since=(\d+)", line))]

    assert moves == [["closed", "open"], ["open", "half_open"], ["half_open", "closed"]]
    assert all("reason=" in line for line in lines)
    assert "PlexUnavailable" in lines[0]
    assert len(since) == 2
    assert began <= since[0] == since[1] <= began + 30


def test_users_are_notified_once_per_outage_start_and_end(worker: InProcessHarness) -> None:
    begin_outage(worker, worker.scene())
    worker.work_for(900.0)
    restart(worker)
    worker.work_for(900.0)
    gone, back_too_early = worker.stash_log("cannot reach Plex"), worker.stash_log("Plex is back")

    worker.plex.up()
    worker.work_until(lambda: worker.stash_log("Plex is back"))

    assert (len(gone), back_too_early) == (1, [])
    assert len(worker.stash_log("Plex is back", "Info")) == 1


def test_a_slow_start_continues_after_a_restart(worker: InProcessHarness) -> None:
    begin_outage(worker, worker.scene())
    worker.plex.up()
    worker.work_until(lambda: not worker.jobs())
    for _ in range(10):
        worker.enqueue(1)
        worker.work(12.0)
    before = worker.components.throttle.ramp if worker.process else None

    restart(worker)
    after = worker.components.throttle.ramp if worker.process else None

    assert before is not None
    assert after is not None
    assert before.rate > 5.0
    assert after.rate == pytest.approx(before.rate, rel=0.25)


# -- the health check
# ---------------------------------------------------------------------------------


def test_probes_ask_for_the_identity_then_for_the_libraries(
    worker: InProcessHarness,
) -> None:
    begin_outage(worker, worker.scene())
    worker.plex.up()
    worker.plex.reset_counts()

    worker.work_until(lambda: state(worker) is not BreakerStatus.OPEN)

    assert [one.path for one in worker.plex.requests[:2]] == ["/identity", LIBRARIES]


def test_a_plex_that_only_says_who_it_is_is_not_healthy(worker: InProcessHarness) -> None:
    begin_outage(worker, worker.scene())
    worker.plex.up()
    worker.plex.faults.add(Fault(status=500, route=LIBRARIES, times=None))

    worker.work_for(600.0)

    assert state(worker) is BreakerStatus.OPEN
    assert worker.plex.count("GET", "/identity") >= 8
    assert worker.plex.writes() == []
    assert len(breaker_lines(worker)) == 1


def test_probe_delays_grow_from_five_seconds_to_a_minute(worker: InProcessHarness) -> None:
    begin_outage(worker, worker.scene())
    worker.plex.up()
    worker.plex.maintenance(1e9)
    times: list[float] = []

    for _ in range(3_600):
        seen = worker.plex.count("GET", "/identity")
        worker.work(0.5)
        times += [worker.clock.now] * (worker.plex.count("GET", "/identity") > seen)
    gaps = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]

    assert min(gaps) >= 4.5
    assert max(gaps) <= 61.0
    assert all(gap >= 53.0 for gap in gaps[5:])


def test_while_disabled_stash_is_polled_rarely(
    worker: InProcessHarness,
) -> None:
    begin_outage(worker, worker.scene())
    worker.stash.configure(a_plex_token="")
    worker.work_for(120.0)
    worker.stash.reset_counts()

    worker.work_for(600.0, step=TICK_S)

    assert worker.stash.count("graphql", "configuration") <= 40


# -- waiting is cheap
# ---------------------------------------------------------------------------------


def test_an_hour_of_waiting_is_two_polls_a_second(worker: InProcessHarness) -> None:
    begin_outage(worker, worker.scene())
    assert worker.process is not None
    worker.clock.sleeps.clear()

    for _ in range(7_200):
        worker.tick()
        worker.clock.sleep(TICK_S)
    own = [one for one in worker.clock.sleeps if one != TICK_S]

    assert len(own) <= 2 * 62 * 2  # the quick retries of each probe
    assert worker.clock.sleeps.count(TICK_S) == 7_200


@pytest.mark.parametrize(
    "days",
    [pytest.param(0.125, id="three hours"), pytest.param(7.0, id="a week", marks=pytest.mark.soak)],
)
def test_however_long_only_waiting_jobs_wait_nothing_grows(
    worker: InProcessHarness, days: float
) -> None:
    scenes = [worker.scene(f"{number}.mp4") for number in range(20)]
    begin_outage(worker, scenes[0])
    for scene in scenes:
        worker.enqueue(scene)
    worker.plex.up()
    worker.plex.maintenance(1e9)
    counts: list[tuple[int, int, int]] = []
    plex_requests = stash_requests = 0

    for _ in range(4):
        worker.work_for(days * DAY_S / 4.0, step=20.0)
        plex_requests += worker.plex.count()
        stash_requests += worker.stash.count()
        worker.plex.reset_counts()
        worker.stash.reset_counts()
        worker.clock.sleeps.clear()
        counts.append(
            (count_objects(), count_descriptors(), (worker.data / "plexsync.log").stat().st_size)
        )
    waiting = worker.jobs()
    worker.plex.end_maintenance()
    worker.work_until(lambda: not worker.jobs(), limit=600.0)

    minutes = days * 1440.0
    assert plex_requests <= 1.3 * minutes + 20
    assert stash_requests <= 3.0 * minutes + 100
    assert counts[-1][0] - counts[0][0] < 2_000
    assert counts[-1][1] - counts[0][1] <= 2
    assert counts[-1][2] - counts[0][2] < 20_000 * max(1.0, days)
    assert {attempts for _, attempts, _ in waiting} == {0}
    assert worker.dead_letters() == []
    assert worker.item("0.mp4").title == "Waits"


# -- the ramp
# -----------------------------------------------------------------------------------------


def drain_after_an_outage(worker: InProcessHarness, count: int) -> list[int]:
    """The epoch second in which each of so many items was written, after Plex came back."""
    scenes = [
        worker.scene(f"{number}.mp4", 1_000 + number, title=f"T {number}")
        for number in range(count)
    ]
    begin_outage(worker, scenes[0])
    for scene in scenes:
        worker.enqueue(scene)
    worker.plex.up()
    worker.work_until(lambda: not worker.jobs(), limit=600.0, step=TICK_S)
    return sorted(worker.item(f"{number}.mp4").updated_at for number in range(count))


def test_the_queue_drains_from_1_to_20_jobs_a_second(
    worker: InProcessHarness,
) -> None:
    written = drain_after_an_outage(worker, 150)

    since = written[0]

    assert len([one for one in written if one < since + 5]) <= 7
    assert len([one for one in written if one < since + 20]) <= 40
    assert max(written.count(one) for one in written) <= FULL_RATE + 1


def test_the_rate_halves_while_plex_fails_now_and_then(worker: InProcessHarness) -> None:
    for number in range(
        20
    ):  # every second one: a request that meets a fault is not seen by the faults after it
        worker.plex.faults.add(Fault(method="PUT", status=500, nth=number + 2))
    drain_after_an_outage(worker, 60)

    log = worker.worker_log()

    assert "slow_start.throttled" in log
    assert [worker.item(f"{number}.mp4").title for number in range(60)] == [
        "Waits",
        *(f"T {n}" for n in range(1, 60)),
    ]
    assert worker.dead_letters() == []


def test_an_edit_during_the_slow_start_is_next(worker: InProcessHarness) -> None:
    scenes = [
        worker.scene(f"{number}.mp4", 1_000 + number, title=f"T {number}") for number in range(40)
    ]
    begin_outage(worker, scenes[0])
    store_of(worker).enqueue_many([f"scene:{scene}" for scene in scenes[:-1]], "sync_all")
    worker.plex.up()
    done_before: list[int] = []

    def edit_in_the_middle(pause_s: float) -> None:
        """The worker checks for changes while it is throttled, so an edit comes during the backfill."""
        if not done_before and worker.worker_log().count("sync.done") >= 10:
            done_before.append(worker.worker_log().count("sync.done"))
            worker.edit(scenes[-1], title="Urgent")
            worker.pass_time()

    worker.clock.on_sleep = edit_in_the_middle
    worker.work_until(lambda: not worker.jobs())
    done = [line for line in worker.worker_log().splitlines() if "sync.done" in line]

    assert f"scene={scenes[-1]} " in done[done_before[0]]
    assert len(done) == len(scenes)  # so the others, most of the backfill, came after it
    assert worker.item("39.mp4").title == "Urgent"


def test_nothing_is_delayed_while_plex_answers_quickly(worker: InProcessHarness) -> None:
    scenes = [
        worker.scene(f"{number}.mp4", 1_000 + number, title=f"T {number}") for number in range(30)
    ]
    for scene in scenes:
        worker.enqueue(scene)
    worker.clock.sleeps.clear()

    worker.work()

    assert worker.jobs() == []
    assert worker.clock.sleeps == []


# -- what users see and do
# ---------------------------------------------------------------------------


def test_the_status_shows_breaker_outage_probe_and_slow_start(installed: ProcessHarness) -> None:
    scenes = [installed.scene(f"{number}.mp4") for number in range(3)]
    installed.plex.down()
    for scene in scenes:
        installed.edit(scene, title="Waits")
    wait_for(lambda: "new=open" in installed.worker_log(), "the worker has noticed")

    away = installed.stash.run_operation({"mode": "status"})
    shown = installed.stash_log("Plex is unavailable for")
    installed.plex.up()
    installed.wait_until_drained()
    there = installed.stash.run_operation({"mode": "status"})

    assert (away["breaker"], there["breaker"]) == ("open", "closed")
    assert "PlexUnavailable" in shown[0]
    assert re.search(r"PlexSync tries again in \d", shown[0])
    assert installed.stash_log("PlexSync sends ")


def test_the_outage_report_covers_none_one_and_a_current_one(
    installed: ProcessHarness,
) -> None:
    none = installed.stash.run_operation({"mode": "outages"})
    installed.plex.down()
    installed.edit(installed.scene(), title="Waits")
    wait_for(lambda: "new=open" in installed.worker_log(), "the worker has noticed")
    lasting = installed.stash.run_operation({"mode": "outages"})
    installed.plex.up()
    installed.wait_until_drained()
    job = installed.run_task("Outage Summary Report")
    one = installed.stash.run_operation({"mode": "outages"})

    assert (none["outages"], none["mtbf_s"], none["mttr_s"]) == (0, None, None)
    assert (lasting["outages"], lasting["mttr_s"], lasting["since_last_s"]) == (1, None, 0.0)
    assert (one["outages"], one["mtbf_s"], job.status) == (1, None, "FINISHED")
    assert one["mttr_s"] > 0.0
    assert installed.stash_log("No outage of Plex has been recorded.")
    assert installed.stash_log("Plex is unavailable since")
    assert installed.stash_log("Plex is available; the last outage ended")


def add_dead_letter(installed: ProcessHarness, scene: int, reason: str) -> None:
    """A dead letter of that class, as a job that failed at this moment would leave it."""
    statement = (
        "INSERT INTO dead_letters (subject, cause, priority, title, reason, message, attempts, candidates, first_at,"
        " last_at) VALUES (?, 'update', 0, '', ?, '', 5, '[]', strftime('%s'), strftime('%s') + 0.0)"
    )
    with connected(installed.data) as connection:
        connection.execute(statement, (f"scene:{scene}", reason))


def connected(data: Path) -> Any:
    return sqlite3.connect(data / "queue.db", timeout=10.0)


def test_recovering_waits_for_plex_and_requeues_outage_jobs(
    installed: ProcessHarness,
) -> None:
    scenes = {
        name: installed.scene(name, title=f"New {name}")
        for name in ("a.mp4", "b.mp4", "c.mp4", "d.mp4")
    }
    installed.plex.down()
    installed.edit(scenes["d.mp4"], title="Opens the breaker")
    wait_for(lambda: "new=open" in installed.worker_log(), "the worker has noticed")
    for name, reason in (
        ("a.mp4", "PlexUnavailable"),
        ("b.mp4", "PlexTemporaryError"),
        ("c.mp4", "AmbiguousMatch"),
    ):
        add_dead_letter(installed, scenes[name], reason)
    add_dead_letter(installed, 4_711, PlexUnavailable.__name__)

    with pytest.raises(GraphqlFailure, match="not well yet"):
        installed.stash.run_operation({"mode": "recover"})
    refused = len(installed.dead_letters())
    installed.plex.up()
    installed.wait_until_drained()
    down = installed.stash.run_operation({"mode": "recover"})
    after = {dead_letter.reason for dead_letter in installed.dead_letters()}
    temporary = installed.stash.run_operation({"mode": "recover_temporary"})
    installed.wait_until_drained()

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
    assert [dead_letter.reason for dead_letter in installed.dead_letters()] == ["AmbiguousMatch"]
    assert [installed.item(name).title for name in ("a.mp4", "b.mp4", "c.mp4")] == [
        "New a.mp4",
        "New b.mp4",
        "c",
    ]
    assert installed.stash_log("Back in the queue: 1 x PlexUnavailable.")
