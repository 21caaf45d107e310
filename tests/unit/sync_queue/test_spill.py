"""What hooks left as files becomes jobs, whatever is in the files."""

import json
import os
from pathlib import Path

import pytest

from core.checkpoint import Checkpoint, no_checkpoint
from sync_queue.hook_queue import job_row, session_parameters, write_spill
from sync_queue.meta import MetaStore
from sync_queue.spill import AbsorbedSpill, SpillFolder, remove_stale_files
from tests.harness.queue import CheckpointKiller, Killed, QueueHarness

SESSION = session_parameters(
    {"Scheme": "http", "Host": "h", "Port": 9999, "SessionCookie": {"Value": "c"}}, 5.0
)


def spill(queue: QueueHarness, subject: str, session: dict[str, object] | None = None) -> Path:
    note = job_row(subject, "update", 0, queue.clock.wall(), 1.0, 4.0)
    return Path(write_spill(str(queue.data_dir), note, session))


def put(queue: QueueHarness, content: bytes) -> Path:
    folder = queue.data_dir / "spill"
    folder.mkdir(exist_ok=True)
    path = folder / "00000000000000000001-1.json"
    path.write_bytes(content)
    return path


def absorb(queue: QueueHarness, checkpoint: Checkpoint = no_checkpoint) -> AbsorbedSpill:
    return SpillFolder(queue.data_dir, queue.store, queue.clock, checkpoint).absorb()


def note_with(**changed: object) -> bytes:
    note = {**job_row("scene:9", "update", 0, 5.0, 1.0, 4.0), **changed}
    return json.dumps({"note": note, "session": None}).encode()


def test_every_spilled_change_becomes_a_job_and_its_file_goes(queue: QueueHarness) -> None:
    for subject in ("scene:1", "scene:2", "scene:1"):
        spill(queue, subject)

    result = absorb(queue)

    assert result == AbsorbedSpill(3)
    assert queue.rows("subject") == [("scene:1",), ("scene:2",)]
    assert list((queue.data_dir / "spill").iterdir()) == []


def test_without_a_spill_folder_there_is_nothing_to_absorb(queue: QueueHarness) -> None:
    assert absorb(queue) == AbsorbedSpill()


@pytest.mark.parametrize(
    ("age_s", "left"), [(60.0, ["1-1.tmp", "2-2.json"]), (4_000.0, ["2-2.json"])]
)
def test_what_a_killed_hook_left_is_removed_after_an_hour(
    queue: QueueHarness, age_s: float, left: list[str]
) -> None:
    folder = queue.data_dir / "spill"
    folder.mkdir()
    for name in ("1-1.tmp", "2-2.json"):
        (folder / name).write_text('{"note": {', encoding="utf-8")
        os.utime(folder / name, (queue.clock.wall() - age_s, queue.clock.wall() - age_s))

    remove_stale_files(queue.data_dir, queue.clock.wall())

    assert sorted(path.name for path in folder.iterdir()) == left


def test_without_a_spill_folder_nothing_is_left_over(queue: QueueHarness) -> None:
    assert remove_stale_files(queue.data_dir, queue.clock.wall()) == 0


def test_the_session_of_a_spilled_change_is_kept(queue: QueueHarness) -> None:
    spill(queue, "scene:1", SESSION)

    absorb(queue)

    session = MetaStore(queue.store).session()
    assert session is not None
    assert (session.port, session.cookie) == (9999, "c")


def test_a_session_may_be_spilled_alone(queue: QueueHarness) -> None:
    write_spill(str(queue.data_dir), None, SESSION)

    result = absorb(queue)

    assert result == AbsorbedSpill(1)
    assert queue.rows("subject") == []
    assert MetaStore(queue.store).session() is not None


def test_a_file_that_is_being_written_is_left_alone(queue: QueueHarness) -> None:
    half = put(queue, b"{").with_suffix(".tmp")
    put(queue, b"{").rename(half)

    result = absorb(queue)

    assert result == AbsorbedSpill()
    assert half.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"note": 5}',
        b'{"note": {"subject": "scene:1"}}',
        note_with(subject=None),
        note_with(subject={"id": 1}),
        note_with(subject="scene:\ud800"),
        note_with(priority=10**30),
        note_with(more=1),
        b"[" * 100_000,
    ],
)
def test_an_invalid_file_is_quarantined_and_others_absorbed(
    queue: QueueHarness, content: bytes
) -> None:
    path = put(queue, content)
    spill(queue, "scene:2")

    result = absorb(queue)

    assert result == AbsorbedSpill(1, (path.name,))
    assert queue.rows("subject") == [("scene:2",)]
    assert [left.name for left in path.parent.iterdir()] == [path.with_suffix(".refused").name]


@pytest.mark.parametrize(
    "session", [{}, {"scheme": "http"}, {**(SESSION or {}), "cookie": "\ud800"}]
)
def test_an_invalid_session_does_not_cost_the_change(
    queue: QueueHarness, session: dict[str, object]
) -> None:
    spill(queue, "scene:1", session)

    spilled = absorb(queue)

    assert spilled.changes + len(spilled.refused) == 1
    assert queue.rows("subject") == [("scene:1",)]


@pytest.mark.parametrize("fatal", [1, 2])
def test_a_crash_while_absorbing_loses_nothing(queue: QueueHarness, fatal: int) -> None:
    for subject in ("scene:1", "scene:2"):
        spill(queue, subject)

    with pytest.raises(Killed):
        absorb(queue, CheckpointKiller(fatal))
    again = absorb(queue)

    assert again == AbsorbedSpill(3 - fatal)
    assert queue.rows("subject") == [("scene:1",), ("scene:2",)]


def blocked(queue: QueueHarness) -> tuple[Path, bytes]:
    """A spill file that cannot be read: a folder is in its place; and its content."""
    path = spill(queue, "scene:1")
    content = path.read_bytes()
    path.unlink()
    path.mkdir()
    return path, content


def test_a_file_unreadable_for_a_moment_is_absorbed_later(queue: QueueHarness) -> None:
    path, content = blocked(queue)
    spill(queue, "scene:2")
    folder = SpillFolder(queue.data_dir, queue.store, queue.clock)

    at_first = folder.absorb()
    is_tried_again_immediately = folder.has_files()
    path.rmdir()
    path.write_bytes(content)
    queue.clock.advance(1.0)
    later = folder.absorb()

    assert at_first == AbsorbedSpill(1, (), (path.name,))
    assert not is_tried_again_immediately
    assert later == AbsorbedSpill(1)
    assert queue.rows("subject") == [("scene:2",), ("scene:1",)]
    assert not folder.has_files()


def test_a_file_that_stays_unreadable_is_reported(queue: QueueHarness) -> None:
    path, _ = blocked(queue)
    folder = SpillFolder(queue.data_dir, queue.store, queue.clock)

    results = []
    for _ in range(7_200):
        if folder.has_files():
            results.append(folder.absorb())
        queue.clock.advance(0.5)

    assert len(results) == 65
    assert [bool(result.report) for result in results] == [False] * 4 + [True] * 61
    assert path.exists()


def test_the_next_worker_reads_an_unreadable_file_immediately(queue: QueueHarness) -> None:
    path, content = blocked(queue)
    absorb(queue)
    path.rmdir()
    path.write_bytes(content)

    assert absorb(queue) == AbsorbedSpill(1)
