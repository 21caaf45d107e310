"""Ask PlexSync's page calls in the test's process, as the plugin does for Stash."""

from __future__ import annotations

import json
from typing import Any

from page.run import run_call
from sync_queue.lease import Lease
from tests.harness.in_process import InProcessHarness


class PageCaller:
    """The page's calls beside a worker that only the test runs, on the real clock's time."""

    def __init__(self, worker: InProcessHarness, *, has_worker: bool = True) -> None:
        """`has_worker`: a worker holds the lease; otherwise none can be started."""
        self.worker = worker
        self.written: list[str] = []
        self._lease = Lease(worker.data)
        if has_worker:
            assert self._lease.acquire()

    def ask(self, name: str, **arguments: object) -> dict[str, Any]:
        """Return the whole answer for Stash: `output` or `error`."""
        answer = run_call(
            {"server_connection": self._connection()},
            {"mode": "ui", "call": name, **arguments},
            str(self.worker.root),
            str(self.worker.data),
            self._fail_to_start,
            lambda line: self.written.append(line.decode()),
        )
        assert json.loads(json.dumps(answer)) == answer
        return answer

    def call(self, name: str, **arguments: object) -> dict[str, Any]:
        """Return the output of a call that succeeds."""
        answer = self.ask(name, **arguments)
        assert set(answer) == {"output"}, answer
        output = answer["output"]
        assert isinstance(output, dict)
        return output

    def error(self, name: str, **arguments: object) -> str:
        """Return the error of a call that fails."""
        answer = self.ask(name, **arguments)
        assert set(answer) == {"error"}, answer
        return str(answer["error"])

    def close(self) -> None:
        """Release the lease."""
        self._lease.release()

    def _connection(self) -> dict[str, object]:
        cookie = self.worker.stash.cookie().partition("=")[2]
        return {
            "Scheme": "http",
            "Host": "0.0.0.0",
            "Port": self.worker.stash.port,
            "SessionCookie": {"Value": cookie},
        }

    def _fail_to_start(self, started_by: str) -> None:
        raise OSError("no interpreter")
