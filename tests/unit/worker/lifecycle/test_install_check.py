"""Test when a worker takes its plugin for removed or updated."""

from pathlib import Path

import pytest

from core.version import VERSION
from tests.harness.clocks import FakeClock
from worker.lifecycle.install_check import (
    UPDATE_S,
    VERSION_POLL_S,
    InstallationCheck,
    installed_version,
)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the folder of an installed plugin with its data."""
    for folder in ("core", "data"):
        (tmp_path / folder).mkdir()
    install(tmp_path, VERSION)
    return tmp_path


def install(root: Path, version: str) -> None:
    (root / "core" / "version.py").write_text(f'VERSION = "{version}"\n')


def test_an_installed_plugin_is_neither_removed_nor_updated(root: Path, clock: FakeClock) -> None:
    check = InstallationCheck(root, root / "data", clock)
    clock.advance(VERSION_POLL_S)

    assert not check.is_uninstalled()
    assert not check.is_updated()


def test_without_its_data_folder_the_plugin_is_removed(root: Path, clock: FakeClock) -> None:
    check = InstallationCheck(root, root / "data", clock)

    (root / "data").rmdir()

    assert check.is_uninstalled()


def test_files_missing_during_an_update_are_no_removal(root: Path, clock: FakeClock) -> None:
    check = InstallationCheck(root, root / "data", clock)
    version = root / "core" / "version.py"
    answers = []

    for _ in range(3):
        version.unlink()
        answers.append(check.is_uninstalled())
        clock.advance(UPDATE_S - 1)
        answers.append(check.is_uninstalled())
        version.touch()
        answers.append(check.is_uninstalled())
        clock.advance(UPDATE_S)

    assert not any(answers)


def test_files_that_stay_missing_mean_a_removal(root: Path, clock: FakeClock) -> None:
    check = InstallationCheck(root, root / "data", clock)
    (root / "core" / "version.py").unlink()
    check.is_uninstalled()

    clock.advance(UPDATE_S)

    assert check.is_uninstalled()


def test_another_version_is_seen_with_the_next_poll(root: Path, clock: FakeClock) -> None:
    check = InstallationCheck(root, root / "data", clock)
    install(root, "9.8.7")

    before = check.is_updated()
    clock.advance(VERSION_POLL_S)

    assert (before, check.is_updated()) == (False, True)


def test_the_installed_version_is_read_from_the_files(root: Path) -> None:
    install(root, "9.8.7")

    assert installed_version(root) == "9.8.7"


def test_an_unreadable_version_counts_as_the_running_one(root: Path) -> None:
    (root / "core" / "version.py").write_text("half a file")
    half = installed_version(root)
    (root / "core" / "version.py").unlink()

    assert (half, installed_version(root)) == (VERSION, VERSION)
