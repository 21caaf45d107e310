"""The status shows the queue, Plex and the worker in few lines."""

from sync_queue.records import Records
from tests.harness.in_process import InProcessHarness
from worker.reporting.status import status_lines, take_snapshot


def test_matches_are_counted_by_confidence_and_today_by_its_jobs(worker: InProcessHarness) -> None:
    scenes = [worker.titled_scene(name) for name in ("a", "b")]
    worker.drain_scenes(*scenes)

    snapshot = take_snapshot(worker.data, worker.store, worker.clock)

    assert dict(Records(worker.store).confidences()) == dict(snapshot.confidences) == {"high": 2}
    assert snapshot.done_today == 2
    assert "Matches: 2 high." in status_lines(snapshot, worker.clock.now)


def test_the_status_in_an_outage_is_what_the_worker_holds(worker: InProcessHarness) -> None:
    worker.plex.down()
    worker.drain_scenes(worker.titled_scene("a"))

    snapshot = take_snapshot(worker.data, worker.store, worker.clock)

    assert snapshot.breaker == worker.components.circuit.breaker
    assert snapshot.outage is not None
    assert snapshot.outage.start == worker.clock.now


def test_the_statistics_are_a_line_of_counts_and_a_line_of_times(worker: InProcessHarness) -> None:
    worker.drain_scenes(
        worker.titled_scene("a"), worker.titled_scene("b"), worker.titled_scene("c", in_plex=False)
    )
    worker.components.statistics.save()
    worker.clock.advance(3600.0)

    lines = status_lines(take_snapshot(worker.data, worker.store, worker.clock), worker.clock.now)

    counts = next(line for line in lines if line.startswith("In the last 1 h: "))
    times = next(
        line
        for line in lines
        if line.startswith("Milliseconds (average/median/95 of 100 stay below): ")
    )
    assert counts.startswith("In the last 1 h: 2 done, 1 retried; requests per job: ")
    assert "to Plex" in counts
    assert "to Stash" in counts
    assert "job 0/0/0, read 0/0/0, match 0/0/0, items 0/0/0" in times
