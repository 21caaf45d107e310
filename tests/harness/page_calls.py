"""Ask the calls of the page as Stash passes them on, without a process of their own."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hooks.snapshot import run_snapshot
from page.run import find_call, run_call
from sync_queue.lease import Lease
from tasks.run import run_task
from tests.emulators.stash_server import StashEmulator
from tests.harness.in_process import InProcessHarness
from tests.harness.plugin_copy import ROOT


class BareCalls:
    """A data folder whose page is open, without Stash; no worker can be started.

    `plex_tv` is the address of plex.tv.
    """

    def __init__(self, data_dir: Path, message: Mapping[str, object]) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        self.data_dir = data_dir
        self.message = message
        self.written: list[str] = []
        self.start: Callable[[str], object] = self.fail_to_start
        self.plex_tv = "http://127.0.0.1:9"  # no test may reach the real one

    def answer(self, call: str, **arguments: Any) -> dict[str, Any]:
        """Return the whole answer of a call, `output` or `error`; it can be sent as JSON."""
        sent = json.loads(json.dumps({"mode": "ui", "call": call, **arguments}))
        answer = run_call(
            self.message,
            sent,
            str(ROOT),
            str(self.data_dir),
            self.start,
            lambda line: self.written.append(line.decode()),
            self.plex_tv,
        )
        decoded: dict[str, Any] = json.loads(json.dumps(answer))
        return decoded

    def __call__(self, call: str, **arguments: Any) -> Any:
        """Return the output of a call that must succeed, in the shape of its model."""
        answer = self.answer(call, **arguments)
        assert "error" not in answer, answer["error"]
        row = find_call(call)
        assert row is not None
        row.answers.model_validate(answer["output"])
        return answer["output"]

    def error(self, call: str, **arguments: Any) -> str:
        """Return the text of a call that must fail."""
        answer = self.answer(call, **arguments)
        assert "output" not in answer, answer["output"]
        return str(answer["error"])

    def fail_to_start(self, started_by: str) -> None:
        """Be a machine on which no process starts."""
        raise OSError("no interpreter")


class PageCalls(BareCalls):
    """An installation whose page is open inside Stash."""

    def __init__(self, data_dir: Path, stash: StashEmulator) -> None:
        super().__init__(
            data_dir,
            {
                "server_connection": {
                    "Scheme": "http",
                    "Host": "0.0.0.0",
                    "Port": stash.port,
                    "SessionCookie": {"Value": ""},
                }
            },
        )
        self.stash = stash


class WorkerPage(PageCalls):
    """The page beside a worker that holds the lease, and that only the test runs."""

    def __init__(self, worker: InProcessHarness) -> None:
        super().__init__(worker.data, worker.stash)
        self.worker = worker
        self._lease = Lease(worker.data)
        assert self._lease.acquire()

    def press(self, mode: str) -> dict[str, object]:
        """Run a task as Stash does for the page; return its answer."""
        return run_task(
            self.message,
            {"mode": mode},
            str(ROOT),
            str(self.data_dir),
            self.start,
            lambda line: self.written.append(line.decode()),
        )

    @property
    def run(self) -> Any:
        """Return the long work that the snapshot shows; None for none."""
        output = run_snapshot(str(self.data_dir), self.worker.clock.wall())["output"]
        assert isinstance(output, dict)
        return output["run"]

    def end_worker(self) -> None:
        """Let the worker be gone, and none can be started."""
        self._lease.release()

    def close(self) -> None:
        """Release the lease."""
        self._lease.release()
