"""Test that a job that crashes its workers is dead-lettered and no other job is charged."""

from pathlib import Path

from core.job import PRIORITY_EDIT, PRIORITY_LAST
from core.outcome import Disposition
from sync_queue.counters import Counters
from sync_queue.dead_letters import DeadLetters
from sync_queue.meta import start_epoch
from tests.harness.captured_log import captured_log
from tests.harness.clocks import FakeClock
from tests.harness.database import open_store
from worker.lifecycle.poison_jobs import CRASHES_TO_DEAD_LETTER, dead_letter_poison_jobs
from worker.reporting.tallies import tally_counters


def _crash(data_dir: Path, clock: FakeClock) -> int:
    """Crash a worker at its current job; return the number of new dead letters."""
    connection = open_store(data_dir, clock).connection
    epoch = start_epoch(connection, 1, "1", "test", clock.now)
    connection.close()
    worker = open_store(data_dir, clock, epoch=epoch)
    for job in worker.claim():
        worker.mark_current(job.id)
    worker.connection.close()
    successor = open_store(data_dir, clock)
    dead_lettered = dead_letter_poison_jobs(
        successor, successor.recover_orphans(), captured_log()[0], clock.wall()
    )
    successor.connection.close()
    return dead_lettered


FAILED = tally_counters(Disposition.DEAD_LETTER, FakeClock().wall())


def test_a_job_that_crashed_six_workers_is_dead_lettered(tmp_path: Path) -> None:
    clock = FakeClock()
    first = open_store(tmp_path, clock)
    first.enqueue("scene:1", "update", PRIORITY_EDIT)
    first.connection.close()

    dead_lettered = [_crash(tmp_path, clock) for _ in range(CRASHES_TO_DEAD_LETTER)]

    store = open_store(tmp_path, clock)
    (dead_letter,) = DeadLetters(store).newest()
    assert dead_lettered == [0, 0, 0, 0, 0, 1]
    assert Counters(store).by_kind() == {kind: {name: 1} for kind, name in FAILED}
    assert (dead_letter.subject, dead_letter.reason, dead_letter.attempts) == (
        "scene:1",
        "PoisonJob",
        6,
    )
    assert dead_letter.priority == PRIORITY_LAST
    store.connection.close()


def test_a_crash_without_a_current_job_charges_no_job(tmp_path: Path) -> None:
    clock = FakeClock()
    store = open_store(tmp_path, clock)
    epoch = start_epoch(store.connection, 1, "1", "test", clock.now)
    store.enqueue("scene:1", "update")
    worker = open_store(tmp_path, clock, epoch=epoch)
    (job,) = worker.claim()
    worker.mark_current(job.id)
    worker.retry_at(job, clock.now + 100, "PlexNotFound", attempts=1)

    charged = store.recover_orphans()
    clock.advance(200)
    (again,) = store.claim()

    assert charged == []
    assert again.crashes == 0
    worker.connection.close()
    store.connection.close()
