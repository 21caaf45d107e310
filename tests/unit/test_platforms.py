"""Other Pythons and other systems: what runs under 3.10 to 3.14, and what Windows would meet."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.files import JsonFile
from sync_queue.lease import Lease
from sync_queue.schema import open_database
from sync_queue.statements import QUEUE
from tests.harness.clocks import FakeClock
from tests.harness.database import query
from tests.harness.plugin_copy import ROOT, copy_plugin
from tests.harness.sources import module_name, nodes, shipped

LIMIT_S = 120
VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
PYTHONS = "PLEXSYNC_PYTHONS"  # more interpreters to try, separated as PATH is
TEXT = "Zoë 東京 \U0001f600"
GUARDED = {"dependencies/requirements.py": {"uname", "confstr"}}

_SESSION = {"Scheme": "http", "Host": "127.0.0.1", "Port": 9, "SessionCookie": {"Value": "c00kie"}}
_POSIX_OS = {
    *(
        "uname",
        "confstr",
        "sysconf",
        "fork",
        "forkpty",
        "getuid",
        "geteuid",
        "getgid",
        "setuid",
        "setsid",
        "getsid",
    ),
    *(
        "getpgid",
        "getpgrp",
        "killpg",
        "chown",
        "fchown",
        "lchown",
        "fchmod",
        "mkfifo",
        "statvfs",
        "nice",
        "wait",
    ),
    *(
        "getloadavg",
        "pread",
        "pwrite",
        "sched_yield",
        "O_DIRECTORY",
        "O_NOFOLLOW",
        "O_NONBLOCK",
        "EX_OK",
    ),
}
_HIDDEN = ("fcntl", "pwd", "grp", "resource", "termios", "tty", "pty", "syslog", "readline")
_IMPORT_WITHOUT = """
import importlib, sys
hidden = set(sys.argv[1].split(","))

class Hide:
    def find_spec(self, name, path=None, target=None):
        if name in hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hide())
for name in hidden:
    sys.modules.pop(name, None)
for name in sys.argv[2:]:
    importlib.import_module(name)
print(sorted(hidden & set(sys.modules)))
"""
_LOCK_WITHOUT_FCNTL = """
import json, sys, types
from pathlib import Path
calls = []
busy = [True, True, False, False]

def locking(descriptor, mode, count):
    calls.append([mode, count])
    if busy.pop(0):
        raise PermissionError(13, "Permission denied")

sys.modules["fcntl"] = None
sys.modules["msvcrt"] = types.SimpleNamespace(LK_NBLCK=2, LK_UNLCK=0, locking=locking)
from core.lock import locked
with locked(Path(sys.argv[1])):
    calls.append("held")
print(json.dumps(calls))
"""


def other_python(version: str) -> str:
    """An interpreter of this version; skips the test where there is none that runs."""
    names = [*os.environ.get(PYTHONS, "").split(os.pathsep), shutil.which(f"python{version}") or ""]
    print_version = "import sys, sqlite3; print('%d.%d' % sys.version_info[:2])"
    for name in filter(None, names):
        finished = subprocess.run(
            [name, "-c", print_version],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        if finished.stdout.strip() == version:
            return name
    pytest.skip(f"no python{version} on PATH or in {PYTHONS}")


def run(
    command: list[str], raw: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTHON"))
    }
    return subprocess.run(
        command,
        input=raw,
        capture_output=True,
        timeout=LIMIT_S,
        cwd=ROOT,
        env={**kept, **environment},
        check=False,
    )


def message(arguments: dict[str, Any]) -> bytes:
    return json.dumps(
        {"server_connection": _SESSION, "args": arguments}, ensure_ascii=False
    ).encode()


def hook(scene: int = 42) -> bytes:
    context = {
        "id": scene,
        "type": "Scene.Update.Post",
        "input": {"title": TEXT},
        "inputFields": ["id", "title"],
    }
    return message({"hookContext": context})


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[Path]:
    """An installation whose worker is running, so that no hook starts one."""
    root = copy_plugin(tmp_path / "plugins" / "PlexSync")
    (root / "data").mkdir()
    open_database(root / "data").queue.connection.close()
    lease = Lease(root / "data")
    assert lease.acquire()
    yield root
    lease.release()


# -- other Pythons --------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_every_supported_python_enqueues_without_packages(plugin: Path, version: str) -> None:
    python = other_python(version)
    script = str(plugin / "PlexSync.py")

    hooked = run([python, "-I", "-S", "-W", "error", script], hook())
    awake = run([python, "-I", "-S", "-W", "error", script], message({"mode": "wake"}))

    assert (hooked.returncode, hooked.stdout, hooked.stderr) == (0, b'{"output": "ok"}', b"")
    assert (awake.returncode, json.loads(awake.stdout)) == (0, {"output": {"worker": "alive"}})
    assert query(plugin / "data", f"SELECT subject FROM {QUEUE}") == [("scene:42",)]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_supported_python_understands_every_module(plugin: Path, version: str) -> None:
    compiled = run([other_python(version), "-W", "error", "-m", "compileall", "-q", str(plugin)])

    assert (compiled.returncode, compiled.stdout.decode(), compiled.stderr) == (0, "", b"")


# -- other systems --------------------------------------------------------------------------------


def test_every_module_loads_where_there_are_no_posix_modules() -> None:
    modules = [module_name(path) for path in shipped() if path.name != "__init__.py"]

    finished = run([sys.executable, "-c", _IMPORT_WITHOUT, ",".join(_HIDDEN), *modules])

    assert finished.returncode == 0, finished.stderr.decode()
    assert finished.stdout == b"[]\n"


def test_windows_gaps_are_used_behind_a_check_only() -> None:
    used = {
        (path.relative_to(ROOT).as_posix(), node.attr)
        for path in shipped()
        for node in nodes(path)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        and node.attr in _POSIX_OS
    }

    assert used <= {(place, name) for place, names in GUARDED.items() for name in names}


def test_the_lock_of_windows_is_waited_for_and_released(tmp_path: Path) -> None:
    finished = run([sys.executable, "-c", _LOCK_WITHOUT_FCNTL, str(tmp_path / "documents.lock")])

    assert finished.returncode == 0, finished.stderr.decode()
    assert json.loads(finished.stdout) == [[2, 1], [2, 1], [2, 1], "held", [0, 1]]


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "cp1252"},
        {"PYTHONIOENCODING": "utf-16"},
        {"PYTHONIOENCODING": "ascii:strict", "PYTHONUTF8": "0", "LC_ALL": "C"},
    ],
    ids=["code page", "two bytes", "ascii"],
)
def test_input_and_output_are_utf8_whatever_the_locale(
    plugin: Path, environment: dict[str, str]
) -> None:
    script = [sys.executable, str(plugin / "PlexSync.py")]

    hooked = run(script, hook(), **environment)
    printed = run(script, message({"mode": "say", "level": "info", "text": TEXT}), **environment)

    assert (hooked.stdout, hooked.stderr) == (b'{"output": "ok"}', b"")
    assert (printed.stdout, printed.stderr) == (
        b'{"output": "ok"}',
        b"\x01i\x02" + TEXT.encode() + b"\n",
    )


def held_by_a_scanner(path: Path, refusals: int) -> Path:
    """The path, on a system that refuses to replace a file as long as a process reads it."""
    left = [refusals]

    class Held(type(path)):  # type: ignore[misc]
        def replace(self, target: Any) -> Any:
            if left[0]:
                left[0] -= 1
                raise PermissionError(13, "Access is denied")
            return super().replace(target)

    return Held(path)


def test_a_document_being_read_is_replaced_a_moment_later(tmp_path: Path) -> None:
    clock = FakeClock()
    path = tmp_path / "state.json"

    JsonFile(held_by_a_scanner(path, refusals=3), clock.sleep).write({"a": 1})

    assert JsonFile(path, clock.sleep).read() == {"a": 1}
    assert len(clock.sleeps) == 3


def test_a_document_in_use_keeps_its_content(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    path = tmp_path / "state.json"
    JsonFile(path, clock.sleep).write({"a": 1})

    with pytest.raises(PermissionError):
        JsonFile(held_by_a_scanner(path, refusals=100), clock.sleep).write({"a": 2})

    assert JsonFile(path, clock.sleep).read() == {"a": 1}
    assert sorted(each.name for each in tmp_path.iterdir()) == ["documents.lock", "state.json"]
