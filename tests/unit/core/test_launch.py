"""How a worker is started: detached, with nothing of the hook's in its hands."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.launch import launch_worker, windows_flags, worker_command

REPORT_FACTS = """
import json, os, sys
facts = {
    "argv": sys.argv[1:],
    "session": os.getsid(0) == os.getpid(),
    "cwd": os.getcwd(),
    "null": [os.path.samestat(os.fstat(number), os.stat(os.devnull)) for number in (0, 1, 2)],
    "inherited": os.path.exists(f"/proc/self/fd/{sys.argv[2]}"),
}
with open("reported.json", "w") as stream:
    json.dump(facts, stream)
"""


def test_the_command_line_names_the_script_by_its_absolute_path() -> None:
    root = os.path.relpath(os.sep)

    command = worker_command(root, "update", python="python3")

    assert command == ["python3", f"{os.sep}PlexSync.py", "worker", "update"]


def test_windows_is_asked_for_a_detached_process_first() -> None:
    with_breakaway, without = windows_flags()

    assert without == 0x00000008 | 0x00000200
    assert with_breakaway == without | 0x01000000


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX sessions")
def test_a_worker_has_its_own_session_and_three_null_devices(tmp_path: Path) -> None:
    (tmp_path / "PlexSync.py").write_text(REPORT_FACTS, encoding="utf-8")
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)

    try:
        process = launch_worker(str(tmp_path), str(writing))
        status = process.wait(60)
    finally:
        os.close(reading)
        os.close(writing)

    reported = json.loads((tmp_path / "reported.json").read_text("utf-8"))
    assert status == 0
    assert reported == {
        "argv": ["worker", str(writing)],
        "session": True,
        "cwd": str(tmp_path),
        "null": [True, True, True],
        "inherited": False,
    }


class FakeWindowsPopen:
    """Takes down how it is asked to start a process; a job object may forbid its processes to leave
    it.
    """

    def __init__(self, forbidden: int = 0) -> None:
        self.forbidden = forbidden
        self.asked: list[dict[str, Any]] = []

    def __call__(self, command: list[str], **options: Any) -> "subprocess.Popen[bytes]":
        self.asked.append(options)
        if options["creationflags"] & self.forbidden:
            raise PermissionError(13, "Access is denied")
        return subprocess.Popen([sys.executable, "-c", ""])


def test_on_windows_a_worker_gets_flags_instead_of_a_session(tmp_path: Path) -> None:
    windows = FakeWindowsPopen()

    launch_worker(str(tmp_path), "update", "win32", windows).wait(60)

    [asked] = windows.asked
    assert asked["creationflags"] == windows_flags()[0]
    assert "start_new_session" not in asked
    assert {asked[name] for name in ("stdin", "stdout", "stderr")} == {subprocess.DEVNULL}
    assert (asked["close_fds"], asked["cwd"]) == (True, str(tmp_path))


def test_a_closed_job_object_does_not_stop_the_worker_start(
    tmp_path: Path,
) -> None:
    windows = FakeWindowsPopen(forbidden=0x01000000)

    launch_worker(str(tmp_path), "update", "win32", windows).wait(60)

    assert [options["creationflags"] for options in windows.asked] == list(windows_flags())


def test_flags_that_are_refused_altogether_are_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="denied"):
        launch_worker(str(tmp_path), "update", "win32", FakeWindowsPopen(forbidden=0xFFFFFFFF))


def test_a_folder_that_is_gone_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="gone"):
        launch_worker(str(tmp_path / "gone"), "update")
