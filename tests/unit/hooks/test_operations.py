"""Waking the worker, and saying a line on its behalf."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hooks.operations import MAX_LINE_CHARS, WAKE, run_log_line, run_wake
from sync_queue.hook_queue import write_pending_message
from sync_queue.lease import Lease
from sync_queue.notices import Notices
from sync_queue.schema import open_database
from sync_queue.store import JobStore
from tests.harness.clocks import FakeClock
from tests.harness.database import query

NOW = 1_700_000_000.0
MESSAGE: dict[str, object] = {
    "server_connection": {
        "Scheme": "http",
        "Host": "h",
        "Port": 9999,
        "SessionCookie": {"Value": "c00kie"},
    }
}


class FakeWorkerStart:
    """Stands where a worker is started."""

    def __init__(self) -> None:
        self.causes: list[str] = []

    def __call__(self, cause: str) -> Callable[[], int | None]:
        self.causes.append(cause)
        return lambda: None


def wake(data_dir: Path, starter: FakeWorkerStart, errors: list[bytes]) -> dict[str, object]:
    return run_wake(MESSAGE, str(data_dir), NOW, starter, errors.append)


def test_waking_starts_a_worker_and_hands_over_the_session(tmp_path: Path) -> None:
    open_database(tmp_path)
    starter = FakeWorkerStart()

    answer = wake(tmp_path, starter, [])

    assert answer == {"output": {"worker": "started"}}
    assert starter.causes == ["wake"]
    assert query(tmp_path, "SELECT host, port, cookie FROM session") == [("h", 9999, "c00kie")]


def test_waking_leaves_a_living_worker_alone(tmp_path: Path) -> None:
    open_database(tmp_path)
    starter = FakeWorkerStart()
    lease = Lease(tmp_path)
    lease.acquire()

    answer = wake(tmp_path, starter, [])
    lease.release()

    assert answer == {"output": {"worker": "alive"}}
    assert starter.causes == []


def test_the_very_first_waking_spills_the_session(tmp_path: Path) -> None:
    starter = FakeWorkerStart()

    answer = wake(tmp_path / "data", starter, [])

    assert answer == {"output": {"worker": "started"}}
    assert len(list((tmp_path / "data" / "spill").glob("*.json"))) == 1


def test_waking_without_a_session_spills_nothing(tmp_path: Path) -> None:
    run_wake({}, str(tmp_path), NOW, FakeWorkerStart(), list[bytes]().append)

    assert list(tmp_path.iterdir()) == []


def test_waking_prints_pending_notices_once(tmp_path: Path) -> None:
    opened = open_database(tmp_path)
    Notices(JobStore(opened.queue.connection, FakeClock())).add(
        "x", "error", "Check the token.", NOW
    )
    errors: list[bytes] = []

    wake(tmp_path, FakeWorkerStart(), errors)

    assert errors == [b"\x01e\x02Check the token.\n"]


def test_waking_prints_no_notice_of_an_unknown_level(tmp_path: Path) -> None:
    opened = open_database(tmp_path)
    Notices(JobStore(opened.queue.connection, FakeClock())).add("x", "shout", "A text.", NOW)
    start, errors = FakeWorkerStart(), list[bytes]()

    wake(tmp_path, start, errors)

    assert (start.causes, errors) == ([WAKE], [])


def test_waking_prints_a_pending_message_without_a_database(tmp_path: Path) -> None:
    write_pending_message(str(tmp_path), "error", "Install pip first.")
    errors: list[bytes] = []

    wake(tmp_path, FakeWorkerStart(), errors)

    assert errors == [b"\x01e\x02Install pip first.\n"]


def test_a_folder_that_cannot_be_made_is_an_answer(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file", encoding="utf-8")

    answer = wake(tmp_path / "data", FakeWorkerStart(), [])

    assert list(answer) == ["error"]
    assert "could not wake its worker" in str(answer["error"])


@pytest.mark.parametrize(
    ("level", "dead_letter"), [("info", b"i"), ("warning", b"w"), ("error", b"e")]
)
def test_a_line_is_printed_at_its_level(level: str, dead_letter: bytes) -> None:
    errors: list[bytes] = []

    answer = run_log_line({"level": level, "text": "Hello\nyou"}, errors.append)

    assert answer == {"output": "ok"}
    assert errors == [b"\x01" + dead_letter + b"\x02Hello\n", b"\x01" + dead_letter + b"\x02you\n"]


def test_a_long_line_is_cut() -> None:
    errors: list[bytes] = []

    run_log_line({"level": "info", "text": "x" * (MAX_LINE_CHARS + 1)}, errors.append)

    assert errors == [b"\x01i\x02" + b"x" * MAX_LINE_CHARS + b"\n"]


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"level": "info"},
        {"text": "x"},
        {"level": "shout", "text": "x"},
        {"level": "progress", "text": "0.5"},
        {"level": "info", "text": " \n"},
        {"level": "info", "text": 5},
        {"level": ["info"], "text": "x"},
        {"level": {}, "text": "x"},
        {"level": None, "text": "x"},
    ],
)
def test_a_missing_line_is_an_answer(arguments: dict[str, object]) -> None:
    errors: list[bytes] = []

    answer = run_log_line(arguments, errors.append)

    assert list(answer) == ["error"]
    assert errors == []
