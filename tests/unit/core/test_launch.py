"""How a worker is started: detached, with nothing of the hook's in its hands."""

import json
import os
import sys
from pathlib import Path

import pytest

from core.launch import launch_worker, windows_flags, worker_command

TELL = """
import json, os, sys
facts = {
    "argv": sys.argv[1:],
    "session": os.getsid(0) == os.getpid(),
    "cwd": os.getcwd(),
    "null": [os.path.samestat(os.fstat(number), os.stat(os.devnull)) for number in (0, 1, 2)],
    "inherited": os.path.exists(f"/proc/self/fd/{sys.argv[2]}"),
}
with open("told.json", "w") as stream:
    json.dump(facts, stream)
"""


def test_the_command_line_names_the_script_by_its_absolute_path() -> None:
    root = os.path.relpath(os.sep)

    command = worker_command(root, "update", python="python3")

    assert command == ["python3", f"{os.sep}PlexSync.py", "worker", "update"]


def test_windows_is_asked_for_a_detached_process_outside_the_job_object_first() -> None:
    with_breakaway, without = windows_flags()

    assert without == 0x00000008 | 0x00000200
    assert with_breakaway == without | 0x01000000


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX sessions")
def test_a_worker_has_its_own_session_and_three_null_devices(tmp_path: Path) -> None:
    (tmp_path / "PlexSync.py").write_text(TELL, encoding="utf-8")
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)

    try:
        process = launch_worker(str(tmp_path), str(writing))
        status = process.wait(60)
    finally:
        os.close(reading)
        os.close(writing)

    told = json.loads((tmp_path / "told.json").read_text("utf-8"))
    assert status == 0
    assert told == {
        "argv": ["worker", str(writing)],
        "session": True,
        "cwd": str(tmp_path),
        "null": [True, True, True],
        "inherited": False,
    }


@pytest.mark.skipif(sys.platform == "win32", reason="only elsewhere are these flags refused")
def test_flags_that_are_refused_are_an_error_that_callers_know(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="creationflags"):
        launch_worker(str(tmp_path), "update", platform="win32")


def test_a_folder_that_is_gone_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="gone"):
        launch_worker(str(tmp_path / "gone"), "update")
