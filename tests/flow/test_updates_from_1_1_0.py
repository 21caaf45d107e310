"""A worker of version 1.1.0 runs while the plugin is updated: it hands over, nothing is lost."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.version import VERSION
from tests.emulators.plex_faults import Fault
from tests.emulators.sample_plugins import alive
from tests.emulators.stash_install import install_package
from tests.flow.release import RELEASED, ReleasedServers, release_source
from tests.flow.simulated_time import SimulatedTime
from tests.harness.plugin_copy import copy_plugin
from tests.harness.processes import running
from tests.harness.waiting import wait_for
from tools.package import build

START = 1_795_032_000.25
STAMP = 1_800_000_000
NEW = VERSION if VERSION != RELEASED else "9.9.9"
FILMS = ("finished", "in-progress", "waiting", "between", "afterwards")
REPLACED_BY_PACKAGES = ("tasks.py", "dependencies.py", "reconcile_tasks.py")

Update = Callable[["InstalledServers", Path], None]


class InstalledServers(ReleasedServers):
    """Both servers; version 1.1.0 was installed by the package manager."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, SimulatedTime(START))
        self._source = release_source(root / "released")

    def install(self) -> None:
        self.update(self._source)

    def update(self, source: Path) -> None:
        """Install what a plugin source offers, as the package manager does."""
        install_package(source / "index.yml", "PlexSync", self.plugin)

    def unzip(self, source: Path) -> None:
        """Unzip the package over the folder, as by hand: old files stay."""
        with zipfile.ZipFile(source / "PlexSync.zip") as package:
            for name in package.namelist():
                destination = self.plugin / name
                destination.parent.mkdir(parents=True, exist_ok=True)
                destination.write_bytes(package.read(name))

    def close(self) -> None:
        """Besides, stop the time."""
        super().close()
        self.time.close()

    @property
    def version(self) -> str:
        """The version of the newest worker; "" before there is one."""
        found = self.rows("SELECT version FROM worker")
        return str(found[0][0]) if found else ""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a plugin source with the current files; their version differs from the old one's."""
    folder = tmp_path_factory.mktemp("source")
    files = copy_plugin(folder / "files")
    version = files / "core" / "version.py"
    text = version.read_text(encoding="utf-8").replace(f'"{VERSION}"', f'"{NEW}"')
    version.write_text(text, encoding="utf-8")
    build(files, folder, STAMP)
    return folder


@pytest.fixture(
    params=[InstalledServers.update, InstalledServers.unzip], ids=["updated", "unzipped"]
)
def update(request: pytest.FixtureRequest) -> Update:
    """Return one of the two ways to update."""
    way: Update = request.param
    return way


def test_a_busy_worker_hands_over(tmp_path: Path, source: Path, update: Update) -> None:
    servers = InstalledServers(tmp_path)
    with running(servers, a_plex_read_timeout_s=300):
        scenes = {name: servers.scene(f"{name}.mp4") for name in FILMS}
        late = servers.scene("late.mp4", in_plex=False, title="Waits for its file")
        servers.edit(scenes["finished"], title="New finished")
        servers.wait_until_drained()
        servers.edit(late, title="Late")
        servers.time.pass_until(lambda: servers.reasons() == {"PlexNotFound"}, "one waits")
        old, was = servers.worker_pid, servers.version
        slow = servers.plex.faults.add(Fault("slow", method="PUT", delay_s=300.0))
        servers.edit(scenes["in-progress"], title="New in-progress")
        servers.time.pass_until(slow.struck.is_set, "an edit is under way", at_work=True)
        servers.edit(scenes["waiting"], title="New waiting")

        update(servers, source)
        servers.stash.reload_plugins()
        servers.edit(scenes["between"], title="New between")
        servers.plex.faults.clear()
        servers.time.pass_until(lambda: servers.version == NEW, "the new worker")
        servers.edit(scenes["afterwards"], title="New afterwards")
        servers.time.pass_until(lambda: len(servers.jobs()) == 1, "all but the late one are done")

        assert was == RELEASED
        assert not alive(old)
        assert {name: servers.item(f"{name}.mp4").title for name in FILMS} == {
            name: f"New {name}" for name in FILMS
        }
        assert servers.jobs()[0][0] == f"scene:{late}"
        assert servers.dead_letters() == []
        assert servers.stash_log("PlexSync", "Error") == []
        assert "crashed" not in servers.worker_log()


def test_an_idle_worker_hands_over(tmp_path: Path, source: Path, update: Update) -> None:
    servers = InstalledServers(tmp_path)
    with running(servers):
        scene = servers.scene(title="As scanned")
        servers.edit(scene, title="By the old one")
        servers.wait_until_drained()
        old = servers.worker_pid

        update(servers, source)
        servers.stash.reload_plugins()
        servers.time.pass_until(lambda: not alive(old), "the old worker leaves by itself")
        wait_for(servers.is_worker_running, "its successor")
        servers.time.pass_until(lambda: servers.version == NEW, "the new worker")
        answer = servers.ask("Sync All Scenes")
        servers.edit(scene, title="By the new one")
        servers.wait_until_drained()

        assert (answer["queued"], answer["current"]) == (0, 1)
        assert servers.item().title == "By the new one"
        assert servers.stash_log("PlexSync", "Error", "Warning") == []


def test_old_modules_beside_new_packages_do_no_harm(tmp_path: Path, source: Path) -> None:
    servers = InstalledServers(tmp_path)
    with running(servers):
        servers.unzip(source)
        servers.stash.reload_plugins()
        servers.edit(servers.scene(), title="Beside old modules")
        servers.wait_until_drained()

        assert all((servers.plugin / name).is_file() for name in REPLACED_BY_PACKAGES)
        assert servers.version == NEW
        assert servers.item().title == "Beside old modules"
        tasks = [task.name for task in servers.stash.plugins[0].tasks]
        for name in ("View Queue Status", "Reconcile: Dry Run", "Sync All: Dry Run"):
            assert name in tasks
            assert isinstance(servers.ask(name), dict)
        assert servers.stash_log("PlexSync", "Error") == []
