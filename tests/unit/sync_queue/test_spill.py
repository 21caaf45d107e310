"""What hooks left as files becomes jobs, whatever is in the files."""

import json
import os
from pathlib import Path

import pytest

from core.checkpoint import Checkpoint, no_checkpoint
from sync_queue.hook_queue import job_row, session_parameters, write_spill
from sync_queue.meta import MetaStore
from sync_queue.spill import AbsorbedSpill, SpillFolder, remove_stale_files
from tests.harness.queue import Desk, Killed, KillSwitch

SESSION = session_parameters(
    {"Scheme": "http", "Host": "h", "Port": 9999, "SessionCookie": {"Value": "c"}}, 5.0
)


def spill(desk: Desk, subject: str, session: dict[str, object] | None = None) -> Path:
    note = job_row(subject, "update", 0, desk.clock.wall(), 1.0, 4.0)
    return Path(write_spill(str(desk.data_dir), note, session))


def put(desk: Desk, content: bytes) -> Path:
    folder = desk.data_dir / "spill"
    folder.mkdir(exist_ok=True)
    path = folder / "00000000000000000001-1.json"
    path.write_bytes(content)
    return path


def absorb(desk: Desk, checkpoint: Checkpoint = no_checkpoint) -> AbsorbedSpill:
    return SpillFolder(desk.data_dir, desk.store, desk.clock, checkpoint).absorb()


def note_with(**changed: object) -> bytes:
    note = {**job_row("scene:9", "update", 0, 5.0, 1.0, 4.0), **changed}
    return json.dumps({"note": note, "session": None}).encode()


def test_every_spilled_change_becomes_a_job_and_its_file_goes(desk: Desk) -> None:
    for subject in ("scene:1", "scene:2", "scene:1"):
        spill(desk, subject)

    result = absorb(desk)

    assert result == AbsorbedSpill(3)
    assert desk.rows("subject") == [("scene:1",), ("scene:2",)]
    assert list((desk.data_dir / "spill").iterdir()) == []


def test_without_a_spill_folder_there_is_nothing_to_absorb(desk: Desk) -> None:
    assert absorb(desk) == AbsorbedSpill()


@pytest.mark.parametrize(
    ("age_s", "left"), [(60.0, ["1-1.tmp", "2-2.json"]), (4_000.0, ["2-2.json"])]
)
def test_what_a_killed_hook_left_is_removed_after_an_hour(
    desk: Desk, age_s: float, left: list[str]
) -> None:
    folder = desk.data_dir / "spill"
    folder.mkdir()
    for name in ("1-1.tmp", "2-2.json"):
        (folder / name).write_text('{"note": {', encoding="utf-8")
        os.utime(folder / name, (desk.clock.wall() - age_s, desk.clock.wall() - age_s))

    remove_stale_files(desk.data_dir, desk.clock.wall())

    assert sorted(path.name for path in folder.iterdir()) == left


def test_without_a_spill_folder_nothing_is_left_over(desk: Desk) -> None:
    assert remove_stale_files(desk.data_dir, desk.clock.wall()) == 0


def test_the_session_of_a_spilled_change_is_kept(desk: Desk) -> None:
    spill(desk, "scene:1", SESSION)

    absorb(desk)

    session = MetaStore(desk.store).session()
    assert session is not None
    assert (session.port, session.cookie) == (9999, "c")


def test_a_session_may_be_spilled_alone(desk: Desk) -> None:
    write_spill(str(desk.data_dir), None, SESSION)

    result = absorb(desk)

    assert result == AbsorbedSpill(1)
    assert desk.rows("subject") == []
    assert MetaStore(desk.store).session() is not None


def test_a_file_that_is_being_written_is_left_alone(desk: Desk) -> None:
    half = put(desk, b"{").with_suffix(".tmp")
    put(desk, b"{").rename(half)

    result = absorb(desk)

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
def test_an_invalid_file_is_quarantined_and_others_absorbed(desk: Desk, content: bytes) -> None:
    path = put(desk, content)
    spill(desk, "scene:2")

    result = absorb(desk)

    assert result == AbsorbedSpill(1, (path.name,))
    assert desk.rows("subject") == [("scene:2",)]
    assert [left.name for left in path.parent.iterdir()] == [path.with_suffix(".refused").name]


@pytest.mark.parametrize(
    "session", [{}, {"scheme": "http"}, {**(SESSION or {}), "cookie": "\ud800"}]
)
def test_a_session_that_makes_no_sense_does_not_cost_the_change(
    desk: Desk, session: dict[str, object]
) -> None:
    spill(desk, "scene:1", session)

    spilled = absorb(desk)

    assert spilled.changes + len(spilled.refused) == 1
    assert desk.rows("subject") == [("scene:1",)]


@pytest.mark.parametrize("fatal", [1, 2])
def test_a_death_while_absorbing_loses_nothing(desk: Desk, fatal: int) -> None:
    for subject in ("scene:1", "scene:2"):
        spill(desk, subject)

    with pytest.raises(Killed):
        absorb(desk, KillSwitch(fatal))
    again = absorb(desk)

    assert again == AbsorbedSpill(3 - fatal)
    assert desk.rows("subject") == [("scene:1",), ("scene:2",)]


def blocked(desk: Desk) -> tuple[Path, bytes]:
    """A spill file that cannot be read: a folder is in its place; and its content."""
    path = spill(desk, "scene:1")
    content = path.read_bytes()
    path.unlink()
    path.mkdir()
    return path, content


def test_a_file_unreadable_for_a_moment_is_absorbed_later(desk: Desk) -> None:
    path, content = blocked(desk)
    spill(desk, "scene:2")
    folder = SpillFolder(desk.data_dir, desk.store, desk.clock)

    at_first = folder.absorb()
    is_tried_again_immediately = folder.has_files()
    path.rmdir()
    path.write_bytes(content)
    desk.clock.advance(1.0)
    later = folder.absorb()

    assert at_first == AbsorbedSpill(1, (), (path.name,))
    assert not is_tried_again_immediately
    assert later == AbsorbedSpill(1)
    assert desk.rows("subject") == [("scene:2",), ("scene:1",)]
    assert not folder.has_files()


def test_a_file_that_stays_unreadable_is_reported(desk: Desk) -> None:
    path, _ = blocked(desk)
    folder = SpillFolder(desk.data_dir, desk.store, desk.clock)

    results = []
    for _ in range(7_200):
        if folder.has_files():
            results.append(folder.absorb())
        desk.clock.advance(0.5)

    assert len(results) == 65
    assert [bool(result.report) for result in results] == [False] * 4 + [True] * 61
    assert path.exists()


def test_the_next_worker_reads_an_unreadable_file_immediately(desk: Desk) -> None:
    path, content = blocked(desk)
    absorb(desk)
    path.rmdir()
    path.write_bytes(content)

    assert absorb(desk) == AbsorbedSpill(1)
