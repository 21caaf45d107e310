"""Throw-away plugins for tests: a few lines of Python behind a manifest, with the tedious parts
written once.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from threading import Thread
from typing import Any

from tests.emulators.stash_server import StashEmulator

_PRELUDE = """
import http.client, json, os, subprocess, sys, time

RAW = sys.stdin.buffer.read()
INPUT = json.loads(RAW)
ARGS = INPUT["args"]
HERE = os.path.dirname(os.path.abspath(__file__))

def gql(query, headers=None):
    where = INPUT["server_connection"]
    cookie = "session=" + where["SessionCookie"]["Value"]
    connection = http.client.HTTPConnection("127.0.0.1", where["Port"])
    body = json.dumps({"query": query}).encode()
    sent = {"Content-Type": "application/json", **(headers or {"Cookie": cookie})}
    connection.request("POST", "/graphql", body, sent)
    answer = connection.getresponse()
    return answer.status, answer.read()

def log(level, text):
    sys.stderr.buffer.write(b"\\x01" + level.encode() + b"\\x02" + text.encode() + b"\\n")
    sys.stderr.buffer.flush()

def await_file(path):
    while not os.path.exists(path):
        time.sleep(0.005)
"""


def write_plugin(
    stash: StashEmulator,
    body: str,
    plugin_id: str = "Toy",
    triggers: Iterable[str] = (),
    tasks: Iterable[Mapping[str, Any]] = (),
    **manifest: Any,
) -> Path:
    """Put a plugin into the plugins folder and load it; `manifest` adds or replaces manifest keys."""
    folder = stash.plugins_path / plugin_id
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "toy.py").write_text(_PRELUDE + body, encoding="utf-8")
    content: dict[str, Any] = {
        "name": plugin_id,
        "exec": ["python3", "{pluginDir}/toy.py"],
        "hooks": [{"name": "changes", "triggeredBy": list(triggers)}],
        "tasks": [dict(each) for each in tasks],
        **manifest,
    }
    # JSON is YAML, too.
    (folder / f"{plugin_id}.yml").write_text(json.dumps(content), encoding="utf-8")
    stash.reload_plugins()
    return folder


class MovableClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: float = 1_780_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class Background:
    """Something slow in a thread, with its result or error for later."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.result: Any = None
        self.error: Exception | None = None
        self._work = work
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def join(self, limit: float = 20.0) -> Any:
        self._thread.join(limit)
        assert not self._thread.is_alive(), "still running"
        if self.error is not None:
            raise self.error
        return self.result

    def _run(self) -> None:
        try:
            self.result = self._work()
        except Exception as error:  # noqa: BLE001 - raised again by `join`
            self.error = error


def until(condition: Callable[[], Any], limit: float = 120.0) -> None:
    """Wait for another process to get somewhere; AssertionError when it does not."""
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, "the condition never came true"
        time.sleep(0.005)


def alive(pid: int) -> bool:
    """Whether a process still executes; one that has only not been reaped yet does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
