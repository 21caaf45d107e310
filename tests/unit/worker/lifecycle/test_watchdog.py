"""A worker that hangs is replaced by another one."""

import subprocess
import sys
from pathlib import Path

from tests.emulators.stash_toys import until
from tests.harness.plugin_copy import ROOT
from worker.lifecycle.watchdog import EXIT_STATUS

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
