"""Test that rows of the worker table are read as typed states, those of 1.1.0 included."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_queue.meta import STATUS_TEXTS, MetaStore, WorkerStatus, start_epoch
from sync_queue.store import JobStore
from tests.harness.clocks import FakeClock
from tests.harness.database import open_store, query


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
    facts = MetaStore(store)

    facts.set_status(WorkerStatus.WAITING_FOR_PLEX, 1, "PlexUnavailable: no route")
    with_detail = query(tmp_path, "SELECT doing FROM worker")
    facts.set_status(WorkerStatus.IDLE, 1)

    assert with_detail == [("waiting for Plex: PlexUnavailable: no route",)]
    assert query(tmp_path, "SELECT doing FROM worker") == [("idle",)]


def test_the_user_reads_the_status_with_its_detail(store: JobStore) -> None:
    facts = MetaStore(store)
    facts.set_status(WorkerStatus.WAITING_FOR_PLEX, 1, "PlexUnavailable: no route")

    row = facts.worker()

    assert row is not None
    assert row.status_text == "waiting for Plex: PlexUnavailable: no route"


def test_every_status_has_a_text_for_the_user() -> None:
    assert set(STATUS_TEXTS) == set(WorkerStatus)
