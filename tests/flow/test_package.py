"""The package in Stash: from an empty Python to a synced scene, whatever can install packages
there.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sync_queue.hook_queue import MESSAGE
from tests.harness.packages import (
    LIMIT_S,
    PackagedInstall,
    bare_python,
    build_source,
    download_wheels,
    find_uv,
    install_system_package,
    offline,
    restore_pip,
)
from tests.harness.processes import running
from tests.harness.waiting import wait_for

NO_PIP = "neither pip nor uv; install pip first"
NO_WHEEL = "pydantic-core has no wheel for this machine"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_source(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return download_wheels(tmp_path_factory.mktemp("wheels"))


def syncs(installed: PackagedInstall) -> bool:
    """Whether an edit arrives, with all packages in the private folder."""
    scene = installed.scene()
    installed.edit(scene, title="Arrived")
    installed.wait_until_drained(LIMIT_S)
    assert [path.name for path in installed.plugin.rglob("*.yml")] == ["PlexSync.yml"]
    [packages] = [path for path in (installed.data / "deps").iterdir() if path.is_dir()]
    return installed.item().title == "Arrived" and (packages / "plexapi").is_dir()


def test_the_pip_that_python_carries_suffices(tmp_path: Path, source: Path, wheels: Path) -> None:
    python = bare_python(tmp_path / "bare")
    installed = PackagedInstall(tmp_path, source, python, extra_env=offline(wheels, python.parent))

    with running(installed):
        assert [plugin.id for plugin in installed.stash.plugins] == ["PlexSync"]
        assert syncs(installed)


def test_uv_suffices(tmp_path: Path, source: Path, wheels: Path) -> None:
    uv = find_uv(tmp_path / "uv")
    if uv is None:
        pytest.skip("no uv here, and none to be had")
    python = bare_python(tmp_path / "bare", may_have_pip=False)
    installed = PackagedInstall(tmp_path, source, python, extra_env=offline(wheels, uv))

    with running(installed):
        assert syncs(installed)


def test_without_an_installer_one_line_says_so(tmp_path: Path, source: Path, wheels: Path) -> None:
    python = bare_python(tmp_path / "bare", may_have_pip=False)
    installed = PackagedInstall(tmp_path, source, python, extra_env=offline(wheels, python.parent))

    with running(installed):
        first = installed.scene("first.mp4")
        installed.edit(first, title="Kept")
        wait_for(
            lambda: (installed.data / MESSAGE).exists() or installed.stash_log(NO_PIP),
            "the worker's last words",
            LIMIT_S,
        )
        wait_for(lambda: not installed.is_worker_running(), "its end")
        installed.stash.run_operation({"mode": "wake"})
        by_the_worker = len(installed.stash_log(NO_PIP, "Error"))
        installed.run_task("View Queue Status")
        by_the_task = len(installed.stash_log(NO_PIP, "Error")) - by_the_worker

        assert by_the_worker >= 1
        assert by_the_task == 1
        assert installed.item("first.mp4").title != "Kept"

        wait_for(lambda: not installed.is_worker_running(), "the woken worker's end")
        restore_pip(python)
        assert syncs(installed)
        assert installed.item("first.mp4").title == "Kept"


def test_what_has_no_wheel_comes_from_the_system(
    tmp_path: Path, source: Path, wheels: Path
) -> None:
    ready = tmp_path / "ready"
    shutil.copytree(wheels, ready, ignore=shutil.ignore_patterns("pydantic_core*"))
    python = bare_python(tmp_path / "bare")
    installed = PackagedInstall(tmp_path, source, python, extra_env=offline(ready, python.parent))

    with running(installed):
        first = installed.scene("first.mp4")
        installed.edit(first, title="Kept")
        wait_for(
            lambda: (installed.data / MESSAGE).exists() or installed.stash_log(NO_WHEEL),
            "the worker says what to install",
            LIMIT_S,
        )
        wait_for(lambda: not installed.is_worker_running(), "its end")
        install_system_package(python, wheels, "pydantic")
        installed.stash.run_operation({"mode": "wake"})

        assert syncs(installed)
        assert installed.item("first.mp4").title == "Kept"
        [line] = installed.stash_log(NO_WHEEL, "Error")
        assert "To help, install pydantic>=2.7,<3 from the system's packages for " in str(line)
        assert list((installed.data / "deps").glob("*/pydantic")) == []
