"""Test sessions, epochs, the worker's status and single values of the meta table."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_queue.hook_queue import session_parameters
from sync_queue.meta import STATUS_TEXTS, MetaStore, StashSession, WorkerStatus, start_epoch
from sync_queue.store import JobStore
from tests.harness.clocks import FakeClock
from tests.harness.database import open_store, query, save_session
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

    save_session(queue.store, connection_of("one"))
    save_session(queue.store, connection_of("two"))

    assert before is None
    assert meta.session() == StashSession("http", "0.0.0.0", 9999, "two", 5.0)


def test_a_renewed_cookie_does_not_replace_a_newer_session(queue: QueueHarness) -> None:
    meta = MetaStore(queue.store)
    save_session(queue.store, connection_of("one"))

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


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    """Return a queue whose newest worker has epoch 1."""
    opened = open_store(tmp_path, FakeClock())
    start_epoch(opened.connection, 1, "1.1.0", "hook", 9.0)
    yield opened
    opened.connection.close()


@pytest.mark.parametrize(
    ("stored", "status", "detail", "is_blocked"),
    [
        ("starting", WorkerStatus.STARTING, "", False),
        ("idle", WorkerStatus.IDLE, "", False),
        ("syncing", WorkerStatus.SYNCING, "", False),
        ("waiting for Stash", WorkerStatus.WAITING_FOR_STASH, "", True),
        ("waiting for Plex: PlexServerDown: x", WorkerStatus.WAITING_FOR_PLEX, "PlexServerDown: x", True),
        ("waiting for Plex: ", WorkerStatus.WAITING_FOR_PLEX, "", True),
        ("waiting for its settings", WorkerStatus.UNCONFIGURED, "", True),
        ("switched off", WorkerStatus.DISABLED, "", True),
        ("dancing: a waltz", WorkerStatus.UNKNOWN, "dancing: a waltz", False),
        ("", WorkerStatus.UNKNOWN, "", False),
    ],
)  # fmt: skip
def test_rows_of_other_versions_are_read(
    store: JobStore, stored: str, status: WorkerStatus, detail: str, is_blocked: bool
) -> None:
    store.connection.execute("UPDATE worker SET doing = ?", (stored,))

    row = MetaStore(store).worker()

    assert row is not None
    assert (row.status, row.detail, row.status.is_blocked) == (status, detail, is_blocked)


def test_a_status_is_stored_as_1_1_0_stored_it(store: JobStore, tmp_path: Path) -> None:
    meta = MetaStore(store)

    meta.set_status(WorkerStatus.WAITING_FOR_PLEX, 1, "PlexUnavailable: no route")
    with_detail = query(tmp_path, "SELECT doing FROM worker")
    meta.set_status(WorkerStatus.IDLE, 1)

    assert with_detail == [("waiting for Plex: PlexUnavailable: no route",)]
    assert query(tmp_path, "SELECT doing FROM worker") == [("idle",)]


def test_the_user_reads_the_status_with_its_detail(store: JobStore) -> None:
    meta = MetaStore(store)
    meta.set_status(WorkerStatus.WAITING_FOR_PLEX, 1, "PlexUnavailable: no route")

    row = meta.worker()

    assert row is not None
    assert row.status_text == "waiting for Plex: PlexUnavailable: no route"


def test_every_status_has_a_text_for_the_user() -> None:
    assert set(STATUS_TEXTS) == set(WorkerStatus)
