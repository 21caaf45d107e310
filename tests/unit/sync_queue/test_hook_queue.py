"""The hook's door: what it accepts, and when it stays shut."""

import json
import os
import sqlite3
import stat
import time
from pathlib import Path

import pytest

from sync_queue.hook_queue import (
    DATABASE,
    QueueUnavailable,
    connect,
    insert_job,
    job_row,
    pop_pending_message,
    session_parameters,
    write_pending_message,
    write_spill,
)
from tests.harness.database import query
from tests.harness.queue import QueueHarness

NOTE = job_row("scene:1", "update", 0, 5.0, 1.0, 4.0)


def server(**changed: object) -> dict[str, object]:
    return {
        "Scheme": "http",
        "Host": "0.0.0.0",
        "Port": 9999,
        "SessionCookie": {"Value": "c"},
        **changed,
    }


@pytest.mark.parametrize("version", [0, 99])
def test_a_database_of_another_version_is_left_to_the_worker(
    queue: QueueHarness, version: int
) -> None:
    queue.ack_queue.connection.execute(f"PRAGMA user_version={version}")

    with pytest.raises(QueueUnavailable, match=str(version)):
        connect(str(queue.data_dir))


def test_a_missing_database_is_not_created_by_a_hook(tmp_path: Path) -> None:
    with pytest.raises(QueueUnavailable, match="no database"):
        connect(str(tmp_path))

    assert list(tmp_path.iterdir()) == []


def test_a_damaged_database_is_an_error_of_sqlite(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"rubbish" * 1000)

    with pytest.raises(sqlite3.DatabaseError):
        connect(str(tmp_path))


def test_a_note_and_its_session_are_written_together(queue: QueueHarness) -> None:
    connection = connect(str(queue.data_dir))

    insert_job(connection, NOTE, session_parameters(server(), 5.0))
    connection.close()

    assert queue.rows("subject, due_at") == [("scene:1", 6.0)]
    assert query(queue.data_dir, "SELECT host, port, cookie FROM session") == [
        ("0.0.0.0", 9999, "c")
    ]


def test_a_session_that_cannot_be_written_takes_the_note_with_it(queue: QueueHarness) -> None:
    connection = connect(str(queue.data_dir))

    with pytest.raises(sqlite3.Error):
        insert_job(connection, NOTE, {"scheme": "http"})
    in_transaction = connection.in_transaction
    connection.close()

    assert not in_transaction
    assert queue.rows("subject") == []


@pytest.mark.parametrize(
    "connection",
    [
        None,
        [],
        "http://localhost",
        {},
        server(Port=None),
        server(Port="9999"),
        server(Port=True),
        server(Port=0),
        server(Port=65536),
        server(Port=99.5),
        server(Port=-1),
        server(Port=[9999]),
    ],
)
def test_without_a_port_there_is_no_way_back_to_stash(connection: object) -> None:
    assert session_parameters(connection, 5.0) is None


@pytest.mark.parametrize("cookie", [None, {}, [], {"Value": None}, {"Value": 5}, "text"])
def test_a_session_without_a_cookie_is_still_an_address(cookie: object) -> None:
    assert session_parameters(server(SessionCookie=cookie), 5.0) == {
        "scheme": "http",
        "host": "0.0.0.0",
        "port": 9999,
        "cookie": "",
        "now": 5.0,
    }


@pytest.mark.parametrize(
    ("scheme", "kept"), [("https", "https"), ("http", "http"), (None, "http"), ("ftp", "http")]
)
def test_only_the_two_schemes_of_stash_are_kept(scheme: object, kept: str) -> None:
    found = session_parameters(server(Scheme=scheme), 5.0)

    assert found is not None
    assert found["scheme"] == kept


def test_a_session_with_broken_surrogates_can_be_kept(queue: QueueHarness) -> None:
    session = session_parameters(server(Host="h\ud800", SessionCookie={"Value": "c\udfff"}), 5.0)
    connection = connect(str(queue.data_dir))

    insert_job(connection, NOTE, session)
    connection.close()

    assert query(queue.data_dir, "SELECT host, cookie FROM session") == [("h?", "c?")]


# -- spill files and messages -------------------------------------------------------------------


def test_a_spilled_change_is_one_private_file(tmp_path: Path) -> None:
    path = Path(write_spill(str(tmp_path), NOTE, None))

    assert json.loads(path.read_text("utf-8")) == {"note": NOTE, "session": None}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [other.name for other in path.parent.iterdir()] == [path.name]


def test_spilled_changes_sort_in_the_order_they_were_made(tmp_path: Path) -> None:
    paths = [write_spill(str(tmp_path), NOTE, None) for _ in range(5)]

    assert sorted(paths) == paths


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "spill").write_text("", encoding="utf-8")

    with pytest.raises(OSError, match="spill"):
        write_spill(str(tmp_path), NOTE, None)


def test_a_message_is_taken_once(tmp_path: Path) -> None:
    write_pending_message(str(tmp_path), "error", "Zoë says: install pip.")

    assert pop_pending_message(str(tmp_path)) == ("error", "Zoë says: install pip.")
    assert pop_pending_message(str(tmp_path)) is None


@pytest.mark.parametrize(
    ("text", "age_s", "popped"),
    [
        pytest.param("Install pip.", 60.0, None, id="just shown"),
        pytest.param("Install pip.", 4_000.0, ("error", "Install pip."), id="shown an hour ago"),
        pytest.param("The disk is full.", 60.0, ("error", "The disk is full."), id="another one"),
    ],
)
def test_a_shown_message_is_not_repeated_within_the_hour(
    tmp_path: Path, text: str, age_s: float, popped: tuple[str, str] | None
) -> None:
    write_pending_message(str(tmp_path), "error", "Install pip.")
    pop_pending_message(str(tmp_path))
    then = time.time() - age_s
    os.utime(tmp_path / "message.told.json", (then, then))

    write_pending_message(str(tmp_path), "error", text)

    assert pop_pending_message(str(tmp_path)) == popped


@pytest.mark.parametrize("content", ["", "{", "null", "5", '["error"]', '["a", "b", "c"]'])
def test_an_invalid_message_is_reported_and_removed(tmp_path: Path, content: str) -> None:
    (tmp_path / "message.json").write_text(content, encoding="utf-8")

    left = pop_pending_message(str(tmp_path))

    assert left is not None
    assert left[0] == "warning"
    assert pop_pending_message(str(tmp_path)) is None
