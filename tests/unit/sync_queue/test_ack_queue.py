"""PlexSync and persist-queue read each other's rows."""

import sqlite3

import pytest
from persistqueue import SQLiteAckQueue
from persistqueue.exceptions import Empty
from persistqueue.serializers import json as json_serializer
from persistqueue.sqlackqueue import AckStatus

from core.job import PRIORITY_BACKFILL, PRIORITY_EDIT
from sync_queue.ack_queue import SceneAckQueue
from sync_queue.hook_queue import DATABASE
from tests.unit.sync_queue.queues import Desk


class PlainQueue(SQLiteAckQueue):
    """The library's own queue, told of nothing but the table's name."""

    _TABLE_NAME = SceneAckQueue._TABLE_NAME


@pytest.fixture
def past(desk: Desk) -> Desk:
    """A desk whose clock stands in the past: the library asks the system's clock what is due."""
    desk.clock.jump(-1_000_000)
    return desk


def test_the_library_gets_what_the_hook_noted(past: Desk) -> None:
    past.save("scene:42", "create")

    item = past.queue.get(block=False, raw=True)

    assert item["data"] == {"subject": "scene:42", "cause": "create"}
    assert item["timestamp"] == past.clock.wall()
    assert past.rows("status") == [(int(AckStatus.unack),)]


def test_the_library_acks_what_it_got_and_the_store_sees_it_done(past: Desk) -> None:
    past.save("scene:42")
    item = past.queue.get(block=False)

    past.queue.ack(item)

    assert past.store.claim() == []
    assert past.rows("status") == [(5,)]
    assert past.queue.acked_count() == 1


def test_what_the_library_gives_back_is_taken_by_the_store(past: Desk) -> None:
    past.save("scene:42")
    item = past.queue.get(block=False)
    past.clock.advance(5)

    past.queue.nack(item)

    assert [job.subject for job in past.store.claim()] == ["scene:42"]


def test_rows_marked_failed_are_neither_claimed_nor_counted(past: Desk) -> None:
    past.save("scene:42")
    item = past.queue.get(block=False)

    past.queue.ack_failed(item)

    assert past.store.claim() == []
    assert past.store.counts() == (0, 0, 0)


def test_the_library_finishes_what_the_store_took(past: Desk) -> None:
    past.store.enqueue("scene:42", "update")
    job = past.store.claim()[0]

    past.queue.ack(id=job.id)

    assert not past.store.complete(job)
    assert past.rows("status") == [(5,)]


def test_the_library_counts_what_the_store_moved(past: Desk) -> None:
    past.store.enqueue_many(["scene:1", "scene:2", "scene:3"], "update", PRIORITY_EDIT)
    past.store.complete(past.store.claim(1)[0])
    past.store.claim(1)
    past.store.release(past.store.claim()[0])

    queue = SceneAckQueue(str(past.data_dir))

    assert (queue.acked_count(), queue.unack_count(), queue.ready_count(), queue.size) == (
        1,
        1,
        1,
        1,
    )


def test_the_store_takes_what_the_library_put(past: Desk) -> None:
    number = past.queue.put({"subject": "scene:7", "cause": "by hand"})
    past.clock.advance(2_000_000)

    job = past.store.claim()[0]

    assert (job.id, job.subject, job.cause, job.priority) == (
        number,
        "scene:7",
        "by hand",
        PRIORITY_EDIT,
    )


def test_the_library_may_not_put_a_subject_twice(past: Desk) -> None:
    past.queue.put({"subject": "scene:7", "cause": "by hand"})

    with pytest.raises(sqlite3.IntegrityError):
        past.queue.put({"subject": "scene:7", "cause": "again"})


@pytest.mark.parametrize("item", [{}, {"subject": "scene:7"}, [], "scene:7"])
def test_the_library_may_not_put_what_is_no_change(past: Desk, item: object) -> None:
    with pytest.raises(sqlite3.Error):
        past.queue.put(item)


def test_the_library_gets_the_most_urgent_first(past: Desk) -> None:
    past.store.enqueue("scene:1", "sync", PRIORITY_BACKFILL)
    past.store.enqueue("scene:2", "update", PRIORITY_EDIT)

    subjects = [past.queue.get(block=False)["subject"] for _ in range(2)]

    assert subjects == ["scene:2", "scene:1"]


def test_the_library_does_not_get_what_is_not_due(desk: Desk) -> None:
    desk.clock.jump(1_000_000_000)
    desk.save("scene:1")

    with pytest.raises(Empty):
        desk.queue.get(block=False)


def test_opening_the_queue_does_not_release_the_claims_of_others(past: Desk) -> None:
    job = past.taken()

    SceneAckQueue(str(past.data_dir))

    assert past.store.complete(job)


@pytest.mark.parametrize(("mode", "found"), [("WAL", "wal"), ("DELETE", "truncate")])
def test_opening_the_queue_never_turns_wal_on_or_off(past: Desk, mode: str, found: str) -> None:
    past.queue.connection.execute(f"PRAGMA journal_mode={mode}")

    queue = SceneAckQueue(str(past.data_dir))

    assert queue.connection.execute("PRAGMA journal_mode").fetchone() == (found,)


def test_the_librarys_own_queue_reads_and_finishes_our_rows(past: Desk) -> None:
    past.save("scene:42", "create")

    plain = PlainQueue(
        str(past.data_dir), auto_resume=False, serializer=json_serializer, db_file_name=DATABASE
    )
    item = plain.get(block=False)
    plain.ack(item)

    assert item == {"subject": "scene:42", "cause": "create"}
    assert past.rows("status") == [(5,)]


def test_the_library_lists_every_row(past: Desk) -> None:
    past.store.enqueue_many(["scene:1", "scene:2"], "update")
    plain = PlainQueue(
        str(past.data_dir), auto_resume=False, serializer=json_serializer, db_file_name=DATABASE
    )

    listed = [entry["data"]["subject"] for entry in plain.queue()]

    assert listed == ["scene:1", "scene:2"]


def test_the_library_clears_what_is_done_and_nothing_else(past: Desk) -> None:
    past.store.complete(past.taken("scene:1"))
    past.taken("scene:2")
    past.store.enqueue("scene:3", "update")

    past.queue.clear_acked_data(keep_latest=0)

    assert past.rows("subject") == [("scene:2",), ("scene:3",)]
