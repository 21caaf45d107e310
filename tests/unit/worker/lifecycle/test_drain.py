"""The loop that works off the queue: what a failure costs, and whom it stops."""

import sqlite3
from collections.abc import Callable
from random import Random

import pytest

from core.errors import Fenced
from core.events import JobFinished
from core.job import PRIORITY_BACKFILL, PRIORITY_EDIT
from sync_queue.entities import EntityIndex
from tests.emulators.plex_server import Fault
from tests.emulators.stash_faults import Fault as StashFault
from tests.emulators.stash_images import png
from tests.unit.worker.rig import Rig
from worker.discovery.fan_out import FanOut
from worker.lifecycle.drain import Drain, DrainDeps
from worker.lifecycle.job_outcomes import RELEASE_DELAY_S, DrainReport
from worker.resilience.breaker import BreakerStatus

ITEMS = "/library/metadata/{ids}"
EDITS = "/library/sections/{section}/all"


def test_an_empty_queue_asks_nobody(rig: Rig) -> None:
    rig.ctx()
    rig.stash.reset_counts()
    rig.plex.reset_counts()

    report = rig.worker.components.drain.run(rig.ctx(), lambda: False)

    assert report == DrainReport()
    assert rig.plex.count() == 0


def test_a_change_reaches_plex(rig: Rig) -> None:
    scene = rig.scene("a", title="New title", details="Text")

    report = rig.sync(scene)

    assert (report.done, report.wrote, rig.counts) == (1, 1, (0, 0, 0))
    assert rig.item_of("a").title == "New title"
    assert rig.item_of("a").summary == "Text"


def test_a_batch_costs_one_stash_query_one_read_and_one_write(rig: Rig) -> None:
    scenes = [rig.scene(str(number)) for number in range(30)]
    rig.ctx()
    rig.sync(rig.scene("warm"))
    rig.plex.reset_counts()
    rig.stash.reset_counts()

    rig.sync(*scenes)

    assert rig.plex.count("PUT") == 30
    assert rig.plex.count("GET") == 2  # the items, and once more after the drain
    assert rig.stash.count("graphql", "findScene") == 1


def test_what_does_not_differ_is_not_written(rig: Rig) -> None:
    scene = rig.scene("a", details="Text", tags=["One", "Two"])
    rig.sync(scene)
    rig.plex.reset_counts()

    report = rig.sync(scene)

    assert (report.done, report.wrote) == (1, 0)
    assert rig.plex.writes() == []


def test_an_absent_stash_spends_no_attempt_and_ends_the_drain(rig: Rig) -> None:
    scenes = [rig.scene(str(number)) for number in range(3)]
    ctx = rig.ctx()
    rig.note(*scenes)
    rig.stash.faults.locked("findScene", times=None)

    report = rig.worker.components.drain.run(ctx, lambda: False)

    assert report.halted == "StashUnavailable"
    assert [rig.row(scene)[1] for scene in scenes] == [0, 0, 0]
    assert rig.worker.components.circuit.breaker.failures == 0


def test_an_absent_plex_spends_no_attempt_and_opens_the_breaker(rig: Rig) -> None:
    scenes = [rig.scene(str(number)) for number in range(3)]
    rig.plex.down()

    report = rig.sync(*scenes)

    assert report.halted == "PlexUnavailable"
    assert [rig.row(scene)[1] for scene in scenes] == [0, 0, 0]
    assert rig.worker.components.circuit.breaker.state is BreakerStatus.OPEN


def test_a_refused_token_costs_no_attempt(rig: Rig) -> None:
    scene = rig.scene("a")
    rig.plex.change_token("another")

    rig.sync(scene)

    assert rig.row(scene)[1] == 0
    assert rig.worker.components.circuit.breaker.refused


def test_one_scene_that_breaks_the_read_does_not_stop_the_others(rig: Rig) -> None:
    poison, healthy = rig.scene("a"), rig.scene("b")
    ctx = rig.ctx()
    rig.note(poison, healthy)
    # The shared read fails, then that of the first scene alone.
    rig.stash.faults.plan(
        StashFault(
            "graphql", "findScene", times=2, graphql_error="Internal system error. Error <x>"
        )
    )

    report = rig.worker.components.drain.run(ctx, lambda: False)

    assert (report.done, report.waiting) == (1, 1)
    assert rig.item_of("b").title == "Title b"
    assert rig.row(poison)[1:] == (1, "StashQueryError")


def test_a_scene_that_breaks_every_read_is_dead_lettered(rig: Rig) -> None:
    poison = rig.scene("a")
    ctx = rig.ctx()
    rig.note(poison)
    rig.stash.faults.plan(
        StashFault(
            "graphql", "findScene", times=None, graphql_error="Internal system error. Error <x>"
        )
    )

    for _ in range(3):
        rig.worker.components.drain.run(ctx, lambda: False)
        rig.clock.advance(100)

    assert [
        (dead_letter.subject, dead_letter.reason, dead_letter.attempts)
        for dead_letter in rig.dead_letters
    ] == [(f"scene:{poison}", "StashQueryError", 3)]


def test_a_shared_read_that_fails_once_spends_nothing(rig: Rig) -> None:
    scenes = [rig.scene(str(number)) for number in range(3)]
    rig.sync(rig.scene("warm"))
    rig.plex.faults.add(Fault("status", status=500, route=ITEMS))

    report = rig.sync(*scenes)

    assert report.done == 3
    assert [rig.item_of(str(number)).title for number in range(3)] == [
        "Title 0",
        "Title 1",
        "Title 2",
    ]


def test_a_failed_write_spends_one_attempt_and_waits_a_little(rig: Rig) -> None:
    scene = rig.scene("a")
    rig.plex.faults.add(Fault("status", method="PUT", status=500))

    report = rig.sync(scene)

    due_s, attempts, reason = rig.row(scene)
    assert (report.waiting, attempts, reason) == (1, 1, "PlexTemporaryError")
    assert 1.0 <= due_s <= 5.0


def test_a_job_that_is_not_due_does_not_block_the_next(rig: Rig) -> None:
    waiting, present = rig.scene("a", in_plex=False), rig.scene("b")
    rig.sync(waiting)

    report = rig.sync(present)

    assert report.done == 1
    assert rig.row(waiting)[2] == "PlexNotFound"


def test_failures_that_open_the_breaker_stop_the_drain(
    rig: Rig,
) -> None:
    scenes = [rig.scene(str(number)) for number in range(10)]
    rig.plex.faults.add(Fault("status", method="PUT", status=500, times=None))

    rig.sync(*scenes)

    attempts = [rig.row(scene)[1] for scene in scenes]
    assert rig.worker.components.circuit.breaker.state is BreakerStatus.OPEN
    assert rig.plex.count("PUT") == 5
    assert attempts[4:] == [0] * 6


def test_a_successful_half_open_job_lets_the_others_through(rig: Rig) -> None:
    scenes = [rig.scene(str(number)) for number in range(5)]
    rig.plex.down()
    rig.sync(*scenes)
    rig.plex.up()
    rig.clock.advance(60)
    circuit = rig.worker.components.circuit
    circuit.probe(rig.ctx().plex)
    half_open = circuit.breaker.state
    rig.plex.reset_counts()

    first = rig.drain()

    assert half_open is BreakerStatus.HALF_OPEN
    assert circuit.breaker.state is BreakerStatus.CLOSED
    assert first.done + rig.drain_all() == 5


def test_a_failed_half_open_job_opens_again_spending_nothing(rig: Rig) -> None:
    scenes = [rig.scene(str(number)) for number in range(5)]
    rig.plex.down()
    rig.sync(*scenes)
    rig.plex.up()
    rig.clock.advance(60)
    rig.worker.components.circuit.probe(rig.ctx().plex)
    rig.plex.faults.add(Fault("status", method="PUT", status=500, times=None))

    rig.drain()

    assert rig.worker.components.circuit.breaker.state is BreakerStatus.OPEN
    assert rig.plex.count("PUT") == 1
    assert [rig.row(scene)[1] for scene in scenes] == [0] * 5


def test_half_open_with_nothing_due_is_decided_by_a_request(rig: Rig) -> None:
    rig.plex.down()
    scene = rig.scene("a")
    rig.sync(scene)
    rig.plex.up()
    rig.clock.advance(60)
    circuit = rig.worker.components.circuit
    circuit.probe(rig.ctx().plex)
    rig.worker.components.store.clear_waiting()

    rig.drain()

    assert circuit.breaker.state is BreakerStatus.CLOSED


def test_an_urgent_job_interrupts_a_backfill_batch(rig: Rig) -> None:
    backfill = [rig.scene(f"old{number}") for number in range(15)]
    edited = rig.scene("edited")
    rig.note(*backfill, priority=PRIORITY_BACKFILL)
    order: list[str] = []

    def interrupt() -> bool:
        done = rig.plex.count("PUT")
        if done == 3 and not order:
            rig.note(edited, priority=PRIORITY_EDIT)
            order.append("noted")
        return False

    first = rig.worker.components.drain.run(rig.ctx(), interrupt)

    assert first.done + rig.drain_all() == 16
    assert order == ["noted"]
    assert [line.split()[1] for line in rig.lines if line.startswith("sync.done")][
        3
    ] == f"scene={edited}"


def test_a_drain_that_is_told_to_stop_gives_its_jobs_back(rig: Rig) -> None:
    scenes = [rig.scene(str(number)) for number in range(5)]
    rig.note(*scenes)

    report = rig.worker.components.drain.run(rig.ctx(), lambda: rig.plex.count("PUT") >= 2)

    assert report.done == 2
    assert rig.counts == (3, 0, 0)


def test_a_connection_lost_by_one_scene_rests_it_shortly(rig: Rig) -> None:
    scene = rig.scene("a")
    rig.plex.faults.add(Fault("status", method="PUT", status=503))

    report = rig.sync(scene)

    assert report.waiting == 1
    assert rig.row(scene) == (RELEASE_DELAY_S, 0, "PlexUnavailable")


def test_a_change_after_the_read_arrives_behind_the_older_one(rig: Rig) -> None:
    first, second = rig.scene("a"), rig.scene("b", title="Old")
    rig.note(first, second)

    def change_the_second_after_the_read() -> bool:
        if rig.plex.count("PUT") == 1:
            rig.stash.library.change_scene(second, touch=True, title="New")
            rig.note(second)
        return False

    report = rig.worker.components.drain.run(rig.ctx(), change_the_second_after_the_read)

    assert report.done + rig.drain_all() == 3
    assert any("title.value=Old" in record.target for record in rig.plex.writes())
    assert rig.item_of("b").title == "New"


def test_a_worker_that_was_overtaken_writes_nothing_more(rig: Rig) -> None:
    scene = rig.scene("a")
    rig.note(scene)
    newer = rig.new_worker()

    with pytest.raises(Fenced):
        rig.drain()

    newer.close()
    assert rig.plex.writes() == []


def overtaken_when(rig: Rig, it_is_time: Callable[[], bool]) -> None:
    """A newer worker begins at that moment, in the middle of a job."""
    connection = sqlite3.connect(rig.data_dir / "queue.db", isolation_level=None)

    def overtake() -> None:
        if it_is_time():
            connection.execute("UPDATE worker SET epoch = epoch + 1")

    rig.on_beat = overtake
    with pytest.raises(Fenced):
        rig.drain()
    connection.close()


def test_a_fenced_worker_sends_no_individual_edits(
    rig: Rig,
) -> None:
    rig.note(rig.scene("a", details="Text."))
    rig.plex.faults.add(Fault(method="PUT", status=400))

    overtaken_when(rig, lambda: rig.plex.count("PUT") == 1)

    assert rig.plex.count("PUT") == 1
    assert rig.item_of("a").title == "a"


def test_a_fenced_worker_does_not_select_an_image(rig: Rig) -> None:
    scene = rig.scene("a", cover=png(1))
    rig.sync(scene)
    rig.plex.library.change(rig.item_of("a").rating_key, poster=png(2))
    rig.records.forget_scene(scene)
    rig.note(scene)
    rig.plex.reset_counts()

    overtaken_when(rig, lambda: any("/posters" in record.path for record in rig.plex.requests))

    assert rig.item_of("a").poster_bytes == png(2)


def test_a_scene_that_is_gone_is_done_and_forgotten(rig: Rig) -> None:
    scene = rig.scene("a")
    rig.sync(scene)
    rig.stash.library.drop_scene(scene)

    report = rig.sync(scene)

    assert (report.done, rig.counts, rig.record(scene)) == (1, (0, 0, 0), None)


def test_a_scene_without_a_file_is_done(rig: Rig) -> None:
    scene = rig.stash.library.add_scene(title="No file")

    report = rig.sync(scene)

    assert (report.done, rig.dead_letters) == (1, [])
    assert rig.plex.writes() == []


def test_with_the_master_switch_off_nothing_is_recorded(rig: Rig) -> None:
    rig.configure(c_sync_metadata=False)
    scene = rig.scene("a")

    report = rig.sync(scene)

    assert (report.done, rig.plex.count(), rig.record(scene)) == (1, 0, None)


def test_a_date_that_plex_refuses_does_not_keep_the_title_back(rig: Rig) -> None:
    scene = rig.scene("a", title="Kept", date="2024-01-02")
    refused = Fault(
        "status", method="PUT", status=400, times=2
    )  # together, then the first field alone
    rig.plex.faults.add(refused)

    rig.sync(scene)

    (dead_letter,) = rig.dead_letters
    assert dead_letter.reason == "PlexRejected"
    assert "Plex does not take" in dead_letter.message
    assert rig.plex.count("PUT") >= 3
    assert {"Kept", "2024-01-02"} & {rig.item_of("a").title, rig.item_of("a").date}


def test_several_items_of_one_file_are_all_written(rig: Rig) -> None:
    second = rig.plex.library.add_section("More", ["/media/scenes"]).key
    rig.plex.library.add_item(second, [("/media/scenes/a.mp4", 1000)])
    scene = rig.scene("a")

    rig.sync(scene)

    assert [item.title for item in rig.plex.library.items()] == ["Title a", "Title a"]


def test_a_removed_item_is_rematched_in_the_same_attempt(rig: Rig) -> None:
    scene = rig.scene("a")
    rig.sync(scene)
    old = rig.item_of("a").rating_key
    rig.plex.library.remove_item(old)
    new = rig.item("a")
    rig.stash.library.change_scene(scene, touch=True, title="After the scan")
    rig.clock.advance(10)

    report = rig.sync(scene)

    assert report.done == 1
    assert rig.title(new) == "After the scan"
    assert rig.record(scene).item == new


def test_an_unexplained_failed_read_leaves_no_job_running(rig: Rig) -> None:
    scenes = [rig.scene(str(number)) for number in range(8)]
    rig.plex.faults.add(Fault("html_200", times=None))

    rig.sync(*scenes)

    due, later, running = rig.counts
    assert (running, due + later) == (0, 8)


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_damaged_queue_is_no_scenes_fault(rig: Rig, method: str) -> None:
    scene = rig.scene("a")
    rig.ctx()

    def stumble() -> None:
        if rig.plex.count(method):
            raise sqlite3.DatabaseError("database disk image is malformed")

    rig.plex.reset_counts()
    rig.on_beat = stumble

    with pytest.raises(sqlite3.DatabaseError):
        rig.sync(scene)

    assert rig.dead_letters == []
    assert rig.counts == (0, 0, 1)


@pytest.mark.parametrize(
    "error",
    [
        sqlite3.OperationalError("disk I/O error"),
        sqlite3.DatabaseError("database disk image is malformed"),
    ],
)
def test_a_queue_that_fails_whoever_counts_is_no_bug_of_his(rig: Rig, error: sqlite3.Error) -> None:
    def count(event: JobFinished) -> None:
        raise error

    parts = rig.worker.components
    fan_out = FanOut(parts.store, EntityIndex(parts.store), rig.clock)
    deps = DrainDeps(
        parts.store,
        parts.notices,
        parts.circuit,
        parts.throttle,
        fan_out,
        Random(7),
        on_job_finished=[count],
    )
    drain = Drain(deps)
    rig.note(rig.scene("a"))

    with pytest.raises(sqlite3.Error):
        drain.run(rig.ctx(), lambda: False)

    assert not any(line.startswith("listener.failed") for line in rig.lines)
    assert rig.counts == (0, 0, 0)


def test_a_field_written_but_rejected_is_still_ours(rig: Rig) -> None:
    rig.configure(c_preserve_plex_edits=True)
    scene = rig.scene("a", title="First title", details="Text")
    rig.plex.faults.add(Fault("status", method="PUT", status=400))  # together
    rig.plex.faults.add(Fault("apply_then_status", method="PUT", status=500))  # the title alone
    rig.sync(scene)
    assert (rig.item_of("a").title, [dead_letter.reason for dead_letter in rig.dead_letters]) == (
        "First title",
        ["PlexRejected"],
    )

    rig.stash.library.change_scene(scene, touch=True, title="Second title")
    rig.sync(scene)

    assert rig.item_of("a").title == "Second title"
