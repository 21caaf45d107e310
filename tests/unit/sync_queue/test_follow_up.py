"""A job that is done but for its images leaves them as a waiting job of the same scene."""

import pytest

from core.job import IMAGE, PRIORITY_BACKFILL
from sync_queue.dead_letters import DeadLetters
from sync_queue.follow_up import FollowUp, make_follow_ups_due
from sync_queue.store import JobStore
from tests.harness.queue import CheckpointKiller, Killed, QueueHarness

FOLLOW_UP = FollowUp(IMAGE, 30.0, "PlexTemporaryError")
WAITING = "subject, cause, priority, due_at, attempts, reason"


def test_a_follow_up_waits_in_a_row_of_its_own(queue: QueueHarness) -> None:
    job = queue.claimed()

    assert queue.store.complete(job, follow_up=FOLLOW_UP)

    due_at = queue.clock.wall() + 30.0
    assert queue.rows(WAITING, "status < 2") == [
        ("scene:1", IMAGE, PRIORITY_BACKFILL, due_at, 0, "PlexTemporaryError")
    ]
    assert queue.rows("status", "status >= 2") == [(5,)]


def test_a_follow_up_is_merged_with_an_edit_that_came_meanwhile(queue: QueueHarness) -> None:
    job = queue.claimed()
    queue.save("scene:1")
    ((due_at,),) = queue.rows("due_at", "status < 2")

    queue.store.complete(job, follow_up=FOLLOW_UP)

    assert queue.rows(WAITING, "status < 2") == [("scene:1", f"update+{IMAGE}", 0, due_at, 0, "")]


def test_an_edit_is_merged_with_the_follow_up_that_waits(queue: QueueHarness) -> None:
    queue.store.complete(queue.claimed(), follow_up=FOLLOW_UP)
    queue.clock.advance(5.0)

    queue.save("scene:1")

    ((subject, cause, priority, due_at, attempts, reason),) = queue.rows(WAITING, "status < 2")
    assert (subject, cause, priority, attempts, reason) == ("scene:1", f"{IMAGE}+update", 0, 0, "")
    assert due_at == queue.clock.wall() + 1.0


def test_a_follow_up_replaces_the_dead_letter(queue: QueueHarness) -> None:
    queue.store.dead_letter(queue.claimed(), title="", reason="PlexTemporaryError", message="")

    queue.store.complete(queue.claimed(), follow_up=FOLLOW_UP)

    assert DeadLetters(queue.store).newest() == []


def test_a_job_that_does_not_run_leaves_no_follow_up(queue: QueueHarness) -> None:
    job = queue.claimed()
    queue.store.complete(job)

    assert not queue.store.complete(job, follow_up=FOLLOW_UP)
    assert queue.rows("subject", "status < 2") == []


def test_a_kill_while_completing_loses_neither(queue: QueueHarness) -> None:
    job = queue.claimed()
    switch = CheckpointKiller(1)

    with pytest.raises(Killed):
        JobStore(queue.store.connection, queue.clock, checkpoint=switch).complete(
            job, follow_up=FOLLOW_UP
        )

    assert queue.rows("subject, status") == [("scene:1", 2)]


def test_follow_ups_become_due_and_other_jobs_do_not(queue: QueueHarness) -> None:
    queue.store.complete(queue.claimed(), follow_up=FOLLOW_UP)
    job = queue.claimed("scene:2")
    later = queue.clock.wall() + 60.0
    queue.store.retry_at(job, later, "PlexTemporaryError", attempts=1)

    with queue.store.transaction() as connection:
        count = make_follow_ups_due(connection, IMAGE, queue.clock.wall())

    assert count == 1
    assert set(queue.rows("subject, due_at", "status < 2")) == {
        ("scene:1", queue.clock.wall()),
        ("scene:2", later),
    }
