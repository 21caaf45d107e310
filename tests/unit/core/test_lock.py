"""The advisory lock between processes."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.lock import locked
from tests.harness.plugin_copy import ROOT

HOLD = """
import sys
from pathlib import Path
from core.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until a line arrives or it is killed."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_a_lock_that_another_process_holds_is_not_given(tmp_path: Path) -> None:
    path = tmp_path / "lock"

    with (
        holder(path),
        pytest.raises(TimeoutError, match="lock is held"),
        locked(path, timeout_s=0.1),
    ):
        pass


def test_a_lock_is_free_after_its_holder_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"

    with holder(path) as process:
        process.kill()
        process.wait()

        with locked(path, timeout_s=0.0):
            held = True

    assert held


def test_waiting_for_the_lock_ends_when_it_is_released(tmp_path: Path) -> None:
    path = tmp_path / "lock"

    with holder(path) as process:
        assert process.stdin is not None
        process.stdin.write("leave\n")
        process.stdin.flush()

        with locked(path, timeout_s=30.0):
            held = True

    assert held


def test_a_lock_is_released_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with pytest.raises(ValueError, match="broken"), locked(path):
        raise ValueError("broken")

    with locked(path, timeout_s=0.0):
        held = True

    assert held


def test_a_lock_file_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), locked(tmp_path / "none" / "lock"):
        pass
