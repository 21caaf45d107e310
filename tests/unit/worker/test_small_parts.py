"""The watchdog, the timers and the graves."""

import threading
from pathlib import Path

from core.job import PRIORITY_EDIT, PRIORITY_LAST
from core.timers import IntervalTimer
from sync_queue.dead_letters import DeadLetters
from sync_queue.meta import start_epoch
from tests.harness.captured_log import captured_log
from tests.harness.clocks import FakeClock
from tests.harness.database import open_store
from worker.lifecycle.poison_jobs import CRASHES_TO_DEAD_LETTER, dead_letter_poison_jobs
from worker.lifecycle.watchdog import STALL_TIMEOUT_S, Watchdog


def test_an_interval_timer_fires_immediately_then_per_interval() -> None:
    clock = FakeClock()
    timer = IntervalTimer(clock, 10.0)

    looks = []
    for _ in range(25):
        looks.append(timer.fire())
        clock.advance(1.0)

    assert [number for number, due in enumerate(looks) if due] == [0, 10, 20]


def test_what_is_meant_for_later_is_not_due_at_once() -> None:
    clock = FakeClock()
    timer = IntervalTimer(clock, 10.0, later=True)
    before = timer.fire()
    clock.advance(10.0)

    assert (before, timer.fire()) == (False, True)


def test_a_timer_can_be_put_off_and_brought_forward() -> None:
    clock = FakeClock()
    timer = IntervalTimer(clock, 10.0)
    timer.postpone(100.0)
    clock.advance(99.0)
    before = timer.fire()
    timer.expire()

    assert (before, timer.fire()) == (False, True)


def test_a_clock_that_jumps_does_not_move_a_timer() -> None:
    clock = FakeClock()
    timer = IntervalTimer(clock, 10.0, later=True)

    clock.jump(1_000_000.0)

    assert not timer.fire()


def test_the_watchdog_ends_a_worker_that_makes_no_progress() -> None:
    clock, ended = FakeClock(), threading.Event()
    dog = Watchdog(clock, ended.set, stall_timeout_s=0.04)
    dog.start()
    clock.advance(1.0)

    assert ended.wait(20.0)
    dog.stop()


def test_a_worker_that_beats_is_left_alone() -> None:
    clock = FakeClock()
    dog = Watchdog(clock, lambda: None)
    for _ in range(10):
        clock.advance(STALL_TIMEOUT_S - 1)
        assert not dog.is_stalled()
        dog.heartbeat()
    clock.advance(STALL_TIMEOUT_S)

    assert dog.is_stalled()


def test_a_watchdog_that_never_ran_can_be_stopped() -> None:
    Watchdog(FakeClock()).stop()


def _die(data_dir: Path, clock: FakeClock) -> int:
    """A worker takes the job in hand and dies; how many letters its successor writes."""
    connection = open_store(data_dir, clock).connection
    epoch = start_epoch(connection, 1, "1", "test", clock.now)
    connection.close()
    worker = open_store(data_dir, clock, epoch=epoch)
    for job in worker.claim():
        worker.mark_current(job)
    worker.connection.close()
    successor = open_store(data_dir, clock)
    buried = dead_letter_poison_jobs(successor, successor.recover_orphans(), captured_log()[0])
    successor.connection.close()
    return buried


def test_a_job_that_cost_six_workers_their_lives_is_buried(tmp_path: Path) -> None:
    clock = FakeClock()
    first = open_store(tmp_path, clock)
    first.enqueue("scene:1", "update", PRIORITY_EDIT)
    first.connection.close()

    buried = [_die(tmp_path, clock) for _ in range(CRASHES_TO_DEAD_LETTER)]

    store = open_store(tmp_path, clock)
    (dead_letter,) = DeadLetters(store).newest()
    assert buried == [0, 0, 0, 0, 0, 1]
    assert (dead_letter.subject, dead_letter.reason, dead_letter.attempts) == (
        "scene:1",
        "PoisonJob",
        6,
    )
    assert dead_letter.priority == PRIORITY_LAST
    store.connection.close()


def test_a_worker_that_dies_with_nothing_in_hand_charges_nobody(tmp_path: Path) -> None:
    clock = FakeClock()
    store = open_store(tmp_path, clock)
    epoch = start_epoch(store.connection, 1, "1", "test", clock.now)
    store.enqueue("scene:1", "update")
    worker = open_store(tmp_path, clock, epoch=epoch)
    (job,) = worker.claim()
    worker.mark_current(job)
    worker.retry_at(job, clock.now + 100, "PlexNotFound", attempts=1)

    charged = store.recover_orphans()
    clock.advance(200)
    (again,) = store.claim()

    assert charged == []
    assert again.crashes == 0
    worker.connection.close()
    store.connection.close()
