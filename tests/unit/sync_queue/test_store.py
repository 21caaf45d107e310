"""Every move of a job: what it does, and what it refuses to do."""

import sqlite3
from collections.abc import Callable

import pytest

from core.errors import Fenced
from core.job import PRIORITY_BACKFILL, PRIORITY_EDIT, PRIORITY_FAN_OUT, PRIORITY_LAST, Job
from sync_queue.counters import Counters
from sync_queue.dead_letters import DeadLetters
from sync_queue.hook_queue import connect
from sync_queue.meta import MetaStore, start_epoch
from sync_queue.statements import MAX_WAIT_S
from sync_queue.store import BACKFILL_BATCH, BATCH, CRASHES_TO_ISOLATE, KEEP_DONE, JobStore
from tests.unit.sync_queue.queues import Desk, Killed, KillSwitch

Move = Callable[[JobStore, Job], bool]
MOVES: dict[str, Move] = {
    "finish": lambda store, job: store.complete(job),
    "wait": lambda store, job: store.retry_at(
        job, store.next_due() or 0.0, "PlexNotFound", attempts=1
    ),
    "release": lambda store, job: store.release(job),
    "bury": lambda store, job: store.dead_letter(job, title="", reason="WeakMatch", message=""),
}
LEAVING = pytest.mark.parametrize("move", list(MOVES.values()), ids=list(MOVES))


def subjects(jobs: list[Job]) -> list[str]:
    return [job.subject for job in jobs]


# -- noting -------------------------------------------------------------------------------------


def test_twenty_saves_of_a_scene_are_one_job(desk: Desk) -> None:
    for _ in range(20):
        desk.save("scene:1")

    assert desk.rows("subject, cause, status") == [("scene:1", "update", 0)]


def test_causes_of_one_job_are_kept_once_each_newest_last(desk: Desk) -> None:
    for cause in ("create", "update", "backfill", "update", "create"):
        desk.store.enqueue("scene:1", cause)

    assert desk.rows("cause") == [("backfill+update+create",)]


def test_a_cause_that_is_part_of_another_is_kept_beside_it(desk: Desk) -> None:
    for cause in ("up", "update", "up"):
        desk.store.enqueue("scene:1", cause)

    assert desk.rows("cause") == [("update+up",)]


def test_the_more_urgent_priority_wins(desk: Desk) -> None:
    desk.store.enqueue("scene:1", "sync", PRIORITY_BACKFILL)
    desk.store.enqueue("scene:1", "update", PRIORITY_EDIT)
    desk.store.enqueue("scene:1", "tag", PRIORITY_FAN_OUT)

    assert desk.rows("priority") == [(PRIORITY_EDIT,)]


def test_an_edit_settles_for_a_second_after_the_last_save(desk: Desk) -> None:
    desk.save("scene:1")
    desk.clock.advance(0.9)
    desk.save("scene:1")
    desk.clock.advance(0.9)
    before = desk.store.claim()
    desk.clock.advance(0.2)

    assert before == []
    assert subjects(desk.store.claim()) == ["scene:1"]


def test_repeated_saves_delay_a_change_by_four_seconds_at_most(desk: Desk) -> None:
    for _ in range(8):
        desk.save("scene:1")
        desk.clock.advance(0.5)

    assert subjects(desk.store.claim()) == ["scene:1"]


def test_an_edit_ends_a_wait_and_starts_anew(desk: Desk) -> None:
    job = desk.taken()
    desk.store.retry_at(job, desk.clock.wall() + 1500, "PlexNotFound", attempts=7)
    desk.clock.advance(600)

    desk.save("scene:1")

    now = desk.clock.wall()
    assert desk.rows("due_at, attempts, reason, timestamp") == [(now + 1.0, 0, "", now)]


def test_a_backfill_does_not_put_off_what_is_due_sooner(desk: Desk) -> None:
    desk.save("scene:1")

    desk.store.enqueue("scene:1", "sync", PRIORITY_BACKFILL, settle_s=60.0)

    assert desk.rows("due_at, priority") == [(desk.clock.wall() + 1.0, PRIORITY_EDIT)]


def test_noting_many_tells_how_many_and_keeps_a_fact_beside_them(desk: Desk) -> None:
    count = desk.store.enqueue_many(
        ["scene:1", "scene:2", "scene:1"], "catch-up", meta=("watermark", "t1")
    )

    assert count == 3
    assert desk.rows("subject, priority") == [
        ("scene:1", PRIORITY_BACKFILL),
        ("scene:2", PRIORITY_BACKFILL),
    ]
    assert MetaStore(desk.store).get("watermark") == "t1"


def test_a_crash_while_enqueuing_many_keeps_nothing(desk: Desk) -> None:
    desk.switch.fatal = 1

    with pytest.raises(Killed):
        desk.store.enqueue_many(["scene:1", "scene:2"], "catch-up", meta=("watermark", "t1"))

    assert desk.rows("subject") == []
    assert MetaStore(desk.store).get("watermark") == ""


def test_a_change_during_the_work_waits_beside_the_running_job(desk: Desk) -> None:
    desk.taken()

    desk.save("scene:1")

    assert desk.rows("subject, status") == [("scene:1", 2), ("scene:1", 0)]


# -- taking -------------------------------------------------------------------------------------


def test_a_job_that_is_not_due_does_not_block_the_next(desk: Desk) -> None:
    desk.store.enqueue("scene:1", "update", settle_s=60.0)
    desk.store.enqueue("scene:2", "update")

    assert subjects(desk.store.claim()) == ["scene:2"]


def test_a_batch_holds_one_priority_the_most_urgent_first(desk: Desk) -> None:
    desk.store.enqueue("scene:3", "sync", PRIORITY_BACKFILL)
    desk.store.enqueue("scene:2", "tag", PRIORITY_FAN_OUT)
    desk.store.enqueue("scene:1", "update", PRIORITY_EDIT)

    batches = [subjects(desk.store.claim()) for _ in range(4)]

    assert batches == [["scene:1"], ["scene:2"], ["scene:3"], []]


@pytest.mark.parametrize(
    ("priority", "most"),
    [
        (PRIORITY_EDIT, BATCH),
        (PRIORITY_FAN_OUT, BATCH),
        (PRIORITY_BACKFILL, BACKFILL_BATCH),
        (PRIORITY_LAST, 1),
    ],
)
def test_a_batch_is_no_larger_than_its_priority_allows(
    desk: Desk, priority: int, most: int
) -> None:
    desk.store.enqueue_many([f"scene:{number}" for number in range(BATCH + 5)], "update", priority)

    assert len(desk.store.claim()) == most


def test_a_smaller_batch_can_be_asked_for(desk: Desk) -> None:
    desk.store.enqueue_many(["scene:1", "scene:2", "scene:3"], "update")

    assert subjects(desk.store.claim(2)) == ["scene:1", "scene:2"]


def test_a_subject_in_progress_is_left_alone_until_it_moves(desk: Desk) -> None:
    job = desk.taken()
    desk.store.enqueue("scene:1", "update")

    during = desk.store.claim()
    desk.store.complete(job)
    after = desk.store.claim()

    assert during == []
    assert subjects(after) == ["scene:1"]


def test_a_due_time_beyond_the_longest_wait_counts_as_due(desk: Desk) -> None:
    job = desk.taken()
    desk.store.retry_at(job, desk.clock.wall() + 1500, "PlexNotFound", attempts=1)

    desk.clock.jump(-MAX_WAIT_S)

    assert subjects(desk.store.claim()) == ["scene:1"]


def test_a_taken_job_tells_what_is_known_of_it(desk: Desk) -> None:
    desk.save("scene:1", "create")
    noted_at = desk.clock.wall()
    desk.clock.advance(5)

    job = desk.store.claim()[0]

    assert (job.subject, job.cause, job.priority, job.enqueued_at) == (
        "scene:1",
        "create",
        PRIORITY_EDIT,
        noted_at,
    )
    assert (job.attempts, job.crashes) == (0, 0)


def test_a_death_while_taking_takes_nothing(desk: Desk) -> None:
    desk.store.enqueue("scene:1", "update")
    desk.switch.passed.clear()
    desk.switch.fatal = 1

    with pytest.raises(Killed):
        desk.store.claim()

    assert desk.rows("status") == [(0,)]


def test_more_urgent_work_is_seen_only_when_it_is_due(desk: Desk) -> None:
    desk.save("scene:1")
    before = desk.store.has_higher_priority_due(PRIORITY_BACKFILL)

    desk.clock.advance(1.0)

    assert not before
    assert desk.store.has_higher_priority_due(PRIORITY_BACKFILL)
    assert not desk.store.has_higher_priority_due(PRIORITY_EDIT)
    assert desk.store.is_due()


def test_the_next_due_time_is_known(desk: Desk) -> None:
    empty = desk.store.next_due()

    desk.store.enqueue("scene:1", "update", settle_s=30.0)

    assert empty is None
    assert desk.store.next_due() == desk.clock.wall() + 30.0


# -- leaving ------------------------------------------------------------------------------------


def test_a_finished_job_is_done_and_its_dead_letter_goes(desk: Desk) -> None:
    dead_letters = DeadLetters(desk.store)
    desk.store.dead_letter(desk.taken(), title="", reason="WeakMatch", message="")

    finished = desk.store.complete(desk.taken())

    assert finished
    assert dead_letters.newest() == []
    assert desk.rows("status") == [(5,)]


def test_a_waiting_job_keeps_its_reason_and_attempts(desk: Desk) -> None:
    due = desk.clock.wall() + 30

    waited = desk.store.retry_at(desk.taken(), due, "PlexNotFound", attempts=3)

    assert waited
    assert desk.rows("status, due_at, reason, attempts") == [(1, due, "PlexNotFound", 3)]
    assert desk.store.waiting_by_reason() == {"PlexNotFound": 1}
    assert desk.store.is_waiting_for("PlexNotFound")
    assert not desk.store.is_waiting_for("WeakMatch")


def test_a_released_job_is_due_at_once_and_nothing_is_spent(desk: Desk) -> None:
    job = desk.taken()

    released = desk.store.release(job)

    assert released
    assert desk.store.claim() == [job]


def test_a_released_job_is_due_after_the_clock_was_set_back(desk: Desk) -> None:
    job = desk.taken()
    desk.clock.jump(-1800)

    desk.store.release(job)

    assert subjects(desk.store.claim()) == ["scene:1"]


def test_a_buried_job_leaves_a_letter_that_says_everything(desk: Desk) -> None:
    job = desk.taken()
    noted_at = desk.clock.wall()
    desk.clock.advance(10)

    buried = desk.store.dead_letter(
        job, title="A", reason="WeakMatch", message="Look.", candidates=["item 7"]
    )

    dead_letter = DeadLetters(desk.store).newest()[0]
    assert buried
    assert (dead_letter.subject, dead_letter.cause, dead_letter.title) == ("scene:1", "update", "A")
    assert (dead_letter.reason, dead_letter.message, dead_letter.candidates) == (
        "WeakMatch",
        "Look.",
        ("item 7",),
    )
    assert (dead_letter.attempts, dead_letter.first_at, dead_letter.last_at) == (
        1,
        noted_at,
        noted_at + 10,
    )
    assert desk.rows("status") == []


@LEAVING
def test_a_change_made_during_the_work_still_waits_afterwards(desk: Desk, move: Move) -> None:
    job = desk.taken()
    desk.save("scene:1", "newer")

    moved = move(desk.store, job)

    assert moved
    assert desk.rows("cause", "status < 2") == [("newer",)]
    assert desk.rows("status", "status = 2") == []
    assert DeadLetters(desk.store).newest() == []


@LEAVING
def test_a_job_that_has_moved_already_is_not_moved_again(desk: Desk, move: Move) -> None:
    job = desk.taken()
    desk.store.complete(job)

    moved = move(desk.store, job)

    assert not moved
    assert desk.rows("status") == [(5,)]
    assert DeadLetters(desk.store).newest() == []


@LEAVING
def test_a_death_in_the_middle_of_a_move_leaves_the_job_running(desk: Desk, move: Move) -> None:
    job = desk.taken()
    desk.save("scene:1", "newer")
    desk.switch.passed.clear()
    desk.switch.fatal = 1

    with pytest.raises(Killed):
        move(desk.store, job)

    assert desk.rows("cause, status") == [("update", 2), ("newer", 0)]


def test_a_newer_change_inherits_the_returned_jobs_priority(desk: Desk) -> None:
    job = desk.taken()
    desk.store.enqueue("scene:1", "sync", PRIORITY_BACKFILL)

    desk.store.retry_at(job, desk.clock.wall() + 80, "PlexTemporaryError", attempts=1)

    assert desk.rows("priority, due_at, attempts") == [(PRIORITY_EDIT, desk.clock.wall(), 0)]


# -- after a death ------------------------------------------------------------------------------


def died(desk: Desk, job: Job) -> list[Job]:
    """A worker dies with `job` in hand, and the next one clears up; the jobs charged."""
    epoch = start_epoch(desk.store.connection, 1, "1", "test", desk.clock.wall())
    JobStore(desk.store.connection, desk.clock, epoch=epoch).mark_current(job)
    return desk.store.recover_orphans()


def test_only_the_job_in_hand_is_charged_with_a_death(desk: Desk) -> None:
    desk.store.enqueue_many(["scene:1", "scene:2"], "update", PRIORITY_EDIT)
    jobs = desk.store.claim()

    charged = died(desk, jobs[1])

    assert [(job.subject, job.crashes) for job in charged] == [("scene:2", 1)]
    assert desk.rows("subject, status, deaths") == [("scene:1", 1, 0), ("scene:2", 1, 1)]


def test_a_death_is_charged_once(desk: Desk) -> None:
    died(desk, desk.taken())

    charged = desk.store.recover_orphans()

    assert charged == []
    assert desk.rows("deaths") == [(1,)]


def test_a_death_while_a_batch_is_read_is_charged_to_all_of_it(desk: Desk) -> None:
    died(desk, desk.taken())  # which leaves no mark on the next batch
    desk.store.enqueue("scene:2", "update")
    desk.store.claim()

    charged = desk.store.recover_orphans()

    assert sorted((job.subject, job.crashes) for job in charged) == [("scene:1", 2), ("scene:2", 1)]


def test_a_death_between_two_jobs_is_charged_to_nobody(desk: Desk) -> None:
    desk.store.enqueue_many(["scene:1", "scene:2"], "update", PRIORITY_EDIT)
    first = desk.store.claim()[0]
    desk.store.complete(first)

    charged = died(desk, first)

    assert charged == []
    assert desk.rows("deaths", "status < 5") == [(0,)]


def test_a_job_that_killed_three_workers_goes_last_and_alone(desk: Desk) -> None:
    desk.store.enqueue("scene:1", "update")
    for _ in range(CRASHES_TO_ISOLATE):
        died(desk, desk.store.claim()[0])
    desk.store.enqueue("scene:2", "sync", PRIORITY_BACKFILL)

    batches = [subjects(desk.store.claim()) for _ in range(2)]

    assert batches == [["scene:2"], ["scene:1"]]


def test_an_edit_of_a_deadly_scene_is_tried_like_any_other(desk: Desk) -> None:
    desk.store.enqueue("scene:1", "update")
    for _ in range(CRASHES_TO_ISOLATE):
        died(desk, desk.store.claim()[0])

    desk.save("scene:1")

    assert desk.rows("priority, deaths") == [(PRIORITY_EDIT, 0)]


def test_a_completed_current_job_is_not_requeued(desk: Desk) -> None:
    job = desk.taken()
    desk.store.complete(job)

    charged = died(desk, job)

    assert charged == []
    assert desk.rows("status") == [(5,)]


@pytest.mark.parametrize("fatal", range(1, 5))
def test_a_death_while_clearing_up_loses_no_job(desk: Desk, fatal: int) -> None:
    desk.store.enqueue_many(["scene:1", "scene:2", "scene:3"], "update", PRIORITY_EDIT)
    desk.store.claim()
    desk.save("scene:2", "newer")
    switch = KillSwitch(fatal)

    with pytest.raises(Killed):
        JobStore(desk.store.connection, desk.clock, checkpoint=switch).recover_orphans()
    desk.store.recover_orphans()

    desk.clock.advance(5)
    jobs = desk.store.claim()
    assert sorted(subjects(jobs)) == ["scene:1", "scene:2", "scene:3"]
    assert {job.crashes for job in jobs if job.subject != "scene:2"} == {1}


def test_a_deadly_job_is_buried_from_its_place_in_the_queue(desk: Desk) -> None:
    charged = died(desk, desk.taken())

    buried = desk.store.dead_letter_waiting(charged[0], "PoisonJob", "It died.")

    dead_letter = DeadLetters(desk.store).newest()[0]
    assert buried
    assert (dead_letter.reason, dead_letter.message, dead_letter.attempts) == (
        "PoisonJob",
        "It died.",
        1,
    )
    assert desk.rows("status") == []


def test_a_deadly_job_that_has_been_taken_again_is_not_buried(desk: Desk) -> None:
    charged = died(desk, desk.taken())
    desk.store.claim()

    buried = desk.store.dead_letter_waiting(charged[0], "PoisonJob", "It died.")

    assert not buried
    assert desk.rows("status") == [(2,)]


# -- fencing ------------------------------------------------------------------------------------


@LEAVING
def test_a_worker_writes_nothing_once_a_newer_one_has_begun(desk: Desk, move: Move) -> None:
    job = desk.taken()
    epoch = start_epoch(desk.store.connection, 1, "1", "test", desk.clock.wall())
    old = JobStore(desk.store.connection, desk.clock, epoch=epoch)
    old.check_epoch()
    start_epoch(desk.store.connection, 2, "1", "test", desk.clock.wall())

    with pytest.raises(Fenced):
        move(old, job)

    assert desk.rows("status") == [(2,)]


def test_a_fenced_worker_takes_nothing_in_hand(desk: Desk) -> None:
    job = desk.taken()
    old = JobStore(desk.store.connection, desk.clock, epoch=5)

    with pytest.raises(Fenced):
        old.mark_current(job)


# -- waiting jobs -------------------------------------------------------------------------------


def test_a_woken_job_is_due_now_and_gets_its_look_back(desk: Desk) -> None:
    desk.store.retry_at(desk.taken(), desk.clock.wall() + 900, "PlexNotFound", attempts=3)
    desk.store.retry_at(
        desk.taken("scene:2"), desk.clock.wall() + 900, "PlexTemporaryError", attempts=3
    )

    woken = desk.store.make_due("PlexNotFound")

    assert woken == 1
    assert [(job.subject, job.attempts) for job in desk.store.claim()] == [("scene:1", 2)]


def test_news_of_a_subject_are_its_jobs_and_its_younger_letter(desk: Desk) -> None:
    now = desk.clock.wall()
    unknown = desk.store.has_pending_change("scene:1", since=0.0)
    job = desk.taken()
    running = desk.store.has_pending_change("scene:1", since=now + 99)
    desk.store.dead_letter(job, title="", reason="WeakMatch", message="")

    assert (unknown, running) == (False, True)
    assert desk.store.has_pending_change("scene:1", since=now)
    assert not desk.store.has_pending_change("scene:1", since=now + 1)
    desk.store.enqueue("scene:1", "update")
    assert desk.store.has_pending_change("scene:1", since=now + 1)


def test_clearing_the_queue_spares_what_is_in_progress(desk: Desk) -> None:
    desk.taken()
    desk.store.enqueue_many(["scene:2", "scene:3"], "update")

    cleared = desk.store.clear_waiting()

    assert cleared == 2
    assert desk.rows("subject, status") == [("scene:1", 2)]


def test_of_finished_jobs_the_newest_few_are_kept(desk: Desk) -> None:
    numbers = range(KEEP_DONE + 7)
    desk.store.enqueue_many([f"scene:{number}" for number in numbers], "update", PRIORITY_EDIT)
    while jobs := desk.store.claim():
        for job in jobs:
            desk.store.complete(job)

    pruned = desk.store.prune()

    assert pruned == 7
    assert desk.rows("count(*), min(_id)") == [(KEEP_DONE, 8)]
    assert desk.store.prune() == 0


def test_counts_tell_due_from_later_from_running(desk: Desk) -> None:
    empty = desk.store.counts()
    desk.taken()
    desk.store.enqueue("scene:2", "update")
    desk.store.enqueue("scene:3", "update")
    desk.save("scene:4")

    assert empty == (0, 0, 0)
    assert desk.store.counts() == (2, 1, 1)


def test_a_commit_of_another_connection_is_seen(desk: Desk) -> None:
    before = desk.store.data_version()
    same = desk.store.data_version()

    desk.save("scene:1")

    assert same == before
    assert desk.store.data_version() != before


def test_a_store_that_cannot_begin_leaves_no_transaction_open(desk: Desk) -> None:
    blocker = connect(str(desk.data_dir))
    blocker.execute("BEGIN IMMEDIATE")
    desk.store.connection.execute("PRAGMA busy_timeout=0")

    with pytest.raises(sqlite3.OperationalError, match="locked"):
        desk.store.enqueue("scene:1", "update")

    blocker.close()
    assert not desk.store.connection.in_transaction
    desk.store.enqueue("scene:1", "update")
    assert desk.rows("subject") == [("scene:1",)]


def test_a_move_that_was_not_ours_to_make_is_not_counted(desk: Desk) -> None:
    job = desk.taken("scene:1")
    desk.store.complete(job)

    moved = desk.store.retry_at(
        job, 0.0, "PlexNotFound", attempts=1, counts=[("errors", "PlexNotFound")]
    )

    assert not moved
    assert Counters(desk.store).by_kind() == {}
