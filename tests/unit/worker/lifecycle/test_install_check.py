"""When a worker believes that its plugin is gone: at once without data, later without files."""

from pathlib import Path

import pytest

from tests.support import FakeClock
from worker.lifecycle.install_check import UPDATE_S, InstallationCheck


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An installed plugin with its data."""
    for folder in ("core", "data"):
        (tmp_path / folder).mkdir()
    (tmp_path / "core" / "version.py").touch()
    return tmp_path


def test_an_installed_plugin_is_there(root: Path, clock: FakeClock) -> None:
    assert not InstallationCheck(root, root / "data", clock).is_uninstalled()


def test_without_its_data_folder_the_plugin_is_gone_at_once(root: Path, clock: FakeClock) -> None:
    presence = InstallationCheck(root, root / "data", clock)

    (root / "data").rmdir()

    assert presence.is_uninstalled()


def test_an_update_that_takes_its_time_is_no_end(root: Path, clock: FakeClock) -> None:
    presence = InstallationCheck(root, root / "data", clock)
    version = root / "core" / "version.py"
    looks = []

    for _ in range(3):
        version.unlink()
        looks.append(presence.is_uninstalled())
        clock.advance(UPDATE_S - 1)
        looks.append(presence.is_uninstalled())
        version.touch()
        looks.append(presence.is_uninstalled())
        clock.advance(UPDATE_S)

    assert not any(looks)


def test_files_that_do_not_come_back_are_an_end(root: Path, clock: FakeClock) -> None:
    presence = InstallationCheck(root, root / "data", clock)
    (root / "core" / "version.py").unlink()
    presence.is_uninstalled()

    clock.advance(UPDATE_S)

    assert presence.is_uninstalled()
