"""The script's own few lines: reading a message, answering, choosing a door."""

import contextlib
import gc
import importlib.util
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import startup
from sync_queue.hook_queue import pop_pending_message
from sync_queue.lease import Lease
from tests.emulators.sample_plugins import until
from tests.harness.plugin_copy import ROOT, copy_plugin

LIMIT_S = 120.0


@pytest.fixture
def installed(tmp_path: Path) -> ModuleType:
    """The script as it is loaded from an installation of its own, with its own data folder."""
    script = copy_plugin(tmp_path / "plugins" / "PlexSync") / "startup.py"
    spec = importlib.util.spec_from_file_location("startup", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_message_is_the_object_that_stash_sent() -> None:
    assert startup.read_message(b'{"args": {"mode": "wake"}}') == {"args": {"mode": "wake"}}


def test_bytes_that_are_no_text_do_not_hide_the_rest() -> None:
    assert startup.read_message(b'{"a": "\xff"}') == {"a": "\ufffd"}


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"5", b"{", b'{"a": 1}{'])
def test_what_is_no_object_is_an_error(raw: bytes) -> None:
    with pytest.raises(ValueError, match="."):
        startup.read_message(raw)


@pytest.mark.parametrize("document", [{"output": "ok"}, {"error": "Zoë \ud800\n"}])
def test_an_answer_is_one_json_object(document: dict[str, object]) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-16")

    with contextlib.redirect_stdout(out):
        status = startup.answer(document)

    assert status == 0
    out.seek(0)
    written = out.buffer.read()
    assert json.loads(written) == document
    assert written.isascii()


def test_the_data_folder_lies_beside_the_script() -> None:
    assert Path(startup.ROOT) == ROOT
    assert Path(startup.DATA) == ROOT / "data"


def test_loading_the_script_loads_no_door() -> None:
    # What measures coverage in a child loads modules of its own: only what PlexSync adds counts.
    code = "import sys; before = set(sys.modules); import startup; print(sorted((set(sys.modules) - before) & DOORS))"
    doors = "DOORS = {'tasks', 'wiring', 'hooks', 'sqlite3', 'core'}; "
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}

    finished = subprocess.run(
        [sys.executable, "-c", doors + code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
        env=plain,
    )

    assert finished.stdout == "[]\n"


def test_a_worker_exits_immediately_if_another_one_runs(installed: ModuleType) -> None:
    Path(installed.DATA).mkdir()
    lease = Lease(Path(installed.DATA))
    lease.acquire()

    status = installed.run_worker_process("test")

    assert status == 0
    assert lease.is_held
    assert not (Path(installed.DATA) / "queue.db").exists()
    lease.release()


def test_a_worker_without_packages_leaves_one_line(
    installed: ModuleType,
) -> None:
    unmet = "class DependencyError(Exception):\n    pass\n\n\ndef ensure_dependencies(root, data_dir):\n    raise DependencyError('Do this.')\n"
    (Path(installed.ROOT) / "dependencies/install.py").write_text(unmet, encoding="utf-8")

    finished = subprocess.run(
        [sys.executable, str(Path(installed.ROOT) / "PlexSync.py"), "worker", "test"],
        capture_output=True,
        timeout=LIMIT_S,
        check=False,
    )

    assert (finished.returncode, finished.stdout, finished.stderr) == (1, b"", b"")
    assert pop_pending_message(installed.DATA) == ("error", "Do this.")


WARNED = "class DependencyError(Exception):\n    pass\n\n\ndef ensure_dependencies(root, data_dir):\n    return 'Other versions.'\n"


def test_a_worker_passes_on_a_warning_of_the_installation(installed: ModuleType) -> None:
    (Path(installed.ROOT) / "dependencies/install.py").write_text(WARNED, encoding="utf-8")
    # The worker itself is of no interest.
    (Path(installed.ROOT) / "wiring.py").write_text("", encoding="utf-8")

    subprocess.run(
        [sys.executable, str(Path(installed.ROOT) / "PlexSync.py"), "worker", "test"],
        capture_output=True,
        timeout=LIMIT_S,
        check=False,
    )

    assert pop_pending_message(installed.DATA) == ("warning", "Other versions.")


def test_a_task_shows_a_warning_of_the_installation(installed: ModuleType) -> None:
    (Path(installed.ROOT) / "dependencies/install.py").write_text(WARNED, encoding="utf-8")
    message = json.dumps({"args": {"mode": "no such task"}, "server_connection": {}})

    finished = subprocess.run(
        [sys.executable, str(Path(installed.ROOT) / "PlexSync.py")],
        input=message.encode(),
        capture_output=True,
        timeout=LIMIT_S,
        check=False,
    )

    assert finished.stderr.splitlines()[0] == b"\x01w\x02Other versions."


def test_the_exit_of_a_started_worker_can_be_polled(installed: ModuleType) -> None:
    script = Path(installed.ROOT) / "PlexSync.py"
    script.write_text("import sys\nsys.exit(3)\n", encoding="utf-8")

    poll = installed.start_worker("test")

    until(lambda: poll() is not None, LIMIT_S)
    assert poll() == 3


def test_a_log_line_needs_neither_data_nor_packages(
    installed: ModuleType, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    answer = installed.run_task_process({}, {"mode": "say", "level": "info", "text": "Hello"})

    assert answer == {"output": "ok"}
    assert not Path(installed.DATA).exists()


def test_an_uncreatable_data_folder_is_a_tasks_answer(installed: ModuleType) -> None:
    Path(installed.DATA).write_text("a file", encoding="utf-8")

    answer = installed.run_task_process({}, {"mode": "status"})

    assert list(answer) == ["error"]


@pytest.mark.parametrize(
    "arguments", [{}, {"mode": None}, {"mode": "no such mode"}, {"mode": ["status"]}]
)
def test_a_task_that_does_not_exist_is_an_answer(
    installed: ModuleType, arguments: dict[str, object]
) -> None:
    answer = installed.run_task_process({}, arguments)

    assert list(answer) == ["error"]


@pytest.mark.parametrize("call", [{"call": "snapshot"}, {"call": "scene_states", "ids": [42]}])
def test_a_call_that_is_asked_often_needs_no_packages(
    installed: ModuleType, call: dict[str, object]
) -> None:
    (Path(installed.ROOT) / "dependencies/install.py").unlink()

    answer = installed.run_task_process({}, {"mode": "ui", **call})

    assert list(answer) == ["output"]


def test_input_that_cannot_be_read_is_an_answer(
    installed: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"{")))
    monkeypatch.setattr(sys, "stdout", answered)
    # Both would outlive this test.
    monkeypatch.setattr(gc, "disable", lambda: None)
    monkeypatch.setattr(os, "umask", lambda mask: mask)

    installed.main([])

    answered.seek(0)
    assert list(json.loads(answered.read())) == ["error"]
    assert not Path(installed.DATA).exists()


def test_a_worker_does_not_collect_what_it_has_imported() -> None:
    before = gc.get_threshold()
    try:
        startup.collect_rarely()

        assert (gc.isenabled(), gc.get_threshold()) == (True, startup.COLLECTIONS)
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
