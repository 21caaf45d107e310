"""A job that is done but for its images leaves them as a job of the same scene, in one transaction."""

import pytest

from core.job import IMAGE, PRIORITY_BACKFILL
from sync_queue.dead_letters import DeadLetters
from sync_queue.follow_up import FollowUp
from sync_queue.store import JobStore
from tests.harness.queue import Desk, Killed, KillSwitch

FOLLOW_UP = FollowUp(IMAGE, 30.0, "PlexTemporaryError")
WAITING = "subject, cause, priority, due_at, attempts, reason"


def test_a_follow_up_waits_in_a_row_of_its_own(desk: Desk) -> None:
    job = desk.taken()

    assert desk.store.complete(job, follow_up=FOLLOW_UP)

    due_at = desk.clock.wall() + 30.0
    assert desk.rows(WAITING, "status < 2") == [
        ("scene:1", IMAGE, PRIORITY_BACKFILL, due_at, 0, "PlexTemporaryError")
    ]
    assert desk.rows("status", "status >= 2") == [(5,)]


def test_a_follow_up_is_merged_with_an_edit_that_came_meanwhile(desk: Desk) -> None:
    job = desk.taken()
    desk.save("scene:1")
    ((due_at,),) = desk.rows("due_at", "status < 2")

    desk.store.complete(job, follow_up=FOLLOW_UP)

    assert desk.rows(WAITING, "status < 2") == [("scene:1", f"update+{IMAGE}", 0, due_at, 0, "")]


def test_an_edit_is_merged_with_the_follow_up_that_waits(desk: Desk) -> None:
    desk.store.complete(desk.taken(), follow_up=FOLLOW_UP)
    desk.clock.advance(5.0)

    desk.save("scene:1")

    ((subject, cause, priority, due_at, attempts, reason),) = desk.rows(WAITING, "status < 2")
    assert (subject, cause, priority, attempts, reason) == ("scene:1", f"{IMAGE}+update", 0, 0, "")
    assert due_at == desk.clock.wall() + 1.0


def test_a_follow_up_replaces_the_dead_letter(desk: Desk) -> None:
    desk.store.dead_letter(desk.taken(), title="", reason="PlexTemporaryError", message="")

    desk.store.complete(desk.taken(), follow_up=FOLLOW_UP)

    assert DeadLetters(desk.store).newest() == []


def test_a_job_that_does_not_run_leaves_no_follow_up(desk: Desk) -> None:
    job = desk.taken()
    desk.store.complete(job)

    assert not desk.store.complete(job, follow_up=FOLLOW_UP)
    assert desk.rows("subject", "status < 2") == []


def test_a_kill_while_completing_loses_neither(desk: Desk) -> None:
    job = desk.taken()
    switch = KillSwitch(1)

    with pytest.raises(Killed):
        JobStore(desk.store.connection, desk.clock, checkpoint=switch).complete(
            job, follow_up=FOLLOW_UP
        )

    assert desk.rows("subject, status") == [("scene:1", 2)]
