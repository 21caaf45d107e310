"""Ask the calls of the page as Stash passes them on, without a process of their own."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from page.run import find_call, run_call
from tests.emulators.stash_server import StashEmulator
from tests.harness.plugin_copy import ROOT


class BareCalls:
    """A data folder whose page is open, without Stash; no worker can be started."""

    def __init__(self, data_dir: Path, message: Mapping[str, object]) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        self.data_dir = data_dir
        self.message = message
        self.written: list[str] = []
        self.start: Callable[[str], object] = self.fail_to_start

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
