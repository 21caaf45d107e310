"""The rows of own collections: what is stored is what is read, and titles compare like Plex's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from core.own_collection import Due, OwnCollection
from sync_queue.collections import OwnCollections, row_key
from sync_queue.records import Records
from sync_queue.salvage import recover_tables
from sync_queue.schema import open_database
from sync_queue.store import JobStore
from tests.harness.clocks import FakeClock

ROW = OwnCollection(
    "plex", 1, "Night Trains", "group:7", 9001, "sum", "img", "tag", "new", Due.GROUP
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    with closing(open_database(tmp_path).queue.connection) as connection:
        yield JobStore(connection, FakeClock())


@pytest.fixture
def rows(store: JobStore) -> OwnCollections:
    return OwnCollections(store)


def test_a_row_is_read_as_it_was_stored(rows: OwnCollections) -> None:
    rows.save(ROW)
    rows.save(replace(ROW, title="Night trains", due=Due.NO))

    assert rows.of_server("plex") == {
        row_key(1, "NIGHT TRAINS"): replace(ROW, title="Night trains", due=Due.NO)
    }
    assert rows.of_server("other") == {}


def test_due_rows_come_group_by_group(rows: OwnCollections) -> None:
    other = replace(ROW, title="b", subject="group:9")
    rows.save(ROW, other, replace(ROW, section=2), replace(ROW, title="c", due=Due.NO))

    due = rows.due("plex", 10)

    assert [(row.subject, row.section) for row in due] == [
        ("group:7", 1),
        ("group:7", 2),
        ("group:9", 1),
    ]
    assert (rows.has_due(), rows.due("other", 10)) == (True, [])


def test_a_changed_group_makes_its_rows_due(rows: OwnCollections) -> None:
    rows.save(replace(ROW, due=Due.NO), replace(ROW, title="b", subject="group:9", due=Due.NO))
    assert not rows.has_due()

    assert rows.mark_due("group:7", "") == 1
    assert [row.title for row in rows.due("plex", 10)] == ["Night Trains"]


def test_a_group_with_another_number_is_known_by_its_name(rows: OwnCollections) -> None:
    rows.save(
        replace(ROW, title="Group: Night 100%", due=Due.NO), replace(ROW, title="b", due=Due.NO)
    )

    rows.mark_due("group:1007", "night 100%")

    assert [row.title for row in rows.due("plex", 10)] == ["Group: Night 100%"]


def test_titles_that_lost_a_member_are_due_until_settled(rows: OwnCollections) -> None:
    rows.save(replace(ROW, due=Due.NO))

    rows.mark_titles_due("plex", 1, ["night trains", "unknown"])
    due = rows.due("plex", 10)
    rows.settle(due)

    assert ([row.title for row in due], rows.has_due()) == (["Night Trains"], False)


def test_a_forgotten_row_is_gone(rows: OwnCollections) -> None:
    rows.save(ROW)

    rows.forget([ROW])

    assert rows.of_server("plex") == {}


def test_a_recognized_server_keeps_its_collections(store: JobStore, rows: OwnCollections) -> None:
    rows.save(replace(ROW, due=Due.NO), replace(ROW, section=2))

    Records(store).copy_server("plex", "new", {"uuid": 1})

    assert rows.of_server("new") == {row_key(1, ROW.title): replace(ROW, server="new")}


def test_rows_survive_a_damaged_database(rows: OwnCollections, tmp_path: Path) -> None:
    rows.save(ROW)
    successor = tmp_path / "successor"
    successor.mkdir()

    with closing(open_database(successor).queue.connection) as connection:
        recover_tables(tmp_path / "queue.db", connection)
        recovered = OwnCollections(JobStore(connection, FakeClock())).of_server("plex")

    assert list(recovered.values()) == [ROW]
