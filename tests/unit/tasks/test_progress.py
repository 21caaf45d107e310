"""Test a task beside the worker: it ensures that one runs, and reports until nothing is left."""

from pathlib import Path

import pytest

from core.job import scene_subject
from core.outcome import Disposition
from sync_queue import statements as sql
from sync_queue.counters import Counters
from sync_queue.lease import Lease
from sync_queue.meta import MetaStore, WorkerStatus, start_epoch
from sync_queue.store import JobStore
from tasks.follow_worker import IDLE_GRACE_S, STALL_TIMEOUT_S
from tasks.progress import (
    QueueProgress,
    WorkerStartError,
    ensure_worker,
    spill_session,
)
from tests.harness.clocks import FakeClock
from tests.harness.database import open_store, query

SESSION: dict[str, object] = {
    "scheme": "http",
    "host": "h",
    "port": 9999,
    "cookie": "c",
    "now": 1.0,
}


class ProgressHarness:
    """A follower on a queue that finishes a job whenever the task sleeps."""

    def __init__(self, data_dir: Path, jobs: int, *, works: bool = True) -> None:
        self.clock = FakeClock()
        self.store = open_store(data_dir, self.clock)
        self.epoch = start_epoch(self.store.connection, 1, "1", "test", 0.0)
        self.store.enqueue_many((scene_subject(number) for number in range(jobs)), "test")
        self.output: list[str] = []
        self.shown: list[float] = []
        self._works = works
        self.facts = MetaStore(self.store)
        self.follower = QueueProgress(self.store, self, self._write, self.shown.append)
        self.fate = Disposition.COMPLETE

    def _write(self, level: str, text: str) -> None:
        self.output.append(text)

    def wall(self) -> float:
        return self.clock.wall()

    def monotonic(self) -> float:
        return self.clock.monotonic()

    def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        for job in self.store.claim(1) if self._works else ():
            counts = [("outcomes", self.fate.value)]
            if self.fate is Disposition.COMPLETE:
                self.store.complete(job, counts)
            elif self.fate is Disposition.DEAD_LETTER:
                self.store.dead_letter(job, title="", reason="WeakMatch", message="", counts=counts)
            else:
                self.store.retry_at(
                    job, self.clock.now + 90.0, "PlexNotFound", attempts=1, counts=counts
                )

    def edit(self, scene: int) -> None:
        """Enqueue an edited scene, which then settles for a moment."""
        self.store.enqueue(scene_subject(scene), "update", settle_s=sql.SETTLE_S)


def test_the_bar_grows_until_nothing_is_due(tmp_path: Path) -> None:
    progress = ProgressHarness(tmp_path, 4)

    answer = progress.follower.follow(lambda: True)

    assert progress.shown == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert (answer["done"], answer["left"]) == (4, 0)


def test_an_empty_queue_is_done_immediately(tmp_path: Path) -> None:
    progress = ProgressHarness(tmp_path, 0)

    answer = progress.follower.follow(lambda: True)

    assert (answer["done"], progress.shown, progress.clock.sleeps) == (0, [1.0], [])


def test_a_change_that_was_made_just_now_is_waited_for(tmp_path: Path) -> None:
    progress = ProgressHarness(tmp_path, 0)
    progress.edit(7)

    answer = progress.follower.follow(lambda: True)

    assert (answer["done"], answer["left"], answer["later"]) == (1, 0, 0)


def test_scanned_scenes_settle_a_minute_and_are_not_awaited(tmp_path: Path) -> None:
    progress = ProgressHarness(tmp_path, 0)
    progress.store.enqueue("scene:7", "scan", settle_s=sql.SCAN_SETTLE_S)

    answer = progress.follower.follow(lambda: True)

    assert (answer["done"], answer["left"], answer["later"]) == (0, 0, 1)
    assert "1 wait for later. The next is due in 1 min." in progress.output[-1]


def test_only_what_arrived_counts_as_done(tmp_path: Path) -> None:
    progress = ProgressHarness(tmp_path, 2)
    progress.fate = Disposition.RETRY

    answer = progress.follower.follow(lambda: True)

    assert (answer["done"], answer["dead"], answer["left"], answer["later"]) == (0, 0, 0, 2)
    assert progress.shown[-1] == 1.0


def test_dead_lettered_jobs_are_named_in_the_last_line(tmp_path: Path) -> None:
    progress = ProgressHarness(tmp_path, 2)
    progress.fate = Disposition.DEAD_LETTER

    answer = progress.follower.follow(lambda: True)

    assert (answer["done"], answer["dead"]) == (0, 2)
    assert "0 done, 2 dead-lettered (see List Dead Letters), 0 left" in progress.output[-1]


def test_an_update_prints_rate_and_time_left_every_few_seconds(tmp_path: Path) -> None:
    progress = ProgressHarness(tmp_path, 40)

    progress.follower.follow(lambda: True)

    assert progress.output[0] == "10 done, 30 left, 2.0 a second, about 15 s to go."


def test_the_start_prints_the_count_and_the_expected_time(tmp_path: Path) -> None:
    progress = ProgressHarness(tmp_path, 1_200)

    progress.follower.start(0.5)
    progress.follower.start()
    progress.follower.start(0.001)

    assert progress.output == [
        "1,200 scenes to do, about 10 min at the usual pace.",
        *["1,200 scenes to do."] * 2,
    ]


def test_a_counter_reset_keeps_the_bar_in_its_range(
    tmp_path: Path,
) -> None:
    progress = ProgressHarness(tmp_path, 0)
    for number in range(20):
        progress.store.enqueue(scene_subject(number), "update")
        progress.sleep(0.5)
    progress.follower = QueueProgress(
        progress.store, progress, progress._write, progress.shown.append
    )
    progress.store.enqueue_many((scene_subject(number) for number in range(4)), "test")
    Counters(progress.store).reset(progress.clock.now)

    progress.follower.follow(lambda: True)

    assert all(0.0 <= share <= 1.0 for share in progress.shown)


def test_new_jobs_do_not_push_the_bar_beyond_its_end(tmp_path: Path) -> None:
    progress = ProgressHarness(tmp_path, 2)
    progress.store.enqueue_many((scene_subject(number) for number in range(100, 103)), "later")

    progress.follower.follow(lambda: True)

    assert all(0.0 <= share <= 1.0 for share in progress.shown)


def test_a_worker_that_crashes_ends_the_task(tmp_path: Path) -> None:
    progress = ProgressHarness(tmp_path, 3, works=False)

    answer = progress.follower.follow(lambda: False)

    assert answer["left"] == 3
    assert "No worker is running" in progress.output[-1]


@pytest.mark.parametrize(
    "doing", ["waiting for Plex: PlexUnavailable: x", "switched off", "waiting for its settings"]
)
def test_a_blocked_worker_ends_the_progress_with_its_reason(tmp_path: Path, doing: str) -> None:
    progress = ProgressHarness(tmp_path, 3, works=False)
    status, detail = WorkerStatus.parse(doing)
    progress.facts.set_status(status, progress.epoch, detail)

    answer = progress.follower.follow(lambda: True)

    assert answer["worker"] == doing
    assert IDLE_GRACE_S <= progress.clock.monotonic() < STALL_TIMEOUT_S
    assert f"The worker continues by itself; it is {doing}." in progress.output[-1]


def test_a_queue_that_does_not_move_for_a_minute_ends_the_watch(tmp_path: Path) -> None:
    progress = ProgressHarness(tmp_path, 3, works=False)

    progress.follower.follow(lambda: True)

    assert STALL_TIMEOUT_S <= progress.clock.monotonic() <= STALL_TIMEOUT_S + 2


def test_what_waits_for_later_is_named_with_its_reason(tmp_path: Path) -> None:
    progress = ProgressHarness(tmp_path, 1, works=False)
    (job,) = progress.store.claim()
    progress.store.retry_at(job, progress.clock.now + 100, "PlexNotFound", attempts=1)

    progress.follower.follow(lambda: True)

    assert "1 wait for later" in progress.output[-1]
    assert "Waiting: 1 x PlexNotFound." in progress.output[-1]
    assert "The next is due in 1.7 min." in progress.output[-1]


def test_a_task_out_of_time_leaves_the_rest_to_the_worker(
    tmp_path: Path,
) -> None:
    progress = ProgressHarness(tmp_path, 50)

    answer = progress.follower.follow(lambda: True, limit_s=10.0)

    assert answer["left"] == 30
    assert any("time of 10 s is used up" in text for text in progress.output)
    assert "continues by itself" in progress.output[-1]


def test_a_living_worker_is_given_the_tasks_session(tmp_path: Path) -> None:
    open_store(tmp_path, FakeClock()).connection.close()
    lease = Lease(tmp_path)
    lease.acquire()
    started: list[str] = []

    ensure_worker(tmp_path, started.append, FakeClock(), SESSION)

    lease.release()
    assert started == []
    assert query(tmp_path, "SELECT cookie, port FROM session") == [("c", 9999)]


def test_a_missing_worker_is_started_and_waited_for(tmp_path: Path) -> None:
    clock, lease = FakeClock(), Lease(tmp_path)

    def start(by: str) -> None:
        lease.acquire()
        open_store(tmp_path, clock).connection.close()

    ensure_worker(tmp_path, start, clock, None)

    assert lease.is_held
    lease.release()


def test_a_failed_worker_start_ends_after_ten_seconds(tmp_path: Path) -> None:
    clock = FakeClock()

    with pytest.raises(WorkerStartError, match="ten seconds"):
        ensure_worker(tmp_path, lambda by: None, clock, None)

    assert 10.0 <= clock.monotonic() <= 11.0


def test_an_interpreter_that_cannot_start_is_named_immediately(tmp_path: Path) -> None:
    def start(by: str) -> None:
        raise OSError("no such interpreter")

    with pytest.raises(WorkerStartError, match="no such interpreter"):
        ensure_worker(tmp_path, start, FakeClock(), None)


def test_a_session_is_left_for_the_next_worker(tmp_path: Path) -> None:
    spill_session(tmp_path, SESSION)
    spill_session(tmp_path, None)

    assert len(list((tmp_path / "spill").glob("*.json"))) == 1


def test_the_store_of_a_task_is_not_fenced(tmp_path: Path) -> None:
    clock = FakeClock()
    store: JobStore = open_store(tmp_path, clock)
    start_epoch(store.connection, 1, "1", "test", 0.0)

    store.enqueue("scene:1", "test")

    assert store.counts() == (1, 0, 0)
