"""Test a running worker and its data when the plugin's files change or vanish."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from core.version import VERSION
from sync_queue import statements as sql
from sync_queue.ack_queue import SceneAckQueue
from sync_queue.hook_queue import DATABASE, job_row
from sync_queue.migrations import MIGRATIONS
from tests.emulators.plex_faults import Fault
from tests.emulators.sample_plugins import alive
from tests.emulators.stash_install import uninstall
from tests.harness.in_process import InProcessHarness
from tests.harness.packages import OLD, PackagedInstall, build_old_source, build_source
from tests.harness.plugin_copy import ROOT
from tests.harness.processes import running
from tests.harness.waiting import wait_for
from tools.package import shipped_files
from worker.lifecycle.install_check import UPDATE_S
from worker.lifecycle.loop import ExitReason

# A worker of an old release as far as the new one can tell: it holds the lease and the database,
# and leaves for
# another version as every release does.
OLD_WIRING = """
import re
import sqlite3
import time

from core.launch import launch_worker
from core.version import VERSION


class Environment:
    def __init__(self, root, data_dir):
        self.root, self.data_dir = root, data_dir


def run_worker(env, lease, started_by):
    connection = sqlite3.connect(env.data_dir / "queue.db")
    found = None
    while found is None or found[1] == VERSION:
        connection.execute("SELECT count(*) FROM records").fetchone()
        time.sleep(0.05)
        try:
            found = re.search('VERSION = "(.*)"', (env.root / "core" / "version.py").read_text("utf-8"))
        except OSError:
            found = None
    connection.close()
    lease.release()
    launch_worker(str(env.root), "update")
    return 0
"""
RECORD = """
INSERT INTO records VALUES
  (:scene, 'another server', 7, 'section', '/media/x.mp4', 'hash', '2024-01-01T00:00:00Z', 1.0, 'high', '{}', '{}')
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_source(tmp_path_factory.mktemp("source"))


def make_first_database(data: Path) -> None:
    """`queue.db` as the first schema had it, empty."""
    data.mkdir(mode=0o700)
    with contextlib.closing(sqlite3.connect(data / DATABASE)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    queue = SceneAckQueue(str(data))
    for statement in filter(str.strip, MIGRATIONS[0].split(";")):
        queue.connection.execute(statement)
    queue.connection.execute("PRAGMA user_version=1")
    queue.close()


def fill_first_database(data: Path, waiting: int, running: int, recorded: int) -> None:
    """Insert a waiting job, the current job of a crashed worker, and a record."""
    with contextlib.closing(sqlite3.connect(data / DATABASE, isolation_level=None)) as connection:
        for scene in (waiting, running):
            connection.execute(
                sql.ENQUEUE, job_row(f"scene:{scene}", "update", 0, time.time(), 1.0, 4.0)
            )
        connection.execute(
            f"UPDATE {sql.QUEUE} SET status = 2 WHERE subject = ?", (f"scene:{running}",)
        )
        connection.execute(RECORD, {"scene": recorded})


def test_an_update_over_schema_1_and_a_running_worker_is_safe(tmp_path: Path, source: Path) -> None:
    old = build_old_source(tmp_path / "old", wiring=OLD_WIRING)
    installed = PackagedInstall(tmp_path, old)

    with running(installed):
        scenes = [
            installed.scene(f"{name}.mp4", title=f"New {name}")
            for name in ("waiting", "running", "spilled")
        ]
        make_first_database(installed.data)
        fill_first_database(installed.data, scenes[0], scenes[1], recorded=9999)
        installed.stash.run_operation({"mode": "wake"})
        wait_for(installed.is_worker_running, "the old worker")

        installed.update(source)
        installed.edit(scenes[2], title="New spilled")
        wait_for(
            lambda: installed.rows("SELECT version FROM worker") == [(VERSION,)], "the new worker"
        )
        installed.wait_until_drained()

        assert installed.rows("PRAGMA user_version") == [(sql.SCHEMA_VERSION,)]
        assert [
            installed.item(f"{name}.mp4").title for name in ("waiting", "running", "spilled")
        ] == [
            "New waiting",
            "New running",
            "New spilled",
        ]
        assert installed.rows("SELECT item FROM records WHERE server = 'another server'") == [(7,)]
        assert installed.dead_letters() == []
        assert installed.stash_log("PlexSync", "Error") == []


def test_an_update_keeps_the_data_and_replaces_the_worker(tmp_path: Path, source: Path) -> None:
    old = build_old_source(tmp_path / "old")
    installed = PackagedInstall(tmp_path, old)

    with running(installed):
        scene = installed.scene()
        installed.edit(scene, title="By the old one")
        installed.wait_until_drained()
        before = installed.worker_pid

        installed.update(source)
        installed.edit(scene, title="During the update")
        wait_for(lambda: installed.worker_pid != before, "the new worker")
        installed.edit(scene, title="By the new one")
        installed.wait_until_drained()

        assert installed.rows("SELECT version FROM worker") == [(VERSION,)]
        assert not alive(before)
        assert f"version={OLD}" in installed.worker_log()
        assert "worker.crashed" not in installed.worker_log()
        assert installed.item().title == "By the new one"


def test_a_worker_leaves_quietly_when_its_plugin_was_uninstalled(tmp_path: Path) -> None:
    worker = InProcessHarness(tmp_path)

    with running(worker):
        (worker.plugin / "manifest").write_text("\n".join(shipped_files(ROOT)), encoding="utf-8")
        worker.work_for(30.0)
        uninstall(worker.plugin)
        worker.work_for(UPDATE_S - 10.0)
        assert worker.process is not None

        exit_reason = worker.process.loop.run()

        assert exit_reason is ExitReason.UNINSTALLED
        assert files_beside_data(worker.plugin) == []
        assert "ERROR" not in worker.worker_log()


def files_beside_data(plugin: Path) -> list[str]:
    """Return what is left of a plugin; Python's own compiled files outlast an uninstallation."""
    files = (path.relative_to(plugin) for path in plugin.rglob("*") if path.is_file())
    return [
        str(path) for path in files if path.parts[0] != "data" and "__pycache__" not in path.parts
    ]


def is_deleted(folder: Path) -> bool:
    """Delete it as a user does, who tries again if a file appeared or vanished meanwhile."""
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


@pytest.mark.parametrize("is_busy", [False, True], ids=["idle", "busy"])
def test_a_worker_whose_folder_vanishes_ends(tmp_path: Path, source: Path, is_busy: bool) -> None:
    installed = PackagedInstall(tmp_path, source)

    with running(installed):
        scene = installed.scene()
        installed.edit(scene, title="Before")
        installed.wait_until_drained()
        pid = installed.worker_pid
        if is_busy:
            held = installed.plex.faults.add(Fault("slow", method="PUT", delay_s=2.0))
            installed.edit(scene, title="After")
            wait_for(held.struck.is_set, "a request that is under way")

        wait_for(lambda: is_deleted(installed.plugin), "an empty place")
        installed.stash.reload_plugins()
        wait_for(lambda: not alive(pid), "the worker's end")

        assert not installed.plugin.exists()
        assert installed.stash_log("PlexSync", "Error", "Warning") == []
