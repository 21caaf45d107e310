"""Test what runs out within months of a worker: descriptors, threads, locks, a folder."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hooks.entry import run_hook
from sync_queue.hook_queue import pop_pending_message
from tests.emulators.plex_server import Fault
from tests.harness.in_process import InProcessHarness, in_process
from tests.harness.plugin_copy import copy_plugin

DESCRIPTORS = Path("/proc/self/fd")
EDIT: dict[str, object] = {
    "args": {
        "hookContext": {"type": "Scene.Update.Post", "id": 7, "input": {}, "inputFields": ["title"]}
    }
}


def held() -> set[str]:
    """The files that this process has open."""
    found = set()
    for link in DESCRIPTORS.iterdir():
        try:
            found.add(str(link.readlink()))
        except OSError:
            continue  # the one that listed the folder
    return {name for name in found if not name.startswith(("socket:", "anon_inode:"))}


def how_many() -> int:
    """Descriptors of every kind, the emulators' connections among them."""
    return sum(1 for _ in DESCRIPTORS.iterdir())


def threads() -> set[str]:
    """The threads by name; those that serve one connection of an emulator come and go."""
    return {thread.name for thread in threading.enumerate() if "process_request" not in thread.name}


def months(worker: InProcessHarness, scene: int, rounds: int) -> None:
    """Edits, outages, refusals, settings that change and change back, restarts of Plex, the nightly
    copy.
    """
    for number in range(rounds):
        worker.change(scene, title=f"Title {number}")
        worker.sync(scene)
        worker.configure(a_plex_read_timeout_s=20 + number % 3, e_log_debug=bool(number % 2))
        worker.run_until_idle(60.0)
        worker.plex.down()
        worker.change(scene, title=f"During the outage {number}")
        worker.enqueue(scene)
        worker.clock.advance(2.0)
        worker.tick()
        worker.plex.up()
        worker.run_for(240.0, 30.0)
        worker.plex.faults.add(Fault(kind="truncated_xml"))
        worker.run_until_idle(90_000.0)


@pytest.mark.skipif(not DESCRIPTORS.is_dir(), reason="only Linux tells which descriptors are open")
def test_descriptors_and_threads_stay_as_many_as_they_were(tmp_path: Path) -> None:
    with in_process(tmp_path) as worker:
        scene, item = worker.pair("a.mp4")
        months(worker, scene, 3)
        files, descriptors, running = held(), how_many(), threads()

        months(worker, scene, 12)

        assert worker.shown(item).title == "During the outage 11"
        assert held() == files
        assert how_many() < descriptors + 10
        assert threads() == running


def test_an_unwritable_data_folder_is_reported_at_the_save(
    tmp_path: Path,
) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")

    answer = run_hook(EDIT, str(tmp_path / "data"), 1.0, lambda by: lambda: None, lambda line: None)

    assert "could not note the change of scene:7" in str(answer["error"])
    assert "writable" in str(answer["error"])


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is read-only for root"
)
def test_a_read_only_data_folder_is_reported_by_the_hook(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o500)

    answer = run_hook(EDIT, str(tmp_path / "data"), 1.0, lambda by: lambda: None, lambda line: None)

    assert "writable" in str(answer["error"])


def test_a_worker_without_locks_leaves_a_line_for_the_next_hook(tmp_path: Path) -> None:
    plugin = copy_plugin(tmp_path / "PlexSync")
    (plugin / "data" / "lease.db").mkdir(parents=True)  # SQLite cannot open a folder

    done = subprocess.run(
        [sys.executable, str(plugin / "PlexSync.py"), "worker", "hook"], check=False, timeout=120
    )
    left = pop_pending_message(str(plugin / "data"))

    assert done.returncode == 1
    assert left is not None
    assert left[0] == "error"
    assert "worker cannot begin" in left[1]
