"""PlexSync and persist-queue read each other's rows."""

import sqlite3

import pytest
from freezegun import freeze_time
from persistqueue import SQLiteAckQueue
from persistqueue.exceptions import Empty
from persistqueue.serializers import json as json_serializer
from persistqueue.sqlackqueue import AckStatus

from core.job import PRIORITY_BACKFILL, PRIORITY_EDIT
from sync_queue.ack_queue import SceneAckQueue
from sync_queue.hook_queue import DATABASE
from tests.harness.queue import QueueHarness


class PlainQueue(SQLiteAckQueue):
    """The library's own queue, which knows nothing of PlexSync but the table's name."""

    _TABLE_NAME = SceneAckQueue._TABLE_NAME


@pytest.fixture
def past(queue: QueueHarness) -> QueueHarness:
    """A queue whose clock stands in the past: the library asks the system's clock what is due."""
    queue.clock.jump(-1_000_000)
    return queue


def test_the_library_gets_what_the_hook_enqueued(past: QueueHarness) -> None:
    past.save("scene:42", "create")

    item = past.ack_queue.get(block=False, raw=True)

    assert item["data"] == {"subject": "scene:42", "cause": "create"}
    assert item["timestamp"] == past.clock.wall()
    assert past.rows("status") == [(int(AckStatus.unack),)]


def test_the_library_acks_what_it_got_and_the_store_sees_it_done(past: QueueHarness) -> None:
    past.save("scene:42")
    item = past.ack_queue.get(block=False)

    past.ack_queue.ack(item)

    assert past.store.claim() == []
    assert past.rows("status") == [(5,)]
    assert past.ack_queue.acked_count() == 1


def test_what_the_library_returns_is_claimed_by_the_store(past: QueueHarness) -> None:
    past.save("scene:42")
    item = past.ack_queue.get(block=False)
    past.clock.advance(5)

    past.ack_queue.nack(item)

    assert [job.subject for job in past.store.claim()] == ["scene:42"]


def test_rows_marked_failed_are_neither_claimed_nor_counted(past: QueueHarness) -> None:
    past.save("scene:42")
    item = past.ack_queue.get(block=False)

    past.ack_queue.ack_failed(item)

    assert past.store.claim() == []
    assert past.store.counts() == (0, 0, 0)


def test_the_library_finishes_what_the_store_took(past: QueueHarness) -> None:
    past.store.enqueue("scene:42", "update")
    job = past.store.claim()[0]

    past.ack_queue.ack(id=job.id)

    assert not past.store.complete(job)
    assert past.rows("status") == [(5,)]


def test_the_library_counts_what_the_store_moved(past: QueueHarness) -> None:
    past.store.enqueue_many(["scene:1", "scene:2", "scene:3"], "update", PRIORITY_EDIT)
    past.store.complete(past.store.claim(1)[0])
    past.store.claim(1)
    past.store.release(past.store.claim()[0])

    ack_queue = SceneAckQueue(str(past.data_dir))

    assert (
        ack_queue.acked_count(),
        ack_queue.unack_count(),
        ack_queue.ready_count(),
        ack_queue.size,
    ) == (
        1,
        1,
        1,
        1,
    )


def test_the_store_takes_what_the_library_put(past: QueueHarness) -> None:
    number = past.ack_queue.put({"subject": "scene:7", "cause": "by hand"})
    past.clock.advance(2_000_000)

    job = past.store.claim()[0]

    assert (job.id, job.subject, job.cause, job.priority) == (
        number,
        "scene:7",
        "by hand",
        PRIORITY_EDIT,
    )


def test_the_librarys_own_clock_dates_what_it_put(past: QueueHarness) -> None:
    with freeze_time("2026-11-29 12:00:00"):
        past.ack_queue.put({"subject": "scene:7", "cause": "by hand"})
    past.clock.advance(2_000_000)

    assert past.store.claim()[0].enqueued_at == 1_795_953_600.0


def test_the_library_may_not_put_a_subject_twice(past: QueueHarness) -> None:
    past.ack_queue.put({"subject": "scene:7", "cause": "by hand"})

    with pytest.raises(sqlite3.IntegrityError):
        past.ack_queue.put({"subject": "scene:7", "cause": "again"})


@pytest.mark.parametrize("item", [{}, {"subject": "scene:7"}, [], "scene:7"])
def test_the_library_may_not_put_what_is_no_change(past: QueueHarness, item: object) -> None:
    with pytest.raises(sqlite3.Error):
        past.ack_queue.put(item)


def test_the_library_gets_the_urgent_job_first(past: QueueHarness) -> None:
    past.store.enqueue("scene:1", "sync", PRIORITY_BACKFILL)
    past.store.enqueue("scene:2", "update", PRIORITY_EDIT)

    subjects = [past.ack_queue.get(block=False)["subject"] for _ in range(2)]

    assert subjects == ["scene:2", "scene:1"]


def test_the_library_does_not_get_what_is_not_due(queue: QueueHarness) -> None:
    queue.clock.jump(1_000_000_000)
    queue.save("scene:1")

    with pytest.raises(Empty):
        queue.ack_queue.get(block=False)


def test_opening_the_queue_does_not_release_the_claims_of_others(past: QueueHarness) -> None:
    job = past.claimed()

    SceneAckQueue(str(past.data_dir))

    assert past.store.complete(job)


@pytest.mark.parametrize(("mode", "found"), [("WAL", "wal"), ("DELETE", "truncate")])
def test_opening_the_queue_never_turns_wal_on_or_off(
    past: QueueHarness, mode: str, found: str
) -> None:
    past.ack_queue.connection.execute(f"PRAGMA journal_mode={mode}")

    ack_queue = SceneAckQueue(str(past.data_dir))

    assert ack_queue.connection.execute("PRAGMA journal_mode").fetchone() == (found,)


def test_the_librarys_own_queue_reads_and_finishes_our_rows(past: QueueHarness) -> None:
    past.save("scene:42", "create")

    plain = PlainQueue(
        str(past.data_dir), auto_resume=False, serializer=json_serializer, db_file_name=DATABASE
    )
    item = plain.get(block=False)
    plain.ack(item)

    assert item == {"subject": "scene:42", "cause": "create"}
    assert past.rows("status") == [(5,)]


def test_the_library_lists_every_row(past: QueueHarness) -> None:
    past.store.enqueue_many(["scene:1", "scene:2"], "update")
    plain = PlainQueue(
        str(past.data_dir), auto_resume=False, serializer=json_serializer, db_file_name=DATABASE
    )

    listed = [entry["data"]["subject"] for entry in plain.queue()]

    assert listed == ["scene:1", "scene:2"]


def test_the_library_clears_what_is_done_and_nothing_else(past: QueueHarness) -> None:
    past.store.complete(past.claimed("scene:1"))
    past.claimed("scene:2")
    past.store.enqueue("scene:3", "update")

    past.ack_queue.clear_acked_data(keep_latest=0)

    assert past.rows("subject") == [("scene:2",), ("scene:3",)]
