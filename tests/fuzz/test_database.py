"""Test a database with flipped bytes: it works, or it is quarantined and its rows are kept."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.log import EventLog
from core.match import CandidateEntry
from core.original import Original
from core.record import FieldRecord, ImageRecord, SyncRecord
from hooks.entry import run_hook
from sync_queue.database import is_damage
from sync_queue.hook_queue import session_parameters
from sync_queue.meta import MetaStore, parse_float, start_epoch
from sync_queue.notices import Notices
from sync_queue.originals import Overwritten
from sync_queue.records import Records
from sync_queue.schema import back_up, mark_suspect, open_database
from sync_queue.store import JobStore
from tasks.context import TaskFailed
from tasks.run import build_context
from tasks.table import TASKS
from tests.fuzz.mutations import flip_bits
from tests.harness.clocks import FakeClock
from tests.harness.database import save_session
from tests.harness.examples import fuzzed
from tests.harness.plugin_copy import ROOT
from wiring import Environment, Worker, build_worker

SCENES = range(1, 90)
SERVER = "machine"
CONNECTION = {
    "Scheme": "http",
    "Host": "127.0.0.1",
    "Port": 9,
    "SessionCookie": {"Value": "cookie"},
}
FILES = ("queue.db", "queue.db-wal")


def log() -> EventLog:
    return EventLog(logging.Logger("fuzz", logging.CRITICAL))


def fill(folder: Path) -> None:
    """Fill a queue as a busy week leaves it: waiting, running, completed and dead-lettered jobs,
    and all that stands beside them.
    """
    clock = FakeClock()
    opened = open_database(folder)
    connection = opened.queue.connection
    start_epoch(connection, 1, "1.0.0", "test", clock.wall())
    store = JobStore(connection, clock)
    store.enqueue_many((f"scene:{number}" for number in SCENES), "update", 0)
    jobs = store.claim(50)
    for job in jobs[:20]:
        store.complete(job, [("outcomes", "done")])
    for job in jobs[20:40]:
        store.dead_letter(
            job,
            title="Äpfel",
            reason="PlexNotFound",
            message="No item.",
            candidates=[CandidateEntry("/media/a.mp4")],
        )
    for job in jobs[40:50]:
        store.retry_at(job, clock.wall() + 60.0, "PlexNotFound", attempts=2)
    records = Records(store)
    for number in SCENES:
        fields = {
            "title": FieldRecord("p" * 16, "s" * 16),
            "tags": FieldRecord("p", "s", ("ein", "Zwei")),
        }
        images = {"poster": ImageRecord("0" * 40, "etag")}
        records.save(
            SyncRecord(
                number,
                SERVER,
                100 + number,
                "uuid",
                f"/media/{number}.mp4",
                fields=fields,
                images=images,
            )
        )
        records.originals.save(
            SERVER, [Overwritten(100 + number, 1, {"title": Original("before", False)})], 1.0
        )
    session = session_parameters(CONNECTION, clock.wall())
    assert session is not None
    save_session(store, session)
    MetaStore(store).set("watermark", repr(clock.wall()))
    MetaStore(store).set("server", SERVER)
    Notices(store).add("kind", "error", "Something is wrong.", clock.wall())
    connection.close()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sound database, and last night's copy of an older state of it."""
    folder = tmp_path_factory.mktemp("sound")
    fill(folder)
    return folder


@contextmanager
def copied(sound: Path, *, with_backup: bool) -> Iterator[Path]:
    with TemporaryDirectory() as place:
        folder = Path(place)
        shutil.copy(sound / "queue.db", folder)
        if with_backup:
            connection = sqlite3.connect(sound / "queue.db")
            back_up(connection, folder)
            connection.close()
        yield folder


DAMAGE = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255), st.integers(1, 64)),
    max_size=6,
)
CUTS = st.one_of(st.none(), st.floats(0, 1))


def damage(path: Path, flips: list[tuple[float, int, int]], cut: float | None) -> None:
    """Turn over runs of bytes at shares of the file's length, and perhaps cut its end off."""
    content = path.read_bytes()
    for share, mask, length in flips:
        start = int(share * len(content))
        for place in range(start, min(start + length, len(content))):
            content = flip_bits(content, place, mask)
    path.write_bytes(content if cut is None else content[: int(cut * len(content))])


def live(folder: Path) -> Worker:
    clock = FakeClock(1_700_001_000.0)
    worker = build_worker(Environment(ROOT, folder, clock, Random(1)), log(), "test", lambda: None)
    try:
        for _ in range(4):
            assert worker.loop.tick() is None
            clock.advance(31.0)
    except sqlite3.Error:
        worker.close()
        raise
    return worker


@dataclass
class Story:
    """What became of a folder: the jobs that were seen, where a damaged database went, and what
    the notices say.
    """

    subjects: set[str]
    quarantine: str
    notices: str
    watermark: float


def run_workers(folder: Path) -> Story:
    """Run workers until one succeeds; as in production, a run repairs what the one before found
    damaged.
    """
    quarantine, subjects = "", set[str]()
    for _ in range(3):
        try:
            worker = live(folder)
        except sqlite3.Error as error:
            assert is_damage(error)
            mark_suspect(folder)
            continue
        quarantine = quarantine or worker.opened.quarantine
        try:
            subjects |= work_off(worker)
            look_around(worker)
            notices = " ".join(text for _, _, text in worker.components.queue.notices.pending())
            return Story(
                subjects,
                quarantine,
                notices,
                parse_float(worker.components.queue.facts.get("watermark")) or 0.0,
            )
        except sqlite3.Error as error:
            assert is_damage(error)
            mark_suspect(folder)
        finally:
            worker.close()
    raise AssertionError("it is never repaired")


def work_off(worker: Worker) -> set[str]:
    """Move every waiting job as the drain would; the subjects."""
    store, seen = worker.components.queue.store, set()
    for move in range(2_000):
        jobs = store.claim()
        if not jobs:
            break
        for job in jobs:
            seen.add(job.subject)
            store.mark_current(job.id)
            if move % 2:
                store.dead_letter(job, title="t", reason="r", message="m")
            else:
                store.complete(job)
    return seen


def look_around(worker: Worker) -> None:
    """Everything that reads the tables."""
    parts = worker.components
    records = Records(parts.queue.store)
    for number in SCENES:
        records.of_scene(number, SERVER)
        records.of_item(100 + number, SERVER)
        records.last_synced_update(number, SERVER)
    records.confidences()
    records.scenes_matched_by("learned", SERVER)
    after = 0
    while page := records.originals.page(SERVER, after, 50):
        after = page[-1][0]
    for dead_letter in parts.queue.dead_letters.newest(1_000):
        parts.queue.dead_letters.requeue(dead_letter, 1.0)
    parts.queue.notices.pending()
    parts.statistics.now()
    parts.queue.store.counts()
    parts.queue.store.waiting_by_reason()


def is_sound(path: Path) -> bool:
    connection = sqlite3.connect(path)
    try:
        return bool(connection.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",))
    finally:
        connection.close()


@fuzzed(20)
@given(flips=DAMAGE, cut=CUTS, with_backup=st.booleans())
def test_a_worker_begins_on_a_damaged_database_and_works(
    sound: Path, flips: list[tuple[float, int, int]], cut: float | None, with_backup: bool
) -> None:
    with copied(sound, with_backup=with_backup) as folder:
        damage(folder / "queue.db", flips, cut)

        story = run_workers(folder)

        assert is_sound(folder / "queue.db")
        assert bool(story.quarantine) == ("damaged" in story.notices)
        if with_backup or not story.quarantine:
            assert len(story.subjects) > len(SCENES) / 2


@fuzzed(12)
@given(flips=DAMAGE, cut=CUTS)
def test_a_hook_on_a_damaged_database_keeps_its_change(
    sound: Path, flips: list[tuple[float, int, int]], cut: float | None
) -> None:
    message: dict[str, object] = {
        "server_connection": CONNECTION,
        "args": {
            "hookContext": {
                "type": "Scene.Update.Post",
                "id": 777,
                "input": {},
                "inputFields": ["title"],
            }
        },
    }
    with copied(sound, with_backup=False) as folder:
        damage(folder / "queue.db", flips, cut)

        answer = run_hook(
            message, str(folder), 1_700_000_000.0, lambda by: lambda: None, lambda line: None
        )
        story = run_workers(folder)

        assert answer == {"output": "ok"}
        assert "scene:777" in story.subjects or story.watermark < 1_700_000_000.0


QUIET = [
    task
    for task in TASKS
    if task.mode in ("status", "list_dead", "retry_dead", "clear_dead", "clear_waiting", "log")
]


@fuzzed(20)
@given(flips=DAMAGE, cut=CUTS, number=st.integers(0, len(QUIET) - 1))
def test_a_task_on_a_damaged_database_says_what_is_wrong(
    sound: Path, flips: list[tuple[float, int, int]], cut: float | None, number: int
) -> None:
    with copied(sound, with_backup=False) as folder:
        damage(folder / "queue.db", flips, cut)
        context = build_context(
            Environment(ROOT, folder, FakeClock()), {}, lambda by: None, lambda line: None
        )

        try:
            QUIET[number].run(context)
        except (TaskFailed, sqlite3.Error, OSError):
            pass  # what `run_task` answers as an error


@fuzzed(5)
@given(flips=DAMAGE, cut=CUTS)
def test_a_damaged_backup_does_no_harm(
    sound: Path, flips: list[tuple[float, int, int]], cut: float | None
) -> None:
    with copied(sound, with_backup=True) as folder:
        damage(folder / "backup.db", flips, cut)
        (folder / "queue.db").write_bytes(b"not a database" * 500)

        run_workers(folder)

        assert is_sound(folder / "queue.db")
