"""What fuzzing has found, each as it was found."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from core.errors import StashUnavailable
from core.match import CandidateEntry
from core.original import Original
from core.record import FieldRecord, SyncRecord
from core.step_timer import StepTimer
from stash.client import StashClient
from stash.library import file_sample
from stash.session import StashAddress
from sync.path_learning import LearnedPathStore
from sync_queue.counters import Counters
from sync_queue.dead_letters import DeadLetters
from sync_queue.hook_queue import pop_pending_message
from sync_queue.lease import Lease
from sync_queue.meta import MetaStore
from sync_queue.originals import Overwritten
from sync_queue.records import Records
from sync_queue.schema import back_up, mark_suspect, open_database
from tests.fuzz.test_inputs import served
from tests.harness.captured_log import captured_log
from tests.harness.clocks import FakeClock
from tests.harness.database import open_store
from tests.harness.plugin_copy import ROOT
from wiring import Environment, build_worker, run_worker
from worker.reporting.stats import StatisticsRecorder
from worker.resilience.throttle import Throttle


@pytest.mark.parametrize(
    "content",
    [
        "{",
        '{"age_s": -1}',
        '"text"',
        '{"times_s": "x", "pairs": 7}',
        '{"times_s": [-1], "learned_at": NaN}',
    ],
)
@pytest.mark.parametrize("name", ["ramp.json", "stats.json", "learned_paths.json"])
def test_a_document_of_nonsense_is_quarantined_and_reported(
    tmp_path: Path, name: str, content: str
) -> None:
    (tmp_path / name).write_text(content)
    store, clock = open_store(tmp_path, FakeClock()), FakeClock()
    log, lines = captured_log()

    for _ in range(2):
        if name == "ramp.json":
            Throttle(tmp_path, clock, log)
        elif name == "stats.json":
            StatisticsRecorder(tmp_path, Counters(store), clock, log, StepTimer(clock))
        else:
            LearnedPathStore(tmp_path, clock, log, lambda lesson: None)
    store.connection.close()

    is_understood = content == '{"age_s": -1}' and name != "ramp.json"
    assert (tmp_path / f"{name}.corrupt").exists() is not is_understood
    assert len([line for line in lines if "state.corrupt" in line and name in line]) == (
        not is_understood
    )


@pytest.mark.parametrize(
    "content", [b"[" * 20_000, b"\xff", b"", b"[1]", b'{"a": 1, "b": 2, "c": 3}']
)
def test_an_unreadable_message_is_shown_once_and_forgotten(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "message.json").write_bytes(content)

    first, second = pop_pending_message(str(tmp_path)), pop_pending_message(str(tmp_path))

    assert first is not None
    assert "cannot be read" in first[1]
    assert second is None


# -- the database
# -----------------------------------------------------------------------------------


def in_queue(folder: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(folder / "queue.db", isolation_level=None)
    connection.execute(statement, values)
    connection.close()


@pytest.fixture
def noted(tmp_path: Path) -> Path:
    """A folder whose queue has three jobs, a dead letter, a record and a watermark of this very
    moment.
    """
    store = open_store(tmp_path, FakeClock())
    store.enqueue_many(("scene:1", "scene:2", "scene:3"), "update", 0)
    store.dead_letter(
        store.claim(1)[0], title="T", reason="R", message="M", candidates=[CandidateEntry("a")]
    )
    record = SyncRecord(
        7, "machine", 70, "uuid", "/media/a.mp4", fields={"title": FieldRecord("p", "s")}
    )
    Records(store).save(record)
    MetaStore(store).set("watermark", "1699999999.0")
    store.connection.close()
    return tmp_path


@pytest.mark.parametrize("column", ["title", "reason", "message", "candidates"])
def test_a_dead_letter_with_a_damaged_character_is_read(noted: Path, column: str) -> None:
    in_queue(noted, f"UPDATE dead_letters SET {column} = CAST(X'5BFF22' AS TEXT)")
    store = open_store(noted, FakeClock())

    (dead_letter,) = DeadLetters(store).newest()
    store.connection.close()

    assert dead_letter.subject == "scene:1"


@pytest.mark.parametrize("fields", ["{", "[]", '{"title": 3}', '{"title": {"pushed": 1}}', "X"])
def test_an_invalid_record_counts_as_absent(noted: Path, fields: str) -> None:
    in_queue(noted, "UPDATE records SET fields = ?", fields)
    store = open_store(noted, FakeClock())

    found = Records(store).of_scene(7, "machine")
    store.connection.close()

    assert found == {}


def test_damage_found_later_is_repaired_by_the_next_worker(
    noted: Path,
) -> None:
    mark_suspect(noted)

    first, second = open_database(noted), open_database(noted)
    subjects = first.queue.connection.execute(
        "SELECT count(*) FROM scene_ack_queue_default"
    ).fetchall()
    for one in (first, second):
        one.queue.close()

    assert (bool(first.quarantine), second.quarantine) == (True, "")
    assert subjects == [(2,)]


def test_an_empty_file_is_a_damaged_database_and_not_a_new_one(noted: Path) -> None:
    connection = sqlite3.connect(noted / "queue.db")
    back_up(connection, noted)
    connection.close()
    (noted / "queue.db").write_bytes(b"")

    opened = open_database(noted)
    (waiting,) = opened.queue.connection.execute(
        "SELECT count(*) FROM scene_ack_queue_default"
    ).fetchone()
    opened.queue.close()

    assert opened.quarantine
    assert waiting == 2


def test_a_hook_beside_a_quarantine_spares_the_successor(
    noted: Path,
) -> None:
    def intrude(name: str) -> None:
        if name == "schema.quarantined":
            (noted / "queue.db").touch()

    mark_suspect(noted)

    opened = open_database(noted, intrude)
    (waiting,) = opened.queue.connection.execute(
        "SELECT count(*) FROM scene_ack_queue_default"
    ).fetchone()
    opened.queue.close()

    assert waiting == 2


def test_records_of_a_damaged_database_survive_without_backup(noted: Path) -> None:
    store = open_store(noted, FakeClock())
    Records(store).originals.save(
        "machine", [Overwritten(70, 1, {"title": Original("before", locked=True)})], 1.0
    )
    Records(store).originals.save(
        "machine", [Overwritten(71, 1, {"title": Original("lost", locked=True)})], 1.0
    )
    store.connection.close()
    in_queue(noted, "UPDATE originals SET shown = '{' WHERE item = 71")
    mark_suspect(noted)

    store = open_store(noted, FakeClock())
    kept = Records(store).originals.page("machine", 0, 10)
    dead_letters, records = DeadLetters(store).newest(), Records(store).of_scene(7, "machine")
    store.connection.close()

    assert kept == [(70, 1, {"title": Original("before", locked=True)})]
    assert [dead_letter.subject for dead_letter in dead_letters] == ["scene:1"]
    assert set(records) == {70}


def test_an_index_that_lacks_rows_counts_as_damage(
    noted: Path,
) -> None:
    store = open_store(noted, FakeClock())
    store.complete(store.claim(1)[0])
    store.connection.execute("PRAGMA writable_schema = ON")
    store.connection.execute(
        "UPDATE sqlite_master SET sql = replace(sql, 'status < 2', 'status < 6') WHERE name = 'by_urgency'"
    )
    store.connection.close()

    opened = open_database(noted)
    opened.queue.close()

    assert opened.quarantine


def test_a_worker_that_finds_damage_lets_the_next_run_repair_it(tmp_path: Path) -> None:
    def stumble(name: str) -> None:
        if name == "worker.orphans" and not list(tmp_path.glob("*.damaged-*")):
            raise sqlite3.DatabaseError("database disk image is malformed")
        if name == "worker.orphans":
            lease.release()

    open_store(tmp_path, FakeClock()).connection.close()
    lease = Lease(tmp_path)
    assert lease.acquire()

    run_worker(Environment(ROOT, tmp_path, FakeClock(), checkpoint=stumble), lease, "test")

    assert list(tmp_path.glob("queue.db.damaged-*"))
    assert not (tmp_path / "queue.db.suspect").exists()


def test_after_a_partial_recovery_the_catch_up_starts_earlier(
    noted: Path,
) -> None:
    in_queue(
        noted, "UPDATE scene_ack_queue_default SET priority = 'none' WHERE subject = 'scene:2'"
    )
    mark_suspect(noted)

    opened = open_database(noted)
    (watermark,) = opened.queue.connection.execute(
        "SELECT value FROM meta WHERE key = 'watermark'"
    ).fetchone()
    opened.queue.close()

    assert float(watermark) < (noted / "queue.db").stat().st_mtime - 80_000


def test_an_invalid_stored_time_does_not_stop_the_worker(
    tmp_path: Path,
) -> None:
    open_store(tmp_path, FakeClock()).connection.close()
    in_queue(
        tmp_path, "INSERT INTO meta (key, value) VALUES ('backed_up_at', 'x'), ('watermark', 'y')"
    )
    log, _ = captured_log()
    worker = build_worker(Environment(ROOT, tmp_path, FakeClock()), log, "test", lambda: None)

    exit_reason = worker.loop.tick()
    worker.close()

    assert exit_reason is None


# -- Stash
# ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (b'{"data": {"s42": {"title": "a\\ud800b"}}}', {42: {"title": "a?b"}}),
        (b'{"data": {"s42": 7}}', {42: {}}),
        (b'{"data": {"s42": {"title": "\\ud83d\\ude00"}}}', {42: {"title": "\U0001f600"}}),
    ],
)
def test_surrogates_and_invalid_scenes_never_leave_the_client(answer: bytes, found: object) -> None:
    with served(answer, "application/json") as url:
        client = StashClient(StashAddress("http", "127.0.0.1", int(url.rpartition(":")[2])), "")

        assert client.scenes([42]) == found


@pytest.mark.parametrize(
    "answer", [b"[" * 20_000, b'{"data": {"configuration": null}}', b'{"data": {"findScenes": 3}}']
)
def test_an_answer_of_another_shape_is_a_stash_that_is_away(answer: bytes) -> None:
    with served(answer, "application/json") as url:
        client = StashClient(StashAddress("http", "127.0.0.1", int(url.rpartition(":")[2])), "")

        for ask in (
            client.settings,
            client.credentials,
            lambda: client.scene_page(0, 1),
            lambda: file_sample(client, 1),
        ):
            with pytest.raises(StashUnavailable):
                ask()
