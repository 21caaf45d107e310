"""The hook as Stash starts it: a process that reads JSON, keeps the change and answers once.

Stash holds the user's save until this process is gone, so whatever happens it answers one JSON
object, leaves with status 0, and never shows a traceback.
"""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sync_queue.hook_queue import DATABASE
from sync_queue.lease import Lease
from sync_queue.schema import open_database
from sync_queue.statements import QUEUE
from tests.emulators.sample_plugins import until
from tests.harness.database import query
from tests.harness.plugin_copy import copy_plugin

LIMIT_S = 120.0  # far beyond anything; a hook that hangs must not hang the suite

# A worker that loads nothing: it says that it ran, and leaves the lease to the next.
TOY_WORKER = """
class Environment:
    def __init__(self, root, data_dir):
        self.data_dir = data_dir

def run_worker(env, lease, started_by):
    with open(env.data_dir / "ran.txt", "a") as stream:
        stream.write(started_by + "\\n")
    lease.release()
    return 0
"""
NO_DEPENDENCIES = """
class DependencyError(Exception):
    pass

def ensure_dependencies(root, data_dir):
    pass
"""

# Runs a script in a process that may not write files longer than some bytes: a disk that is full.
FULL_DISK = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""

# Runs a script and writes down what it imported and which doors of the system it knocked at.
TRACER = """
import os, sys
before = set(sys.modules)
events = []
def watch(event, arguments):
    if event.split(".")[0] in ("socket", "subprocess", "urllib", "http", "ssl") or event in (
        "os.fork", "os.forkpty", "os.exec", "os.spawn", "os.posix_spawn", "os.system", "ctypes.dlopen"
    ):
        events.append([event, [str(argument) for argument in arguments]])
os._exit = sys.exit  # the script ends immediately, but the tracer has to write first
sys.addaudithook(watch)
script, target = sys.argv[1:]
sys.argv = [script]
try:
    exec(compile(open(script).read(), script, "exec"), {"__name__": "__main__", "__file__": script})
except SystemExit as status:
    code = status.code
loaded = sorted(set(sys.modules) - before)
import json
with open(target, "w") as stream:
    json.dump({"modules": loaded, "events": events, "status": code}, stream)
"""

# No `sqlite3` and no `collections.abc`: Python itself needs neither to open a database.
LIGHT_MODULES = {
    "_sqlite3", "functools", "_functools", "collections", "_collections", "types", "operator", "_operator", "keyword",
    "reprlib", "itertools", "time", "os", "sys", "gc", "errno", "_types",
}  # fmt: skip
# What `json` loads: more than the start of the interpreter, so only unusual messages may need it.
JSON_MODULES = {
    "json", "json.decoder", "json.encoder", "json.scanner", "_json", "re", "re._casefix", "re._compiler",
    "re._constants", "re._parser", "_sre", "sre_compile", "sre_constants", "sre_parse", "copyreg", "enum",
    "_locale",
}  # fmt: skip
OURS = {
    "startup", "hooks", "hooks.entry", "hooks.message", "sync_queue", "sync_queue.hook_queue", "sync_queue.statements"
}  # fmt: skip
# What the two calls load that the page makes again and again.
LIGHT_CALLS = {
    "core", "core.stash_log", "core.version", "hooks.operations", "hooks.snapshot", "hooks.scene_states",
    "__future__", "collections.abc",
}  # fmt: skip
STARTING = {
    "core", "core.launch", "__future__", "collections.abc", "_weakrefset", "weakref", "subprocess", "_posixsubprocess",
    "select", "selectors", "signal", "_signal", "fcntl", "threading", "_thread", "contextlib", "locale", "_locale", "warnings", "builtins", "grp", "pwd", "msvcrt", "_winapi",
    "math", "abc", "heapq", "_heapq",
}  # fmt: skip


class Plugin:
    """An installed copy of PlexSync whose worker does nothing."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.data = root / "data"
        (root / "wiring.py").write_text(TOY_WORKER, encoding="utf-8")
        (root / "dependencies/install.py").write_text(NO_DEPENDENCIES, encoding="utf-8")

    def make_database(self) -> None:
        self.data.mkdir(exist_ok=True)
        opened = open_database(self.data)
        opened.queue.connection.close()

    def start(
        self, raw: bytes, *before: str, clean: bool = False
    ) -> "subprocess.CompletedProcess[bytes]":
        """Run the script as Stash does. `clean`: nothing but the hook itself happens in the
        process.
        """
        command = [sys.executable, *before, str(self.root / "PlexSync.py")]
        kept = {
            name: value
            for name, value in os.environ.items()
            if not (clean and name.startswith("COV"))
        }
        return subprocess.run(
            command,
            input=raw,
            capture_output=True,
            timeout=LIMIT_S,
            cwd=os.sep,
            env=kept,
            check=False,
        )

    def answer(self, raw: bytes, *before: str, clean: bool = False) -> dict[str, Any]:
        """The one answer of a run that behaved."""
        finished = self.start(raw, *before, clean=clean)
        assert b"Traceback" not in finished.stderr, finished.stderr.decode()
        assert finished.returncode == 0
        document = json.loads(finished.stdout)
        assert isinstance(document, dict)
        assert set(document) <= {"output", "error"}
        return document

    def subjects(self) -> list[object]:
        return [row[0] for row in query(self.data, f"SELECT subject FROM {QUEUE} ORDER BY _id")]

    def spilled(self) -> list[dict[str, Any]]:
        return [
            json.loads(path.read_text("utf-8"))
            for path in sorted((self.data / "spill").glob("*.json"))
        ]

    def workers(self) -> list[str]:
        """What started the workers that ran."""
        started = self.data / "ran.txt"
        return started.read_text("utf-8").split() if started.exists() else []


def hook(trigger: str = "Scene.Update.Post", scene_id: object = 42, **changed: Any) -> bytes:
    context = {
        "id": scene_id,
        "type": trigger,
        "input": {"id": "42"},
        "inputFields": ["id", "title"],
        **changed,
    }
    return envelope({"hookContext": context})


def envelope(arguments: object) -> bytes:
    server = {
        "Scheme": "http",
        "Host": "0.0.0.0",
        "Port": 9999,
        "SessionCookie": {"Value": "c00kie"},
    }
    return json.dumps({"server_connection": server, "args": arguments}).encode()


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    """Before anything has run: there is no data folder."""
    return Plugin(copy_plugin(tmp_path / "plugins" / "PlexSync"))


@pytest.fixture
def busy_plugin(plugin: Plugin) -> Iterator[Plugin]:
    """With a database and a living worker, so that no hook starts one."""
    plugin.make_database()
    lease = Lease(plugin.data)
    assert lease.acquire()
    yield plugin
    lease.release()


# -- the ordinary way -----------------------------------------------------------------------------


def test_a_hook_notes_the_change_and_answers_ok(busy_plugin: Plugin) -> None:
    answer = busy_plugin.answer(hook())

    assert answer == {"output": "ok"}
    assert busy_plugin.subjects() == ["scene:42"]
    assert busy_plugin.workers() == []


def test_the_first_hook_keeps_the_change_and_starts_a_worker(plugin: Plugin) -> None:
    answer = plugin.answer(hook("Scene.Create.Post"))

    until(plugin.workers, LIMIT_S)
    assert answer == {"output": "ok"}
    assert [each["note"]["subject"] for each in plugin.spilled()] == ["scene:42"]
    assert plugin.workers()[0] == "create"
    until(lambda: is_free(plugin), LIMIT_S)


def test_what_a_hook_keeps_is_readable_by_its_owner_only(plugin: Plugin) -> None:
    plugin.answer(hook())
    until(plugin.workers, LIMIT_S)
    until(lambda: is_free(plugin), LIMIT_S)

    modes = {
        path.name: path.stat().st_mode & 0o077 for path in [plugin.data, *plugin.data.rglob("*")]
    }

    assert {name for name, mode in modes.items() if mode} == set()


def is_free(plugin: Plugin) -> bool:
    lease = Lease(plugin.data)
    taken = lease.acquire(0.0)
    lease.release()
    return taken


def test_a_worker_without_packages_is_reported_by_the_next_hook(
    plugin: Plugin,
) -> None:
    unmet = NO_DEPENDENCIES.replace(
        "data_dir):\n    pass", "data_dir):\n    raise DependencyError('Install pip first.')"
    )
    (plugin.root / "dependencies/install.py").write_text(unmet, encoding="utf-8")
    plugin.make_database()
    # The hook that started the worker may be the next one itself, where the worker is quick.
    printed = plugin.start(hook()).stderr
    if not printed:
        until((plugin.data / "message.json").exists, LIMIT_S)

    printed += plugin.start(hook()).stderr

    until(lambda: is_free(plugin), LIMIT_S)
    assert b"\x01e\x02Install pip first.\n" in printed


@pytest.mark.parametrize(
    "keys", [["id", "play_count"], ["id", "resume_time", "play_duration"], ["id", "o_counter"]]
)
def test_watching_a_scene_notes_nothing(plugin: Plugin, keys: list[str]) -> None:
    answer = plugin.answer(hook(inputFields=keys))

    assert answer == {"output": "ok"}
    assert not plugin.data.exists()


def test_a_message_of_megabytes_is_enqueued_like_any_other(busy_plugin: Plugin) -> None:
    cover = "data:image/jpeg;base64," + "A" * 20_000_000

    answer = busy_plugin.answer(hook(input={"id": "42", "cover_image": cover}))

    assert answer == {"output": "ok"}
    assert busy_plugin.subjects() == ["scene:42"]


# -- bad input ------------------------------------------------------------------------------------


def with_server(server: object) -> bytes:
    return json.dumps({**json.loads(hook()), "server_connection": server}).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" \n",
        b"{",
        hook()[:-1],
        hook() + b"x",
        b"null",
        b"[]",
        b'"text"',
        b"5",
        b"\xff\xfe\x00",
        b"\x00" * 1000,
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b'{"args": {"hookContext": ' + b"[" * 200_000,
        b'{"n": ' + b"9" * 10_000 + b"}",
        envelope({"hookContext": None}),
        envelope({"hookContext": []}),
        envelope({"hookContext": {}}),
        envelope({"hookContext": {"id": 42}}),
        envelope({"hookContext": {"type": "Scene.Update.Post"}}),
        hook("Scene.Merge.Post"),
        hook("\ud800"),
        hook("x" * 1_000_000),
        hook(scene_id=None),
        hook(scene_id=True),
        hook(scene_id="42"),
        hook(scene_id=4.5),
        hook(scene_id=-1),
        hook(scene_id=[42]),
    ],
    ids=range(29),
)
def test_malformed_input_is_one_short_error(plugin: Plugin, raw: bytes) -> None:
    answer = plugin.answer(raw)

    assert list(answer) == ["error"]
    assert 0 < len(answer["error"]) < 500
    assert not plugin.data.exists()


def test_a_closed_stdin_is_an_error_like_any_other(plugin: Plugin) -> None:
    command = f'exec "{sys.executable}" "{plugin.root / "PlexSync.py"}" <&-'

    finished = subprocess.run(
        ["sh", "-c", command], capture_output=True, timeout=LIMIT_S, check=False
    )

    assert finished.returncode == 0
    assert list(json.loads(finished.stdout)) == ["error"]
    assert b"Traceback" not in finished.stderr


def test_input_beyond_all_reason_is_one_error(plugin: Plugin) -> None:
    answer = plugin.answer(hook(input={"cover_image": "A" * (65 * 1024 * 1024)}))

    assert list(answer) == ["error"]


@pytest.mark.parametrize(
    "raw",
    [
        with_server(None),
        with_server([]),
        with_server({"Port": "x"}),
        with_server({"Port": 9999, "Host": "h\ud800", "SessionCookie": {"Value": "c\udfff"}}),
        with_server({"Port": 9999, "Host": ["h"], "SessionCookie": "x"}),
        hook(inputFields={"a": 1}),
        hook(inputFields=["\ud800", None, 5, []]),
        hook(input=["\ud800" * 1000]),
        hook(input=0, more={"deep": [[[[]]]]}),
        hook(scene_id=2**53),
    ],
    ids=range(10),
)
def test_odd_input_that_names_a_scene_is_noted(busy_plugin: Plugin, raw: bytes) -> None:
    answer = busy_plugin.answer(raw)

    assert answer == {"output": "ok"}
    assert len(busy_plugin.subjects()) == 1


# -- faults of the folder ----------------------------------------------------------------------


def test_a_locked_database_makes_the_hook_spill(busy_plugin: Plugin) -> None:
    with closing(sqlite3.connect(busy_plugin.data / DATABASE, isolation_level=None)) as blocker:
        blocker.execute("BEGIN EXCLUSIVE")

        answer = busy_plugin.answer(hook())

        blocker.execute("ROLLBACK")
    assert answer == {"output": "ok"}
    assert [each["note"]["subject"] for each in busy_plugin.spilled()] == ["scene:42"]
    assert busy_plugin.subjects() == []


def test_a_locked_database_without_wal_is_no_worse(busy_plugin: Plugin) -> None:
    with closing(sqlite3.connect(busy_plugin.data / DATABASE, isolation_level=None)) as blocker:
        blocker.execute("PRAGMA journal_mode=DELETE")
        blocker.execute("BEGIN EXCLUSIVE")

        answer = busy_plugin.answer(hook())

        blocker.execute("ROLLBACK")
    assert answer == {"output": "ok"}
    assert len(busy_plugin.spilled()) == 1


@pytest.mark.parametrize(
    "content", [b"", b"rubbish" * 2000, b"SQLite format 3\x00" + b"\xff" * 9000]
)
def test_beside_a_database_that_is_none_the_change_is_spilled(
    busy_plugin: Plugin, content: bytes
) -> None:
    (busy_plugin.data / DATABASE).write_bytes(content)

    answer = busy_plugin.answer(hook())

    assert answer == {"output": "ok"}
    assert len(busy_plugin.spilled()) == 1
    assert (busy_plugin.data / DATABASE).read_bytes() == content


@pytest.mark.parametrize("version", [0, 99])
def test_a_database_of_another_version_makes_the_hook_spill(
    busy_plugin: Plugin, version: int
) -> None:
    with closing(sqlite3.connect(busy_plugin.data / DATABASE)) as connection:
        connection.execute(f"PRAGMA user_version={version}")

    answer = busy_plugin.answer(hook())

    assert answer == {"output": "ok"}
    assert len(busy_plugin.spilled()) == 1
    assert busy_plugin.subjects() == []


def test_a_folder_in_the_databases_place_is_no_worse_than_damage(busy_plugin: Plugin) -> None:
    (busy_plugin.data / DATABASE).unlink()
    (busy_plugin.data / DATABASE).mkdir()

    answer = busy_plugin.answer(hook())

    assert answer == {"output": "ok"}
    assert len(busy_plugin.spilled()) == 1


def test_without_a_data_folder_the_answer_says_so(plugin: Plugin) -> None:
    plugin.data.write_text("a file", encoding="utf-8")

    answer = plugin.answer(hook())

    assert list(answer) == ["error"]
    assert "could not note the change of scene:42" in answer["error"]


def test_without_database_and_spill_the_answer_says_so(
    busy_plugin: Plugin,
) -> None:
    (busy_plugin.data / DATABASE).write_bytes(b"rubbish" * 2000)
    (busy_plugin.data / "spill").write_text("a file", encoding="utf-8")

    answer = busy_plugin.answer(hook())

    assert list(answer) == ["error"]
    assert "could not note the change of scene:42" in answer["error"]


needs_limits = pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")


@needs_limits
def test_on_a_full_disk_the_answer_says_so(busy_plugin: Plugin) -> None:
    answer = busy_plugin.answer(hook(), "-c", FULL_DISK, "0", clean=True)

    assert list(answer) == ["error"]
    assert "disk is not full" in answer["error"]
    assert busy_plugin.subjects() == []
    assert list((busy_plugin.data / "spill").iterdir()) == []


@needs_limits
def test_on_an_almost_full_disk_the_change_is_spilled(busy_plugin: Plugin) -> None:
    answer = busy_plugin.answer(hook(), "-c", FULL_DISK, "1000", clean=True)

    assert answer == {"output": "ok"}
    assert len(busy_plugin.spilled()) == 1
    assert busy_plugin.subjects() == []


def test_something_in_the_leases_place_does_not_cost_the_change(plugin: Plugin) -> None:
    plugin.make_database()
    (plugin.data / "lease.db").mkdir()

    answer = plugin.answer(hook())

    assert answer == {"output": "ok"}
    assert plugin.subjects() == ["scene:42"]


# -- other entry points ----------------------------------------------------------------------------------


def test_a_second_worker_exits_immediately(busy_plugin: Plugin) -> None:
    command = [sys.executable, str(busy_plugin.root / "PlexSync.py"), "worker", "test"]

    finished = subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=False)

    assert (finished.returncode, finished.stdout, finished.stderr) == (0, b"", b"")
    assert busy_plugin.workers() == []


def test_waking_is_as_light_as_a_hook_and_names_the_state(busy_plugin: Plugin) -> None:
    answer = busy_plugin.answer(envelope({"mode": "wake"}))

    assert answer == {"output": {"worker": "alive"}}


def test_a_log_line_is_written_at_its_level(plugin: Plugin) -> None:
    finished = plugin.start(envelope({"mode": "say", "level": "warning", "text": "Zoë \ud800"}))

    assert json.loads(finished.stdout) == {"output": "ok"}
    assert finished.stderr == b"\x01w\x02Zo\xc3\xab ?\n"


# -- what a hook costs ----------------------------------------------------------------------------


def traced(plugin: Plugin, raw: bytes, tmp_path: Path) -> dict[str, Any]:
    """Return what one hook loaded and did."""
    answer, trace = traced_answer(plugin, raw, tmp_path)
    assert answer == {"output": "ok"}
    return trace


def traced_answer(plugin: Plugin, raw: bytes, tmp_path: Path) -> tuple[Any, dict[str, Any]]:
    """What one run loaded and did. `-I -S`: neither the user's environment nor installed packages
    add to it.
    """
    tracer, output = tmp_path / "tracer.py", tmp_path / "trace.json"
    tracer.write_text(TRACER, encoding="utf-8")
    command = [
        sys.executable,
        "-I",
        "-S",
        str(tracer),
        str(plugin.root / "PlexSync.py"),
        str(output),
    ]
    # Python's development mode loads more.
    left_out = ("COV", "PYTHONDEVMODE", "PYTHONWARNINGS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}

    finished = subprocess.run(
        command, input=raw, capture_output=True, timeout=LIMIT_S, cwd=os.sep, env=kept, check=False
    )

    assert (finished.returncode, finished.stderr) == (0, b"")
    trace: dict[str, Any] = json.loads(output.read_text("utf-8"))
    assert trace["status"] == 0
    return json.loads(finished.stdout), trace


def test_a_hook_beside_a_worker_loads_only_light_modules(
    busy_plugin: Plugin, tmp_path: Path
) -> None:
    trace = traced(busy_plugin, hook(), tmp_path)

    assert set(trace["modules"]) - LIGHT_MODULES == OURS
    assert trace["events"] == []
    assert busy_plugin.subjects() == ["scene:42"]


@pytest.mark.parametrize(
    ("raw", "subjects"),
    [
        (hook("Tag.Update.Post", input={"id": "42", "name": "x"}), ["tag:42"]),
        (hook("Performer.Destroy.Post", input=["42"]), ["performer:42"]),
        (
            hook("Tag.Merge.Post", input={"source": ["3", "4"], "destination": "42"}),
            ["tag:42", "tag:3", "tag:4"],
        ),
    ],
    ids=["update", "destroy", "merge"],
)
def test_a_hook_for_an_entity_costs_what_a_scenes_hook_costs(
    busy_plugin: Plugin, tmp_path: Path, raw: bytes, subjects: list[str]
) -> None:
    trace = traced(busy_plugin, raw, tmp_path)

    merge = JSON_MODULES if len(subjects) > 1 else set()
    assert set(trace["modules"]) - LIGHT_MODULES - merge == OURS
    assert trace["events"] == []
    assert busy_plugin.subjects() == subjects


def test_a_silent_update_loads_no_more(plugin: Plugin, tmp_path: Path) -> None:
    trace = traced(plugin, hook(inputFields=["play_count"]), tmp_path)

    assert set(trace["modules"]) - LIGHT_MODULES - OURS == set()
    assert trace["events"] == []


def test_a_hook_that_starts_a_worker_starts_one_process(plugin: Plugin, tmp_path: Path) -> None:
    plugin.make_database()

    trace = traced(plugin, hook(), tmp_path)

    until(plugin.workers, LIMIT_S)
    until(lambda: is_free(plugin), LIMIT_S)
    started = [arguments for event, arguments in trace["events"] if event == "subprocess.Popen"]
    assert set(trace["modules"]) - LIGHT_MODULES - JSON_MODULES - STARTING == OURS
    assert {event for event, _ in trace["events"]} <= {
        "subprocess.Popen",
        "os.fork",
        "os.posix_spawn",
    }
    assert 1 <= len(started) <= 2
    assert all(str(plugin.root / "PlexSync.py") in arguments[1] for arguments in started)
    assert all("'worker', 'update'" in arguments[1] for arguments in started)


@pytest.mark.parametrize("call", [{"call": "snapshot"}, {"call": "scene_states", "ids": [42]}])
def test_a_call_that_is_asked_often_loads_only_light_modules(
    busy_plugin: Plugin, tmp_path: Path, call: dict[str, object]
) -> None:
    raw = json.dumps({"args": {"mode": "ui", **call}}).encode()

    answer, trace = traced_answer(busy_plugin, raw, tmp_path)

    assert list(answer) == ["output"]
    assert set(trace["modules"]) - LIGHT_MODULES - JSON_MODULES - OURS <= LIGHT_CALLS
    assert trace["events"] == []
