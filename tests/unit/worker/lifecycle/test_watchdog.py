"""Test that a hung worker is detected and replaced by another one."""

import subprocess
import sys
import threading
from pathlib import Path

from tests.emulators.sample_plugins import until
from tests.harness.clocks import FakeClock
from tests.harness.plugin_copy import ROOT
from worker.lifecycle.watchdog import EXIT_STATUS, STALL_TIMEOUT_S, Watchdog

LIMIT_S = 60.0
HUNG = """
import sys
from pathlib import Path
from sync_queue.lease import Lease
from worker.lifecycle.watchdog import restart_worker
lease = Lease(Path(sys.argv[1]))
assert lease.acquire()
restart_worker(sys.argv[1])
"""
SUCCESSOR = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
from sync_queue.lease import Lease
lease = Lease(Path(__file__).parent)
answer = f"{{' '.join(sys.argv[1:])}} {{lease.acquire()}}"
lease.release()
Path("answer.new").write_text(answer)
Path("answer.new").rename("answer")
"""


def test_a_hung_worker_ends_and_frees_the_lease(tmp_path: Path) -> None:
    (tmp_path / "PlexSync.py").write_text(SUCCESSOR, encoding="utf-8")

    status = subprocess.call([sys.executable, "-c", HUNG, str(tmp_path)], cwd=ROOT)

    until((tmp_path / "answer").exists, LIMIT_S)
    assert status == EXIT_STATUS
    assert (tmp_path / "answer").read_text() == "worker watchdog True"


def test_a_hung_worker_ends_although_no_other_can_be_started(tmp_path: Path) -> None:
    lost = str(tmp_path / "gone")  # a working folder that is not there: the start fails
    code = f"from worker.lifecycle.watchdog import restart_worker; restart_worker({lost!r})"

    status = subprocess.call([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.DEVNULL)

    assert status == EXIT_STATUS


def test_the_watchdog_ends_a_worker_that_makes_no_progress() -> None:
    clock, ended = FakeClock(), threading.Event()
    dog = Watchdog(clock, ended.set, stall_timeout_s=0.04)
    dog.start()
    clock.advance(1.0)

    assert ended.wait(20.0)
    dog.stop()


def test_a_worker_with_a_heartbeat_is_left_alone() -> None:
    clock = FakeClock()
    dog = Watchdog(clock, lambda: None)
    for _ in range(10):
        clock.advance(STALL_TIMEOUT_S - 1)
        assert not dog.is_stalled()
        dog.heartbeat()
    clock.advance(STALL_TIMEOUT_S)

    assert dog.is_stalled()


def test_a_watchdog_that_never_ran_can_be_stopped() -> None:
    Watchdog(FakeClock()).stop()
