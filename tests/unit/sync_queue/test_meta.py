"""Test sessions, epochs, the worker's status and single values of the meta table."""

from sync_queue.hook_queue import session_parameters
from sync_queue.meta import MetaStore, StashSession, WorkerStatus, start_epoch
from tests.harness.queue import QueueHarness


def connection_of(cookie: str) -> dict[str, object]:
    found = session_parameters(
        {"Scheme": "http", "Host": "0.0.0.0", "Port": 9999, "SessionCookie": {"Value": cookie}}, 5.0
    )
    assert found is not None
    return found


def test_the_newest_session_is_kept(queue: QueueHarness) -> None:
    meta = MetaStore(queue.store)
    before = meta.session()

    meta.keep_session(connection_of("one"))
    meta.keep_session(connection_of("two"))

    assert before is None
    assert meta.session() == StashSession("http", "0.0.0.0", 9999, "two", 5.0)


def test_a_renewed_cookie_does_not_replace_a_newer_session(queue: QueueHarness) -> None:
    meta = MetaStore(queue.store)
    meta.keep_session(connection_of("one"))

    renewed = meta.renew_cookie("one", "two", 6.0)
    late = meta.renew_cookie("one", "three", 7.0)

    assert (renewed, late) == (True, False)
    assert meta.session() == StashSession("http", "0.0.0.0", 9999, "two", 6.0)


def test_every_worker_gets_a_higher_epoch(queue: QueueHarness) -> None:
    connection = queue.store.connection

    epochs = [start_epoch(connection, 100 + number, "1.0.0", "hook", 9.0) for number in range(3)]

    worker = MetaStore(queue.store).worker()
    assert epochs == [1, 2, 3]
    assert worker is not None
    assert (worker.pid, worker.version, worker.epoch, worker.started_by) == (
        102,
        "1.0.0",
        3,
        "hook",
    )
    assert (worker.started_at, worker.status) == (9.0, WorkerStatus.STARTING)


def test_only_the_newest_worker_sets_the_status(queue: QueueHarness) -> None:
    meta = MetaStore(queue.store)
    before = meta.worker()
    epoch = start_epoch(queue.store.connection, 1, "1.0.0", "hook", 9.0)

    meta.set_status(WorkerStatus.SYNCING, epoch)
    meta.set_status(WorkerStatus.IDLE, epoch - 1)

    worker = meta.worker()
    assert before is None
    assert worker is not None
    assert worker.status is WorkerStatus.SYNCING


def test_a_meta_value_is_empty_until_set_then_the_newest(queue: QueueHarness) -> None:
    meta = MetaStore(queue.store)
    before = meta.get("watermark")

    meta.set("watermark", "a")
    meta.set("watermark", "b")

    assert (before, meta.get("watermark")) == ("", "b")
