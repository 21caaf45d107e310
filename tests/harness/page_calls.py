"""Ask the calls of the page as Stash passes them on, without a process of their own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from page.run import run_call
from tests.emulators.stash_server import StashEmulator
from tests.harness.plugin_copy import ROOT


class PageCalls:
    """An installation whose page is open. `start` starts its workers; `plex_tv` is an address."""

    def __init__(self, data_dir: Path, stash: StashEmulator) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        self.data_dir = data_dir
        self.stash = stash
        self.written: list[str] = []
        self.start: Callable[[str], object] = self.fail_to_start
        self.plex_tv = "http://127.0.0.1:9"  # no test may reach the real one

    def answer(self, call: str, **arguments: Any) -> dict[str, Any]:
        """Return the whole answer of a call, `output` or `error`; it can be sent as JSON."""
        message: dict[str, object] = {
            "server_connection": {
                "Scheme": "http",
                "Host": "0.0.0.0",
                "Port": self.stash.port,
                "SessionCookie": {"Value": ""},
            }
        }
        answer = run_call(
            message,
            {"mode": "ui", "call": call, **arguments},
            str(ROOT),
            str(self.data_dir),
            self.start,
            lambda line: self.written.append(line.decode()),
            self.plex_tv,
        )
        decoded: dict[str, Any] = json.loads(json.dumps(answer))
        return decoded

    def __call__(self, call: str, **arguments: Any) -> Any:
        """Return the output of a call that must succeed."""
        answer = self.answer(call, **arguments)
        assert "error" not in answer, answer["error"]
        return answer["output"]

    def error(self, call: str, **arguments: Any) -> str:
        """Return the text of a call that must fail."""
        answer = self.answer(call, **arguments)
        assert "output" not in answer, answer["output"]
        return str(answer["error"])

    def fail_to_start(self, started_by: str) -> None:
        """Be a machine on which no process starts."""
        raise OSError("no interpreter")
