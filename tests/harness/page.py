"""Make the calls of the pages as Stash makes them, in the test's process."""

import json
from pathlib import Path
from typing import Any

from page.run import find_call, run_call
from tests.harness.plugin_copy import ROOT


class PageCalls:
    """The calls of one data folder; no worker can be started.

    Attributes:
        connection: where Stash listens, as Stash sends it; None for a test without Stash.
        lines: what was written to Stash's log.
    """

    def __init__(self, data_dir: Path, connection: dict[str, object] | None = None) -> None:
        self.data_dir = data_dir
        self.connection = connection
        self.lines: list[str] = []

    def answer(self, call: str, **arguments: object) -> dict[str, Any]:
        """Return the whole answer, with `output` or `error`."""
        message = {} if self.connection is None else {"server_connection": self.connection}
        sent = {"mode": "ui", "call": call, **arguments}
        answer = run_call(
            message,
            json.loads(json.dumps(sent)),
            str(ROOT),
            str(self.data_dir),
            self.fail_to_start,
            lambda line: self.lines.append(line.decode()),
        )
        read: dict[str, Any] = json.loads(json.dumps(answer))
        return read

    def __call__(self, call: str, **arguments: object) -> Any:
        """Return the output of a call, which has the shape of its model."""
        answer = self.answer(call, **arguments)
        assert "output" in answer, answer
        row = find_call(call)
        assert row is not None
        row.answers.model_validate(answer["output"])
        return answer["output"]

    def error(self, call: str, **arguments: object) -> str:
        """Return the error of a call that must fail."""
        answer = self.answer(call, **arguments)
        assert list(answer) == ["error"], answer
        return str(answer["error"])

    def fail_to_start(self, by: str) -> None:
        """Stand where a worker would be started."""
        raise OSError("no interpreter")
