"""Every move of a job: what it does, and what it refuses to do."""

import sqlite3
from collections.abc import Callable

import pytest

from core.errors import Fenced
from core.job import PRIORITY_BACKFILL, PRIORITY_EDIT, PRIORITY_FAN_OUT, PRIORITY_LAST, Job
from core.match import CandidateEntry
from sync_queue.ack_queue import KEEP_DONE
from sync_queue.counters import Counters
from sync_queue.dead_letters import DeadLetters
from sync_queue.hook_queue import connect
from sync_queue.meta import MetaStore, start_epoch
from sync_queue.statements import MAX_WAIT_S
from sync_queue.store import BATCH, CRASHES_TO_ISOLATE, JobStore
from tests.harness.queue import CheckpointKiller, Killed, QueueHarness

Move = Callable[[JobStore, Job], bool]
MOVES: dict[str, Move] = {
    "finish": lambda store, job: store.complete(job),
    "wait": lambda store, job: store.retry_at(
        job, store.next_due() or 0.0, "PlexNotFound", attempts=1
    ),
    "release": lambda store, job: store.release(job),
    "dead_letter": lambda store, job: store.dead_letter(
        job, title="", reason="WeakMatch", message=""
    ),
}
LEAVING = pytest.mark.parametrize("move", list(MOVES.values()), ids=list(MOVES))


def subjects(jobs: list[Job]) -> list[str]:
    return [job.subject for job in jobs]


# -- noting -------------------------------------------------------------------------------------


def test_twenty_saves_of_a_scene_are_one_job(queue: QueueHarness) -> None:
    for _ in range(20):
        queue.save("scene:1")

    assert queue.rows("subject, cause, status") == [("scene:1", "update", 0)]


def test_causes_of_one_job_are_kept_once_each_newest_last(queue: QueueHarness) -> None:
    for cause in ("create", "update", "backfill", "update", "create"):
        queue.store.enqueue("scene:1", cause)

    assert queue.rows("cause") == [("backfill+update+create",)]


def test_a_cause_that_is_part_of_another_is_kept_beside_it(queue: QueueHarness) -> None:
    for cause in ("up", "update", "up"):
        queue.store.enqueue("scene:1", cause)

    assert queue.rows("cause") == [("update+up",)]


def test_the_more_urgent_priority_wins(queue: QueueHarness) -> None:
    queue.store.enqueue("scene:1", "sync", PRIORITY_BACKFILL)
    queue.store.enqueue("scene:1", "update", PRIORITY_EDIT)
    queue.store.enqueue("scene:1", "tag", PRIORITY_FAN_OUT)

    assert queue.rows("priority") == [(PRIORITY_EDIT,)]


def test_an_edit_settles_for_a_second_after_the_last_save(queue: QueueHarness) -> None:
    queue.save("scene:1")
    queue.clock.advance(0.9)
    queue.save("scene:1")
    queue.clock.advance(0.9)
    before = queue.store.claim()
    queue.clock.advance(0.2)

    assert before == []
    assert subjects(queue.store.claim()) == ["scene:1"]


def test_repeated_saves_delay_a_change_by_four_seconds(queue: QueueHarness) -> None:
    for _ in range(8):
        queue.save("scene:1")
        queue.clock.advance(0.5)

    assert subjects(queue.store.claim()) == ["scene:1"]


def test_an_edit_ends_a_wait_and_resets_the_attempts(queue: QueueHarness) -> None:
    job = queue.claimed()
    queue.store.retry_at(job, queue.clock.wall() + 1500, "PlexNotFound", attempts=7)
    queue.clock.advance(600)

    queue.save("scene:1")

    now = queue.clock.wall()
    assert queue.rows("due_at, attempts, reason, timestamp") == [(now + 1.0, 0, "", now)]


def test_a_backfill_does_not_delay_what_is_due_sooner(queue: QueueHarness) -> None:
    queue.save("scene:1")

    queue.store.enqueue("scene:1", "sync", PRIORITY_BACKFILL, settle_s=60.0)

    assert queue.rows("due_at, priority") == [(queue.clock.wall() + 1.0, PRIORITY_EDIT)]


def test_enqueuing_many_counts_them_and_stores_a_fact_too(queue: QueueHarness) -> None:
    count = queue.store.enqueue_many(
        ["scene:1", "scene:2", "scene:1"], "catch-up", meta=("watermark", "t1")
    )

    assert count == 3
    assert queue.rows("subject, priority") == [
        ("scene:1", PRIORITY_BACKFILL),
        ("scene:2", PRIORITY_BACKFILL),
    ]
    assert MetaStore(queue.store).get("watermark") == "t1"


def test_a_crash_while_enqueuing_many_keeps_nothing(queue: QueueHarness) -> None:
    queue.killer.fatal = 1

    with pytest.raises(Killed):
        queue.store.enqueue_many(["scene:1", "scene:2"], "catch-up", meta=("watermark", "t1"))

    assert queue.rows("subject") == []
    assert MetaStore(queue.store).get("watermark") == ""


def test_a_change_during_the_work_waits_beside_the_running_job(queue: QueueHarness) -> None:
    queue.claimed()

    queue.save("scene:1")

    assert queue.rows("subject, status") == [("scene:1", 2), ("scene:1", 0)]


def test_a_subject_whose_job_is_done_is_enqueued_again(queue: QueueHarness) -> None:
    queue.store.complete(queue.claimed("scene:1"))

    queue.save("scene:1")

    assert queue.rows("subject, status") == [("scene:1", 5), ("scene:1", 0)]


# -- claiming -------------------------------------------------------------------------------------


def test_a_job_that_is_not_due_does_not_block_the_next(queue: QueueHarness) -> None:
    queue.store.enqueue("scene:1", "update", settle_s=60.0)
    queue.store.enqueue("scene:2", "update")

    assert subjects(queue.store.claim()) == ["scene:2"]


def test_a_batch_holds_one_priority_the_urgent_one_first(queue: QueueHarness) -> None:
    queue.store.enqueue("scene:3", "sync", PRIORITY_BACKFILL)
    queue.store.enqueue("scene:2", "tag", PRIORITY_FAN_OUT)
    queue.store.enqueue("scene:1", "update", PRIORITY_EDIT)

    batches = [subjects(queue.store.claim()) for _ in range(4)]

    assert batches == [["scene:1"], ["scene:2"], ["scene:3"], []]


@pytest.mark.parametrize(
    ("priority", "expected"),
    [
        (PRIORITY_EDIT, BATCH),
        (PRIORITY_FAN_OUT, BATCH),
        (PRIORITY_BACKFILL, BATCH),
        (PRIORITY_LAST, 1),
    ],
)
def test_a_batch_is_no_larger_than_its_priority_allows(
    queue: QueueHarness, priority: int, expected: int
) -> None:
    queue.store.enqueue_many([f"scene:{number}" for number in range(BATCH + 5)], "update", priority)

    assert len(queue.store.claim()) == expected


def test_a_smaller_batch_can_be_asked_for(queue: QueueHarness) -> None:
    queue.store.enqueue_many(["scene:1", "scene:2", "scene:3"], "update")

    assert subjects(queue.store.claim(2)) == ["scene:1", "scene:2"]


def test_a_subject_in_progress_is_left_alone_until_it_moves(queue: QueueHarness) -> None:
    job = queue.claimed()
    queue.store.enqueue("scene:1", "update")

    during = queue.store.claim()
    queue.store.complete(job)
    after = queue.store.claim()

    assert during == []
    assert subjects(after) == ["scene:1"]


def test_a_due_time_beyond_the_maximum_wait_counts_as_due(queue: QueueHarness) -> None:
    job = queue.claimed()
    queue.store.retry_at(job, queue.clock.wall() + 1500, "PlexNotFound", attempts=1)

    queue.clock.jump(-MAX_WAIT_S)

    assert subjects(queue.store.claim()) == ["scene:1"]


def test_a_claimed_job_holds_what_is_known_of_it(queue: QueueHarness) -> None:
    queue.save("scene:1", "create")
    enqueued_at = queue.clock.wall()
    queue.clock.advance(5)

    job = queue.store.claim()[0]

    assert (job.subject, job.cause, job.priority, job.enqueued_at) == (
        "scene:1",
        "create",
        PRIORITY_EDIT,
        enqueued_at,
    )
    assert (job.attempts, job.crashes) == (0, 0)


def test_a_crash_while_claiming_claims_nothing(queue: QueueHarness) -> None:
    queue.store.enqueue("scene:1", "update")
    queue.killer.passed.clear()
    queue.killer.fatal = 1

    with pytest.raises(Killed):
        queue.store.claim()

    assert queue.rows("status") == [(0,)]


def test_more_urgent_work_is_seen_only_when_it_is_due(queue: QueueHarness) -> None:
    queue.save("scene:1")
    before = queue.store.has_higher_priority_due(PRIORITY_BACKFILL)

    queue.clock.advance(1.0)

    assert not before
    assert queue.store.has_higher_priority_due(PRIORITY_BACKFILL)
    assert not queue.store.has_higher_priority_due(PRIORITY_EDIT)
    assert queue.store.is_due()


def test_the_next_due_time_is_known(queue: QueueHarness) -> None:
    empty = queue.store.next_due()

    queue.store.enqueue("scene:1", "update", settle_s=30.0)

    assert empty is None
    assert queue.store.next_due() == queue.clock.wall() + 30.0


# -- leaving ------------------------------------------------------------------------------------


def test_a_finished_job_is_done_and_its_dead_letter_goes(queue: QueueHarness) -> None:
    dead_letters = DeadLetters(queue.store)
    queue.store.dead_letter(queue.claimed(), title="", reason="WeakMatch", message="")

    finished = queue.store.complete(queue.claimed())

    assert finished
    assert dead_letters.newest() == []
    assert queue.rows("status") == [(5,)]


def test_a_waiting_job_keeps_its_reason_and_attempts(queue: QueueHarness) -> None:
    due = queue.clock.wall() + 30

    waited = queue.store.retry_at(queue.claimed(), due, "PlexNotFound", attempts=3)

    assert waited
    assert queue.rows("status, due_at, reason, attempts") == [(1, due, "PlexNotFound", 3)]
    assert queue.store.waiting_by_reason() == {"PlexNotFound": 1}
    assert queue.store.is_waiting_for("PlexNotFound")
    assert not queue.store.is_waiting_for("WeakMatch")


def test_a_released_job_is_due_now_and_costs_no_attempt(queue: QueueHarness) -> None:
    job = queue.claimed()

    released = queue.store.release(job)

    assert released
    assert queue.store.claim() == [job]


def test_a_released_job_is_due_after_the_clock_was_set_back(queue: QueueHarness) -> None:
    job = queue.claimed()
    queue.clock.jump(-1800)

    queue.store.release(job)

    assert subjects(queue.store.claim()) == ["scene:1"]


def test_a_dead_letter_holds_everything_about_its_job(queue: QueueHarness) -> None:
    job = queue.claimed()
    enqueued_at = queue.clock.wall()
    queue.clock.advance(10)

    is_dead_lettered = queue.store.dead_letter(
        job, title="A", reason="WeakMatch", message="Look.", candidates=[CandidateEntry("item 7")]
    )

    dead_letter = DeadLetters(queue.store).newest()[0]
    assert is_dead_lettered
    assert (dead_letter.subject, dead_letter.cause, dead_letter.title) == ("scene:1", "update", "A")
    assert (dead_letter.reason, dead_letter.message, dead_letter.candidates) == (
        "WeakMatch",
        "Look.",
        ("item 7",),
    )
    assert (dead_letter.attempts, dead_letter.first_at, dead_letter.last_at) == (
        1,
        enqueued_at,
        enqueued_at + 10,
    )
    assert queue.rows("status") == []


@LEAVING
def test_a_change_made_during_the_work_still_waits_afterwards(
    queue: QueueHarness, move: Move
) -> None:
    job = queue.claimed()
    queue.save("scene:1", "newer")

    moved = move(queue.store, job)

    assert moved
    assert queue.rows("cause", "status < 2") == [("newer",)]
    assert queue.rows("status", "status = 2") == []
    assert DeadLetters(queue.store).newest() == []


@LEAVING
def test_a_job_that_has_moved_already_is_not_moved_again(queue: QueueHarness, move: Move) -> None:
    job = queue.claimed()
    queue.store.complete(job)

    moved = move(queue.store, job)

    assert not moved
    assert queue.rows("status") == [(5,)]
    assert DeadLetters(queue.store).newest() == []


@LEAVING
def test_a_crash_in_the_middle_of_a_move_leaves_the_job_running(
    queue: QueueHarness, move: Move
) -> None:
    job = queue.claimed()
    queue.save("scene:1", "newer")
    queue.killer.passed.clear()
    queue.killer.fatal = 1

    with pytest.raises(Killed):
        move(queue.store, job)

    assert queue.rows("cause, status") == [("update", 2), ("newer", 0)]


def test_a_newer_change_inherits_the_returned_jobs_priority(queue: QueueHarness) -> None:
    job = queue.claimed()
    queue.store.enqueue("scene:1", "sync", PRIORITY_BACKFILL)

    queue.store.retry_at(job, queue.clock.wall() + 80, "PlexTemporaryError", attempts=1)

    assert queue.rows("priority, due_at, attempts") == [(PRIORITY_EDIT, queue.clock.wall(), 0)]


# -- after a crash ------------------------------------------------------------------------------


def crash_during(queue: QueueHarness, *jobs: Job) -> list[Job]:
    """Crash a worker while `jobs` are current, let the next one recover; return the jobs charged."""
    epoch = start_epoch(queue.store.connection, 1, "1", "test", queue.clock.wall())
    JobStore(queue.store.connection, queue.clock, epoch=epoch).mark_current(
        *[job.id for job in jobs]
    )
    return queue.store.recover_orphans()


def test_only_the_current_job_is_charged_with_a_crash(queue: QueueHarness) -> None:
    queue.store.enqueue_many(["scene:1", "scene:2"], "update", PRIORITY_EDIT)
    jobs = queue.store.claim()

    charged = crash_during(queue, jobs[1])

    assert [(job.subject, job.crashes) for job in charged] == [("scene:2", 1)]
    assert queue.rows("subject, status, deaths") == [("scene:1", 1, 0), ("scene:2", 1, 1)]


def test_a_crash_is_charged_to_all_jobs_in_progress(queue: QueueHarness) -> None:
    queue.store.enqueue_many([f"scene:{n}" for n in range(1, 5)], "update", PRIORITY_EDIT)
    jobs = queue.store.claim()

    charged = crash_during(queue, jobs[1], jobs[2])

    assert [(job.subject, job.crashes) for job in charged] == [("scene:2", 1), ("scene:3", 1)]
    assert queue.rows("deaths") == [(0,), (1,), (1,), (0,)]


def test_a_job_that_ended_beside_the_current_is_not_charged(queue: QueueHarness) -> None:
    queue.store.enqueue_many(["scene:1", "scene:2"], "update", PRIORITY_EDIT)
    first, second = queue.store.claim()
    queue.store.complete(first)

    charged = crash_during(queue, first, second)

    assert [job.subject for job in charged] == ["scene:2"]


def test_a_crash_is_charged_once(queue: QueueHarness) -> None:
    crash_during(queue, queue.claimed())

    charged = queue.store.recover_orphans()

    assert charged == []
    assert queue.rows("deaths") == [(1,)]


def test_a_crash_while_a_batch_is_read_is_charged_to_all_of_it(queue: QueueHarness) -> None:
    crash_during(queue, queue.claimed())  # which leaves no mark on the next batch
    queue.store.enqueue("scene:2", "update")
    queue.store.claim()

    charged = queue.store.recover_orphans()

    assert sorted((job.subject, job.crashes) for job in charged) == [("scene:1", 2), ("scene:2", 1)]


def test_a_crash_between_two_jobs_is_charged_to_neither(queue: QueueHarness) -> None:
    queue.store.enqueue_many(["scene:1", "scene:2"], "update", PRIORITY_EDIT)
    first = queue.store.claim()[0]
    queue.store.complete(first)

    charged = crash_during(queue, first)

    assert charged == []
    assert queue.rows("deaths", "status < 5") == [(0,)]


def test_a_job_that_killed_three_workers_goes_last_and_alone(queue: QueueHarness) -> None:
    queue.store.enqueue("scene:1", "update")
    for _ in range(CRASHES_TO_ISOLATE):
        crash_during(queue, queue.store.claim()[0])
    queue.store.enqueue("scene:2", "sync", PRIORITY_BACKFILL)

    batches = [subjects(queue.store.claim()) for _ in range(2)]

    assert batches == [["scene:2"], ["scene:1"]]


def test_an_edit_of_an_isolated_scene_is_tried_like_any_other(queue: QueueHarness) -> None:
    queue.store.enqueue("scene:1", "update")
    for _ in range(CRASHES_TO_ISOLATE):
        crash_during(queue, queue.store.claim()[0])

    queue.save("scene:1")

    assert queue.rows("priority, deaths") == [(PRIORITY_EDIT, 0)]


def test_a_completed_current_job_is_not_requeued(queue: QueueHarness) -> None:
    job = queue.claimed()
    queue.store.complete(job)

    charged = crash_during(queue, job)

    assert charged == []
    assert queue.rows("status") == [(5,)]


@pytest.mark.parametrize("fatal", range(1, 5))
def test_a_crash_during_recovery_loses_no_job(queue: QueueHarness, fatal: int) -> None:
    queue.store.enqueue_many(["scene:1", "scene:2", "scene:3"], "update", PRIORITY_EDIT)
    queue.store.claim()
    queue.save("scene:2", "newer")
    killer = CheckpointKiller(fatal)

    with pytest.raises(Killed):
        JobStore(queue.store.connection, queue.clock, checkpoint=killer).recover_orphans()
    queue.store.recover_orphans()

    queue.clock.advance(5)
    jobs = queue.store.claim()
    assert sorted(subjects(jobs)) == ["scene:1", "scene:2", "scene:3"]
    assert {job.crashes for job in jobs if job.subject != "scene:2"} == {1}


def test_a_waiting_poison_job_can_be_dead_lettered(queue: QueueHarness) -> None:
    charged = crash_during(queue, queue.claimed())

    is_dead_lettered = queue.store.dead_letter_waiting(charged[0], "PoisonJob", "It crashed.")

    dead_letter = DeadLetters(queue.store).newest()[0]
    assert is_dead_lettered
    assert (dead_letter.reason, dead_letter.message, dead_letter.attempts) == (
        "PoisonJob",
        "It crashed.",
        1,
    )
    assert queue.rows("status") == []


def test_a_poison_job_claimed_again_is_not_dead_lettered(queue: QueueHarness) -> None:
    charged = crash_during(queue, queue.claimed())
    queue.store.claim()

    is_dead_lettered = queue.store.dead_letter_waiting(charged[0], "PoisonJob", "It crashed.")

    assert not is_dead_lettered
    assert queue.rows("status") == [(2,)]


# -- fencing ------------------------------------------------------------------------------------


@LEAVING
def test_a_worker_writes_nothing_once_a_newer_one_has_begun(
    queue: QueueHarness, move: Move
) -> None:
    job = queue.claimed()
    epoch = start_epoch(queue.store.connection, 1, "1", "test", queue.clock.wall())
    old = JobStore(queue.store.connection, queue.clock, epoch=epoch)
    old.check_epoch()
    start_epoch(queue.store.connection, 2, "1", "test", queue.clock.wall())

    with pytest.raises(Fenced):
        move(old, job)

    assert queue.rows("status") == [(2,)]


def test_a_fenced_worker_cannot_mark_a_current_job(queue: QueueHarness) -> None:
    job = queue.claimed()
    old = JobStore(queue.store.connection, queue.clock, epoch=5)

    with pytest.raises(Fenced):
        old.mark_current(job.id)


# -- waiting jobs -------------------------------------------------------------------------------


def test_a_job_made_due_gets_its_attempt_back(queue: QueueHarness) -> None:
    queue.store.retry_at(queue.claimed(), queue.clock.wall() + 900, "PlexNotFound", attempts=3)
    queue.store.retry_at(
        queue.claimed("scene:2"), queue.clock.wall() + 900, "PlexTemporaryError", attempts=3
    )

    made_due = queue.store.make_due("PlexNotFound")

    assert made_due == 1
    assert [(job.subject, job.attempts) for job in queue.store.claim()] == [("scene:1", 2)]


def test_jobs_and_newer_dead_letters_are_pending_changes(queue: QueueHarness) -> None:
    now = queue.clock.wall()
    unknown = queue.store.has_pending_change("scene:1", since=0.0)
    job = queue.claimed()
    running = queue.store.has_pending_change("scene:1", since=now + 99)
    queue.store.dead_letter(job, title="", reason="WeakMatch", message="")

    assert (unknown, running) == (False, True)
    assert queue.store.has_pending_change("scene:1", since=now)
    assert not queue.store.has_pending_change("scene:1", since=now + 1)
    queue.store.enqueue("scene:1", "update")
    assert queue.store.has_pending_change("scene:1", since=now + 1)


def test_clearing_the_queue_spares_what_is_in_progress(queue: QueueHarness) -> None:
    queue.claimed()
    queue.store.enqueue_many(["scene:2", "scene:3"], "update")

    cleared = queue.store.clear_waiting()

    assert cleared == 2
    assert queue.rows("subject, status") == [("scene:1", 2)]


def test_of_finished_jobs_the_newest_few_are_kept(queue: QueueHarness) -> None:
    numbers = range(KEEP_DONE + 7)
    queue.store.enqueue_many([f"scene:{number}" for number in numbers], "update", PRIORITY_EDIT)
    while jobs := queue.store.claim():
        for job in jobs:
            queue.store.complete(job)

    queue.ack_queue.prune()

    assert queue.rows("count(*), min(_id)") == [(KEEP_DONE, 8)]


def test_pruning_deletes_done_rows_only(queue: QueueHarness) -> None:
    done = queue.claimed("scene:1")
    queue.store.complete(done)
    running = queue.claimed("scene:2")
    queue.store.enqueue("scene:3", "update")

    queue.ack_queue.prune(keep=1)
    queue.store.complete(running)
    queue.ack_queue.prune(keep=1)

    assert queue.rows("subject, status") == [("scene:2", 5), ("scene:3", 0)]


def test_counts_separate_due_from_later_from_running(queue: QueueHarness) -> None:
    empty = queue.store.counts()
    queue.claimed()
    queue.store.enqueue("scene:2", "update")
    queue.store.enqueue("scene:3", "update")
    queue.save("scene:4")

    assert empty == (0, 0, 0)
    assert queue.store.counts() == (2, 1, 1)


def test_a_commit_of_another_connection_is_seen(queue: QueueHarness) -> None:
    before = queue.store.data_version()
    same = queue.store.data_version()

    queue.save("scene:1")

    assert same == before
    assert queue.store.data_version() != before


def test_a_store_that_cannot_begin_leaves_no_transaction_open(queue: QueueHarness) -> None:
    blocker = connect(str(queue.data_dir))
    blocker.execute("BEGIN IMMEDIATE")
    queue.store.connection.execute("PRAGMA busy_timeout=0")

    with pytest.raises(sqlite3.OperationalError, match="locked"):
        queue.store.enqueue("scene:1", "update")

    blocker.close()
    assert not queue.store.connection.in_transaction
    queue.store.enqueue("scene:1", "update")
    assert queue.rows("subject") == [("scene:1",)]


def test_a_move_that_was_not_ours_to_make_is_not_counted(queue: QueueHarness) -> None:
    job = queue.claimed("scene:1")
    queue.store.complete(job)

    moved = queue.store.retry_at(
        job, 0.0, "PlexNotFound", attempts=1, counts=[("errors", "PlexNotFound")]
    )

    assert not moved
    assert Counters(queue.store).by_kind() == {}
