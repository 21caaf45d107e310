"""The composition root: what is built, and that a worker leaves without losing anything."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from core.version import VERSION
from sync_queue import statements as sql
from sync_queue.hook_queue import is_worker_alive, job_row
from sync_queue.lease import Lease
from tests.emulators.plex_server import PlexEmulator
from tests.emulators.stash_server import StashEmulator
from tests.harness.clocks import FakeClock
from tests.harness.database import open_store
from wiring import Environment, drain_in_process


@pytest.fixture
def lease(tmp_path: Path) -> Iterator[Lease]:
    """The lease of the data folder, taken; and an installation of this version."""
    (tmp_path / "data").mkdir()
    install(tmp_path, VERSION)
    made = Lease(tmp_path / "data")
    made.acquire()
    yield made
    made.release()


def install(folder: Path, version: str) -> None:
    (folder / "core").mkdir(exist_ok=True)
    (folder / "core" / "version.py").write_text(f'VERSION = "{version}"\n')


def note(folder: Path, subject: str) -> None:
    """A hook's note, from a connection of its own."""
    connection = sqlite3.connect(folder / "data" / "queue.db", isolation_level=None)
    connection.execute(sql.ENQUEUE, job_row(subject, "update", 0, 1_700_000_000.0, 1.0, 4.0))
    connection.close()


def test_a_task_drains_the_queue_if_no_worker_runs(
    tmp_path: Path, lease: Lease, plex: PlexEmulator, stash: StashEmulator
) -> None:
    clock, item, scene = waiting_scene(tmp_path, lease, plex, stash)

    worked = drain_in_process(
        Environment(tmp_path, tmp_path / "data", clock, Random(7)), lambda: None
    )

    assert worked
    assert plex.library.item(item).title == "Written by the task"
    assert not is_worker_alive(str(tmp_path / "data"))


def test_a_task_waits_for_an_edit_that_still_rests(
    tmp_path: Path, lease: Lease, plex: PlexEmulator, stash: StashEmulator
) -> None:
    clock, item, scene = waiting_scene(tmp_path, lease, plex, stash)
    edits = iter(["Written later"])

    def edit(point: str) -> None:
        """Save the scene once more while the task drains; its hook sees the lease held."""
        for title in edits if point == "drain.settled" else ():
            stash.library.change_scene(scene, touch=True, title=title)
            note(tmp_path, f"scene:{scene}")

    drain_in_process(Environment(tmp_path, tmp_path / "data", clock, Random(7), edit), lambda: None)

    assert plex.library.item(item).title == "Written later"


def test_a_change_while_a_task_releases_the_lease_is_drained(
    tmp_path: Path, lease: Lease, plex: PlexEmulator, stash: StashEmulator
) -> None:
    clock, item, scene = waiting_scene(tmp_path, lease, plex, stash)
    edits = iter(["Written last"])

    def edit(point: str) -> None:
        for title in edits if point == "shutdown.released" else ():
            stash.library.change_scene(scene, touch=True, title=title)
            note(tmp_path, f"scene:{scene}")

    drain_in_process(Environment(tmp_path, tmp_path / "data", clock, Random(7), edit), lambda: None)

    assert plex.library.item(item).title == "Written last"


def waiting_scene(
    folder: Path, lease: Lease, plex: PlexEmulator, stash: StashEmulator
) -> tuple[FakeClock, int, int]:
    """No worker, and one scene that waits: the clock, Plex's item, the scene."""
    lease.release()
    clock = FakeClock()
    item = plex.library.add_item(1, [("/media/scenes/a.mp4", 10)])
    scene = stash.library.add_scene("/data/scenes/a.mp4", size=10, title="Written by the task")
    stash.configure(a_plex_url=plex.url, a_plex_token=plex.token, b_path_map="/data => /media")
    store = open_store(folder / "data", clock)
    store.enqueue(f"scene:{scene}", "update")
    where = {
        "scheme": "http",
        "host": "0.0.0.0",
        "port": stash.port,
        "cookie": "",
        "now": clock.now,
    }
    store.connection.execute(sql.SAVE_SESSION, where)
    store.connection.close()
    return clock, item, scene
