"""The queue as a state machine: under any history, no change is lost, doubled or swallowed.

The model is three maps from subjects to the changes they stand for: *waiting*, *running* and
*dead_letters*. A change leaves them only when a job completes that was claimed after
the change was enqueued.
"""

import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
)

from core.errors import Fenced
from core.job import PRIORITIES, Job
from sync_queue.dead_letters import DeadLetters
from sync_queue.meta import start_epoch
from sync_queue.statements import MAX_WAIT_S
from sync_queue.store import JobStore
from tests.harness.examples import fuzzed
from tests.harness.queue import CheckpointKiller, Killed, QueueHarness

SUBJECTS = st.sampled_from(["scene:1", "scene:2", "scene:3", "tag:1"])
JUMPS_S = st.sampled_from([-400_000.0, -1_800.0, -3.0, 0.4, 1.0, 5.0, 61.0, 1_800.0, 400_000.0])
WAITS_S = st.sampled_from([0.0, 5.0, 80.0, 1_500.0])
REASONS = st.sampled_from(["PlexNotFound", "PlexTemporaryError"])
MOVES = st.sampled_from(["complete", "retry_at", "release", "dead_letter"])

Changes = dict[str, set[int]]


class QueueMachine(RuleBasedStateMachine):
    """One database, one worker at a time, and a clock that jumps."""

    running_jobs = Bundle("running_jobs")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="plexsync-queue-")
        self.queue = QueueHarness(Path(self.folder.name))
        self.clock = self.queue.clock
        self.epoch = 0
        self.newest_change = 0
        self.waiting: Changes = {}
        self.running: dict[int, tuple[Job, set[int]]] = {}
        self.dead_letters: Changes = {}
        self.store = self.begin()

    # -- what happens -----------------------------------------------------------------------------

    @rule(subject=SUBJECTS)
    def save(self, subject: str) -> None:
        self.queue.save(subject)
        self.remember_change(subject)

    @rule(subject=SUBJECTS, priority=st.sampled_from(PRIORITIES), settle_s=WAITS_S)
    def enqueue(self, subject: str, priority: int, settle_s: float) -> None:
        self.store.enqueue(subject, "enqueued", priority, settle_s=settle_s)
        self.remember_change(subject)

    @rule(subjects=st.lists(SUBJECTS, max_size=5))
    def enqueue_many(self, subjects: list[str]) -> None:
        assert self.store.enqueue_many(
            subjects, "catch-up", meta=("watermark", str(self.clock.wall()))
        ) == len(subjects)
        for subject in subjects:
            self.remember_change(subject)

    @rule(
        target=running_jobs,
        max_jobs=st.integers(1, 4),
        patience_s=st.sampled_from([5.0, 0.0, MAX_WAIT_S + 1]),
    )
    def claim(self, max_jobs: int, patience_s: float) -> object:
        self.clock.advance(patience_s)
        jobs = self.store.claim(max_jobs)
        assert len(jobs) <= max_jobs
        assert len({job.priority for job in jobs}) <= 1
        for job in jobs:
            assert job.subject not in {other.subject for other, _ in self.running.values()}
            self.running[job.id] = (job, self.waiting.pop(job.subject))
        return multiple(*jobs)

    @rule(job=consumes(running_jobs))
    def complete(self, job: Job) -> None:
        moved = self.store.complete(job)
        assert moved == (job.id in self.running)
        if moved:
            del self.running[job.id]
            self.dead_letters.pop(
                job.subject, None
            )  # it was read afresh: older failures are history

    @rule(job=consumes(running_jobs), delay_s=WAITS_S, reason=REASONS)
    def retry_at(self, job: Job, delay_s: float, reason: str) -> None:
        moved = self.store.retry_at(
            job, self.clock.wall() + delay_s, reason, attempts=job.attempts + 1
        )
        self.goes_back(job, moved)

    @rule(job=consumes(running_jobs))
    def release(self, job: Job) -> None:
        self.goes_back(job, self.store.release(job))

    @rule(job=consumes(running_jobs))
    def dead_letter(self, job: Job) -> None:
        moved = self.store.dead_letter(job, title="", reason="WeakMatch", message="Look.")
        assert moved == (job.id in self.running)
        if moved:
            _, changes = self.running.pop(job.id)
            place = self.waiting if job.subject in self.waiting else self.dead_letters
            place.setdefault(job.subject, set()).update(changes)

    @rule(job=consumes(running_jobs), move=MOVES)
    def a_change_comes_just_before_a_move(self, job: Job, move: str) -> None:
        """Whatever becomes of the older job, the newer change waits afterwards."""
        self.save(job.subject)
        if move == "complete":
            self.complete(job)
        elif move == "retry_at":
            self.retry_at(job, 80.0, "PlexTemporaryError")
        elif move == "release":
            self.release(job)
        else:
            self.dead_letter(job)
        assert self.newest_change in self.waiting[job.subject]
        assert self.queue.rows("count(*)", f"subject = '{job.subject}' AND status < 2") == [(1,)]

    @rule(job=running_jobs)
    def mark_current(self, job: Job) -> None:
        self.store.mark_current(job.id)

    @precondition(lambda self: self.dead_letters)
    @rule()
    def requeue(self) -> None:
        dead_letters = DeadLetters(self.store)
        dead_letter = dead_letters.newest(1)[0]
        assert dead_letters.requeue(dead_letter, self.clock.wall())
        assert not dead_letters.requeue(dead_letter, self.clock.wall())
        self.waiting.setdefault(dead_letter.subject, set()).update(
            self.dead_letters.pop(dead_letter.subject)
        )

    @rule(reason=REASONS)
    def make_due(self, reason: str) -> None:
        self.store.make_due(reason)

    @rule()
    def prune(self) -> None:
        self.store.check_epoch()
        self.queue.ack_queue.prune()

    @rule(seconds=JUMPS_S)
    def clock_jumps(self, seconds: float) -> None:
        self.clock.jump(seconds)

    # -- crashes ----------------------------------------------------------------------------------

    @rule(fatal=st.integers(0, 3), dead_letters_poison=st.booleans())
    def crash(self, fatal: int, dead_letters_poison: bool) -> None:
        """Crash the worker, perhaps the next one too while it recovers; one more takes over."""
        for job, changes in self.running.values():
            self.waiting.setdefault(job.subject, set()).update(changes)
        self.running.clear()
        self.store = self.begin()
        try:
            JobStore(
                self.connection, self.clock, epoch=self.epoch, checkpoint=CheckpointKiller(fatal)
            ).recover_orphans()
        except Killed:
            self.store = self.begin()
        for job in self.store.recover_orphans() if dead_letters_poison else ():
            if self.store.dead_letter_waiting(job, "PoisonJob", "It crashed."):
                self.dead_letters.setdefault(job.subject, set()).update(
                    self.waiting.pop(job.subject)
                )
        self.store.recover_orphans()

    @rule(job=running_jobs, move=MOVES)
    def crashes_in_the_middle_of_a_move(self, job: Job, move: str) -> None:
        crashing = JobStore(
            self.connection, self.clock, epoch=self.epoch, checkpoint=CheckpointKiller(1)
        )
        is_waiting_again = job.subject in self.waiting
        if move in ("retry_at", "release") and not is_waiting_again or job.id not in self.running:
            return  # a single statement has no middle
        with pytest.raises(Killed):
            self.make_move(crashing, job, move)

    @rule(subjects=st.lists(SUBJECTS, min_size=1, max_size=3))
    def crashes_while_enqueuing(self, subjects: list[str]) -> None:
        crashing = JobStore(
            self.connection, self.clock, epoch=self.epoch, checkpoint=CheckpointKiller(1)
        )
        with pytest.raises(Killed):
            crashing.enqueue_many(subjects, "catch-up")

    @precondition(lambda self: self.epoch > 1)
    @rule(job=running_jobs, move=MOVES)
    def a_zombie_moves_nothing(self, job: Job, move: str) -> None:
        zombie = JobStore(self.connection, self.clock, epoch=self.epoch - 1)
        with pytest.raises(Fenced):
            self.make_move(zombie, job, move)
        with pytest.raises(Fenced):
            zombie.claim()

    # -- what holds -------------------------------------------------------------------------------

    @invariant()
    def every_change_is_in_its_place(self) -> None:
        rows = self.queue.rows("subject, status", "status < 5")
        dead_letters = [dead_letter.subject for dead_letter in DeadLetters(self.store).newest()]
        assert sorted(str(subject) for subject, status in rows if status != 2) == sorted(
            self.waiting
        )
        assert sorted(str(subject) for subject, status in rows if status == 2) == sorted(
            job.subject for job, _ in self.running.values()
        )
        assert sorted(dead_letters) == sorted(self.dead_letters)

    def teardown(self) -> None:
        """In the end, everything that was enqueued can be done."""
        try:
            self.everything_gets_done()
        finally:
            self.queue.close()
            self.folder.cleanup()

    def everything_gets_done(self) -> None:
        for job, _ in list(self.running.values()):
            self.release(job)
        self.drain()
        while self.dead_letters:
            self.requeue()
        self.drain()
        assert (self.waiting, self.running, self.dead_letters) == ({}, {}, {})
        self.every_change_is_in_its_place()

    # -- helpers ----------------------------------------------------------------------------------

    @property
    def connection(self) -> sqlite3.Connection:
        return self.queue.ack_queue.connection

    def begin(self) -> JobStore:
        """A new worker's store; earlier ones are fenced off."""
        self.epoch = start_epoch(self.connection, 1, "1", "test", self.clock.wall())
        return JobStore(self.connection, self.clock, epoch=self.epoch)

    def remember_change(self, subject: str) -> None:
        self.newest_change += 1
        self.waiting.setdefault(subject, set()).add(self.newest_change)

    def goes_back(self, job: Job, moved: bool) -> None:
        assert moved == (job.id in self.running)
        if moved:
            _, changes = self.running.pop(job.id)
            self.waiting.setdefault(job.subject, set()).update(changes)

    def drain(self) -> None:
        for _ in range(50):
            self.claim(100, MAX_WAIT_S + 1)
            for job, _changes in list(self.running.values()):
                self.complete(job)
            if not self.waiting:
                return

    @staticmethod
    def make_move(store: JobStore, job: Job, move: str) -> bool:
        if move == "complete":
            return store.complete(job)
        if move == "retry_at":
            return store.retry_at(job, 0.0, "PlexNotFound", attempts=1)
        if move == "release":
            return store.release(job)
        return store.dead_letter(job, title="", reason="WeakMatch", message="")


QueueMachine.TestCase.settings = settings(fuzzed(30), stateful_step_count=40)
TestQueueMachine = QueueMachine.TestCase
