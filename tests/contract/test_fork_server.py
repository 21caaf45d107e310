"""What a forked plugin process has in common with one that Stash starts."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.emulators.fork_server import IS_AVAILABLE, ForkedProcess, kill_forked
from tests.emulators.sample_plugins import alive
from tests.emulators.stash_install import kill_processes_of
from tests.emulators.stash_process import Process, Spawn, spawn_process
from tests.harness.waiting import wait_for

pytestmark = pytest.mark.skipif(not IS_AVAILABLE, reason="no process is forked here")

REPORT = """
import json, os, sys

sys.stderr.write("on stderr")
print(json.dumps({
    "input": sys.stdin.buffer.read().decode(), "argv": sys.argv, "environ": dict(os.environ),
    "folder": os.getcwd(), "path": sys.path[:2], "open": sorted(os.listdir("/proc/self/fd"))[:3],
    "session": os.getsid(0), "group": os.getpgid(0), "ignored": sys.flags.ignore_environment,
}))
sys.exit(3)
"""
WORKER = """
import json, os, sys, time

links = [os.readlink(f"/proc/self/fd/{number}") for number in range(3)]
found = {"argv": sys.argv, "streams": links, "leads": os.getsid(0) == os.getpid()}
with open("worker.new", "w", encoding="utf-8") as stream:
    json.dump({**found, "folder": os.getcwd(), "pid": os.getpid()}, stream)
os.rename("worker.new", "worker.json")
time.sleep(600)
"""
# As a hook does; the script is the worker's, too.
LAUNCH = f"""
import os, sys

if sys.argv[1:2] == ["worker"]:
    exec({WORKER!r})
sys.path.insert(0, {str(Path(__file__).resolve().parent.parent.parent)!r})
from core.launch import launch_worker

print(launch_worker(os.path.dirname(sys.argv[0]), "update").poll(), flush=True)
sys.stdin.read()
"""


@pytest.fixture(params=[spawn_process, ForkedProcess])
def spawn(request: pytest.FixtureRequest) -> Spawn:
    """Both ways to start a process."""
    start: Spawn = request.param
    return start


def started(spawn: Spawn, script: Path, text: str) -> Process:
    script.write_text(text, encoding="utf-8")
    return spawn([sys.executable, str(script), "word"], {**os.environ, "PYTHONPATH": "/added"})


def read(process: Process) -> bytes:
    """Close its input; return what it prints until it ends."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.close()
    with process.stdout:
        return process.stdout.read()


def test_a_script_finds_what_stash_gives_it(spawn: Spawn, tmp_path: Path) -> None:
    script = tmp_path / "report.py"
    process = started(spawn, script, REPORT)
    assert process.stdin is not None and process.stderr is not None
    process.stdin.write(b"from Stash")

    report = json.loads(read(process))

    assert report == {
        "input": "from Stash",
        "argv": [str(script), "word"],
        "environ": {**os.environ, "PYTHONPATH": "/added"},
        "folder": str(Path.cwd()),
        "path": [str(tmp_path), "/added"],
        "open": ["0", "1", "2"],
        "session": os.getsid(0),
        "group": os.getpgid(0),
        "ignored": 0,
    }
    with process.stderr:
        assert process.stderr.read() == b"on stderr"
    assert process.wait() == 3


def test_a_killed_process_reports_the_signal(spawn: Spawn, tmp_path: Path) -> None:
    process = started(spawn, tmp_path / "waits.py", "import sys; sys.stdin.read()")

    process.kill()

    assert process.wait() == -signal.SIGKILL
    assert read(process) == b""
    assert process.stderr is not None
    process.stderr.close()


def test_a_launched_worker_is_detached(spawn: Spawn, tmp_path: Path) -> None:
    script = tmp_path / "PlexSync.py"
    hook = started(spawn, script, LAUNCH)
    assert read(hook) == b"None\n"
    status = hook.wait()
    wait_for((tmp_path / "worker.json").exists, "the worker runs")

    worker = json.loads((tmp_path / "worker.json").read_text("utf-8"))
    is_running = alive(worker.pop("pid"))
    killed = [*kill_forked(tmp_path), *kill_processes_of(tmp_path)]

    assert status == 0 and is_running
    assert worker == {
        "argv": [str(script), "worker", "update"],
        "streams": [os.devnull] * 3,
        "leads": True,
        "folder": str(tmp_path),
    }
    assert killed
    wait_for(lambda: not any(map(alive, killed)), "the worker has ended")
    assert hook.stderr is not None
    hook.stderr.close()
