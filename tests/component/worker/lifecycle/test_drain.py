"""The loop that works off the queue: what a failure costs, and whom it stops."""

import sqlite3
from collections.abc import Callable
from random import Random

import pytest

from core.errors import Fenced
from core.events import JobFinished
from core.job import PRIORITY_BACKFILL, PRIORITY_EDIT
from core.own_thread import OwnThread
from plex.transport import MAX_IN_FLIGHT
from sync_queue.entities import EntityIndex
from tests.emulators.plex_server import Fault
from tests.emulators.stash_faults import Fault as StashFault
from tests.emulators.stash_images import png
from tests.harness.in_process import InProcessHarness
from worker.discovery.fan_out import FanOut
from worker.lifecycle.drain import Drain
from worker.lifecycle.drain_deps import DrainDeps
from worker.lifecycle.job_outcomes import RELEASE_DELAY_S, DrainReport
from worker.lifecycle.request_pool import RequestPool
from worker.resilience.breaker import BreakerStatus

ITEMS = "/library/metadata/{ids}"
EDITS = "/library/sections/{section}/all"


def test_an_empty_queue_sends_no_request(worker: InProcessHarness) -> None:
    worker.context()
    worker.stash.reset_counts()
    worker.plex.reset_counts()

    report = worker.components.drain.run(worker.context(), lambda: False)

    assert report == DrainReport()
    assert worker.plex.count() == 0


def test_a_change_reaches_plex(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", title="New title", details="Text")

    report = worker.drain_scenes(scene)

    assert (report.done, report.wrote, worker.store.counts()) == (1, 1, (0, 0, 0))
    assert worker.titled_item("a").title == "New title"
    assert worker.titled_item("a").summary == "Text"


def test_a_batch_costs_one_stash_query_one_read_and_one_write(worker: InProcessHarness) -> None:
    scenes = [worker.titled_scene(str(number)) for number in range(30)]
    worker.context()
    worker.drain_scenes(worker.titled_scene("warm"))
    worker.plex.reset_counts()
    worker.stash.reset_counts()

    worker.drain_scenes(*scenes)

    assert worker.plex.count("PUT") == 30
    assert worker.plex.count("GET") == 2  # the items, and once more after the drain
    assert worker.stash.count("graphql", "findScene") == 1


def test_what_does_not_differ_is_not_written(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", details="Text", tags=["One", "Two"])
    worker.drain_scenes(scene)
    worker.plex.reset_counts()

    report = worker.drain_scenes(scene)

    assert (report.done, report.wrote) == (1, 0)
    assert worker.plex.writes() == []


def test_an_absent_stash_spends_no_attempt_and_ends_the_drain(worker: InProcessHarness) -> None:
    scenes = [worker.titled_scene(str(number)) for number in range(3)]
    ctx = worker.context()
    worker.enqueue(*scenes)
    worker.stash.faults.locked("findScene", times=None)

    report = worker.components.drain.run(ctx, lambda: False)

    assert report.halted_by == "StashUnavailable"
    assert [worker.job(scene)[1] for scene in scenes] == [0, 0, 0]
    assert worker.components.circuit.breaker.failures == 0


def test_an_absent_plex_spends_no_attempt_and_opens_the_breaker(worker: InProcessHarness) -> None:
    scenes = [worker.titled_scene(str(number)) for number in range(3)]
    worker.plex.down()

    report = worker.drain_scenes(*scenes)

    assert report.halted_by == "PlexUnavailable"
    assert [worker.job(scene)[1] for scene in scenes] == [0, 0, 0]
    assert worker.components.circuit.breaker.state is BreakerStatus.OPEN


def test_a_refused_token_costs_no_attempt(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a")
    worker.plex.change_token("another")

    worker.drain_scenes(scene)

    assert worker.job(scene)[1] == 0
    assert worker.components.circuit.breaker.refused


def test_one_scene_that_breaks_the_read_does_not_stop_the_others(worker: InProcessHarness) -> None:
    poison, healthy = worker.titled_scene("a"), worker.titled_scene("b")
    ctx = worker.context()
    worker.enqueue(poison, healthy)
    # The shared read fails, then its first half, which is the first scene.
    worker.stash.faults.plan(
        StashFault(
            "graphql", "findScene", times=2, graphql_error="Internal system error. Error <x>"
        )
    )

    report = worker.components.drain.run(ctx, lambda: False)

    assert (report.done, report.waiting) == (1, 1)
    assert worker.titled_item("b").title == "Title b"
    assert worker.job(poison)[1:] == (1, "InvalidScene")


def test_a_scene_that_breaks_every_read_is_dead_lettered(worker: InProcessHarness) -> None:
    poison = worker.titled_scene("a")
    ctx = worker.context()
    worker.enqueue(poison)
    worker.stash.faults.plan(
        StashFault(
            "graphql", "findScene", times=None, graphql_error="Internal system error. Error <x>"
        )
    )

    for _ in range(3):
        worker.components.drain.run(ctx, lambda: False)
        worker.clock.advance(100)

    assert [
        (dead_letter.subject, dead_letter.reason, dead_letter.attempts)
        for dead_letter in worker.dead_letters()
    ] == [(f"scene:{poison}", "InvalidScene", 3)]


def test_a_shared_read_that_fails_once_spends_nothing(worker: InProcessHarness) -> None:
    scenes = [worker.titled_scene(str(number)) for number in range(3)]
    worker.drain_scenes(worker.titled_scene("warm"))
    worker.plex.faults.add(Fault("status", status=500, route=ITEMS))

    report = worker.drain_scenes(*scenes)

    assert report.done == 3
    assert [worker.titled_item(str(number)).title for number in range(3)] == [
        "Title 0",
        "Title 1",
        "Title 2",
    ]


def test_a_failed_write_spends_one_attempt_and_waits_a_little(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a")
    worker.plex.faults.add(Fault("status", method="PUT", status=500))

    report = worker.drain_scenes(scene)

    due_s, attempts, reason = worker.job(scene)
    assert (report.waiting, attempts, reason) == (1, 1, "PlexTemporaryError")
    assert 1.0 <= due_s <= 5.0


def test_a_job_that_is_not_due_does_not_block_the_next(worker: InProcessHarness) -> None:
    waiting, present = worker.titled_scene("a", in_plex=False), worker.titled_scene("b")
    worker.drain_scenes(waiting)

    report = worker.drain_scenes(present)

    assert report.done == 1
    assert worker.job(waiting)[2] == "PlexNotFound"


def test_failures_that_open_the_breaker_stop_the_drain(
    worker: InProcessHarness,
) -> None:
    scenes = [worker.titled_scene(str(number)) for number in range(10)]
    worker.plex.faults.add(Fault("status", method="PUT", status=500, times=None))

    worker.drain_scenes(*scenes)

    attempts = [worker.job(scene)[1] for scene in scenes]
    assert worker.components.circuit.breaker.state is BreakerStatus.OPEN
    assert worker.plex.count("PUT") == 5
    assert attempts[4:] == [0] * 6


def test_a_successful_half_open_job_lets_the_others_through(worker: InProcessHarness) -> None:
    scenes = [worker.titled_scene(str(number)) for number in range(5)]
    worker.plex.down()
    worker.drain_scenes(*scenes)
    worker.plex.up()
    worker.clock.advance(60)
    circuit = worker.components.circuit
    circuit.probe(worker.context().plex)
    half_open = circuit.breaker.state
    worker.plex.reset_counts()

    first = worker.drain()

    assert half_open is BreakerStatus.HALF_OPEN
    assert circuit.breaker.state is BreakerStatus.CLOSED
    assert first.done + worker.drain_all() == 5


def test_a_failed_half_open_job_opens_again_spending_nothing(worker: InProcessHarness) -> None:
    scenes = [worker.titled_scene(str(number)) for number in range(5)]
    worker.plex.down()
    worker.drain_scenes(*scenes)
    worker.plex.up()
    worker.clock.advance(60)
    worker.components.circuit.probe(worker.context().plex)
    worker.plex.faults.add(Fault("status", method="PUT", status=500, times=None))

    worker.drain()

    assert worker.components.circuit.breaker.state is BreakerStatus.OPEN
    assert worker.plex.count("PUT") == 1
    assert [worker.job(scene)[1] for scene in scenes] == [0] * 5


def test_half_open_with_nothing_due_is_decided_by_a_request(worker: InProcessHarness) -> None:
    worker.plex.down()
    scene = worker.titled_scene("a")
    worker.drain_scenes(scene)
    worker.plex.up()
    worker.clock.advance(60)
    circuit = worker.components.circuit
    circuit.probe(worker.context().plex)
    worker.store.clear_waiting()

    worker.drain()

    assert circuit.breaker.state is BreakerStatus.CLOSED


def test_an_urgent_job_interrupts_a_backfill_batch(worker: InProcessHarness) -> None:
    backfill = [worker.titled_scene(f"old{number}") for number in range(15)]
    edited = worker.titled_scene("edited")
    worker.enqueue(*backfill, priority=PRIORITY_BACKFILL)
    order: list[str] = []

    def interrupt() -> bool:
        done = worker.plex.count("PUT")
        if done >= 3 and not order:
            worker.enqueue(edited, priority=PRIORITY_EDIT)
            order.append("noted")
        return False

    first = worker.components.drain.run(worker.context(), interrupt)

    assert first.done + worker.drain_all() == 16
    assert order == ["noted"]
    done = [line.split()[1] for line in worker.lines if line.startswith("sync.done")]
    # Three writes were sent before it was noted; those that end later are in flight beside it.
    assert done.index(f"scene={edited}") < 3 + 2 * MAX_IN_FLIGHT


def test_a_drain_that_is_stopped_releases_its_jobs(worker: InProcessHarness) -> None:
    scenes = [worker.titled_scene(str(number)) for number in range(15)]
    worker.enqueue(*scenes)

    report = worker.components.drain.run(worker.context(), lambda: worker.plex.count("PUT") >= 2)

    assert 2 <= report.done <= 2 + MAX_IN_FLIGHT
    assert worker.store.counts() == (15 - report.done, 0, 0)


def test_a_connection_lost_by_one_scene_rests_it_shortly(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a")
    worker.plex.faults.add(Fault("status", method="PUT", status=503))

    report = worker.drain_scenes(scene)

    assert report.waiting == 1
    assert worker.job(scene) == (RELEASE_DELAY_S, 0, "PlexUnavailable")


def test_a_change_after_the_read_arrives_behind_the_older_one(worker: InProcessHarness) -> None:
    first, second = worker.titled_scene("a"), worker.titled_scene("b", title="Old")
    worker.enqueue(first, second)
    worker.send_one_at_a_time()

    def change_the_second_after_the_read() -> bool:
        if worker.plex.count("PUT") == 1:
            worker.stash.library.change_scene(second, touch=True, title="New")
            worker.enqueue(second)
        return False

    report = worker.components.drain.run(worker.context(), change_the_second_after_the_read)

    assert report.done + worker.drain_all() == 3
    assert any("title.value=Old" in record.target for record in worker.plex.writes())
    assert worker.titled_item("b").title == "New"


def test_a_worker_that_was_overtaken_writes_nothing_more(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a")
    worker.enqueue(scene)
    newer = worker.new_worker()

    with pytest.raises(Fenced):
        worker.drain()

    newer.close()
    assert worker.plex.writes() == []


def overtaken_when(worker: InProcessHarness, it_is_time: Callable[[], bool]) -> None:
    """A newer worker begins at that moment, in the middle of a job."""
    connection = sqlite3.connect(worker.data / "queue.db", isolation_level=None)

    def overtake() -> None:
        if it_is_time():
            connection.execute("UPDATE worker SET epoch = epoch + 1")

    worker.on_heartbeat = overtake
    with pytest.raises(Fenced):
        worker.drain()
    connection.close()


def test_a_fenced_worker_sends_no_individual_edits(
    worker: InProcessHarness,
) -> None:
    worker.enqueue(worker.titled_scene("a", details="Text."))
    worker.plex.faults.add(Fault(method="PUT", status=400))

    overtaken_when(worker, lambda: worker.plex.count("PUT") == 1)

    assert worker.plex.count("PUT") == 1
    assert worker.titled_item("a").title == "a"


def test_a_fenced_worker_does_not_select_an_image(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", cover=png(1))
    worker.drain_scenes(scene)
    worker.plex.library.change(worker.titled_item("a").rating_key, poster=png(2))
    worker.context().records.forget_scene(scene)
    worker.enqueue(scene)
    worker.plex.reset_counts()

    overtaken_when(
        worker, lambda: any("/posters" in record.path for record in worker.plex.requests)
    )

    assert worker.titled_item("a").poster_bytes == png(2)


def test_a_scene_that_is_gone_is_done_and_forgotten(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a")
    worker.drain_scenes(scene)
    worker.stash.library.drop_scene(scene)

    report = worker.drain_scenes(scene)

    assert (report.done, worker.store.counts(), worker.record(scene)) == (1, (0, 0, 0), None)


def test_a_scene_without_a_file_is_done(worker: InProcessHarness) -> None:
    scene = worker.stash.library.add_scene(title="No file")

    report = worker.drain_scenes(scene)

    assert (report.done, worker.dead_letters()) == (1, [])
    assert worker.plex.writes() == []


def test_with_the_master_switch_off_nothing_is_recorded(worker: InProcessHarness) -> None:
    worker.configure(c_sync_metadata=False)
    scene = worker.titled_scene("a")

    report = worker.drain_scenes(scene)

    assert (report.done, worker.plex.count(), worker.record(scene)) == (1, 0, None)


def test_a_date_that_plex_refuses_does_not_keep_the_title_back(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", title="Kept", date="2024-01-02")
    refused = Fault(
        "status", method="PUT", status=400, times=2
    )  # together, then the first field alone
    worker.plex.faults.add(refused)

    worker.drain_scenes(scene)

    (dead_letter,) = worker.dead_letters()
    assert dead_letter.reason == "PlexRejected"
    assert "Plex does not take" in dead_letter.message
    assert worker.plex.count("PUT") >= 3
    assert {"Kept", "2024-01-02"} & {worker.titled_item("a").title, worker.titled_item("a").date}


def test_several_items_of_one_file_are_all_written(worker: InProcessHarness) -> None:
    second = worker.plex.library.add_section("More", ["/media/scenes"]).key
    worker.plex.library.add_item(second, [("/media/scenes/a.mp4", 1000)])
    scene = worker.titled_scene("a")

    worker.drain_scenes(scene)

    assert [item.title for item in worker.plex.library.items()] == ["Title a", "Title a"]


def test_a_removed_item_is_rematched_in_the_same_attempt(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a")
    worker.drain_scenes(scene)
    old = worker.titled_item("a").rating_key
    worker.plex.library.remove_item(old)
    new = worker.add_item("/media/scenes/a.mp4")
    worker.stash.library.change_scene(scene, touch=True, title="After the scan")
    worker.clock.advance(10)

    report = worker.drain_scenes(scene)

    assert report.done == 1
    assert worker.shown(new).title == "After the scan"
    assert worker.record(scene).item == new


def test_an_unexplained_failed_read_leaves_no_job_running(worker: InProcessHarness) -> None:
    scenes = [worker.titled_scene(str(number)) for number in range(8)]
    worker.plex.faults.add(Fault("html_200", times=None))

    worker.drain_scenes(*scenes)

    due, later, running = worker.store.counts()
    assert (running, due + later) == (0, 8)


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_damaged_queue_is_no_scenes_fault(worker: InProcessHarness, method: str) -> None:
    scene = worker.titled_scene("a")
    worker.context()

    def stumble() -> None:
        if worker.plex.count(method):
            raise sqlite3.DatabaseError("database disk image is malformed")

    worker.plex.reset_counts()
    worker.on_heartbeat = stumble

    with pytest.raises(sqlite3.DatabaseError):
        worker.drain_scenes(scene)

    assert worker.dead_letters() == []
    assert worker.store.counts() == (0, 0, 1)


@pytest.mark.parametrize(
    "error",
    [
        sqlite3.OperationalError("disk I/O error"),
        sqlite3.DatabaseError("database disk image is malformed"),
    ],
)
def test_a_queue_error_is_not_attributed_to_the_caller(
    worker: InProcessHarness, error: sqlite3.Error
) -> None:
    def count(event: JobFinished) -> None:
        raise error

    parts, store = worker.components, worker.store
    fan_out = FanOut(store, EntityIndex(store), worker.clock)
    deps = DrainDeps(
        store,
        parts.queue.notices,
        parts.circuit,
        parts.throttle,
        fan_out,
        RequestPool(worker.clock, OwnThread()),
        Random(7),
        worker.clock,
        worker.log,
        on_job_finished=[count],
    )
    drain = Drain(deps)
    worker.enqueue(worker.titled_scene("a"))

    with pytest.raises(sqlite3.Error):
        drain.run(worker.context(), lambda: False)

    drain.close()
    assert not any(line.startswith("listener.failed") for line in worker.lines)
    assert worker.store.counts() == (0, 0, 0)


def test_a_field_written_but_rejected_is_still_ours(worker: InProcessHarness) -> None:
    worker.configure(c_preserve_plex_edits=True)
    scene = worker.titled_scene("a", title="First title", details="Text")
    worker.plex.faults.add(Fault("status", method="PUT", status=400))  # together
    worker.plex.faults.add(Fault("apply_then_status", method="PUT", status=500))  # the title alone
    worker.drain_scenes(scene)
    assert (
        worker.titled_item("a").title,
        [dead_letter.reason for dead_letter in worker.dead_letters()],
    ) == (
        "First title",
        ["PlexRejected"],
    )

    worker.stash.library.change_scene(scene, touch=True, title="Second title")
    worker.drain_scenes(scene)

    assert worker.titled_item("a").title == "Second title"


def test_a_job_waits_until_plex_has_rested(worker: InProcessHarness) -> None:
    worker.components.throttle.on_write(10.0)

    report = worker.drain_scenes(worker.titled_scene("a"))

    assert sum(worker.clock.sleeps) == pytest.approx(11.0)
    assert report.wrote == 1


def test_a_job_that_may_have_crashed_a_worker_runs_alone(worker: InProcessHarness) -> None:
    """The marks of the jobs in progress name it alone, and up to four of the others together."""
    scenes = [worker.titled_scene(str(number)) for number in range(6)]
    worker.enqueue(*scenes)
    suspect = worker.store.claim()[0]
    worker.store.mark_current(suspect.id)
    marks: list[tuple[int, ...]] = []

    def note(point: str) -> None:
        if point == "drain.job_started":
            marks.append(worker.store.current_jobs())

    worker.end_worker()
    worker.begin_worker(note)
    worker.drain()

    assert [mark for mark in marks if suspect.id in mark] == [(suspect.id,)]
    assert max(map(len, marks)) == MAX_IN_FLIGHT


def test_a_poison_job_leaves_no_charge_on_its_neighbours(worker: InProcessHarness) -> None:
    """Four jobs are in progress when the worker is killed; the three others finish alone."""
    scenes = [worker.titled_scene(str(number)) for number in range(4)]
    worker.enqueue(*scenes)
    store = worker.store
    store.mark_current(*[job.id for job in store.claim()])

    worker.restart()
    charged = worker.rows("SELECT deaths FROM scene_ack_queue_default WHERE status < 2")
    report = worker.drain()

    assert charged == [(1,)] * 4
    assert (report.done, worker.dead_letters()) == (4, [])
    assert worker.worker_log().count("worker.killed scene=") == 4


def test_a_failure_in_flight_when_the_breaker_opened_is_free(worker: InProcessHarness) -> None:
    """Five failures in a row open the breaker; those that were in flight spend no attempt."""
    scenes = [worker.titled_scene(str(number)) for number in range(12)]
    worker.plex.faults.add(Fault("status", method="PUT", status=500, times=None))

    report = worker.drain_scenes(*scenes)

    assert worker.components.circuit.breaker.state is BreakerStatus.OPEN
    assert report.dead == 0
    assert {worker.job(scene)[1] for scene in scenes} == {0}
    assert worker.plex.count("PUT") < 5 + MAX_IN_FLIGHT
