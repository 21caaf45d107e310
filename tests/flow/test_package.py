"""The package in Stash: from an empty Python to a synced scene, whatever can install packages there."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync_queue.hook_queue import MESSAGE
from tests.flow.house import opened, wait_for
from tests.flow.packages import (
    LIMIT_S,
    PackagedHouse,
    bare_python,
    build_source,
    download_wheels,
    find_uv,
    give_pip_back,
    offline,
)

NO_PIP = "neither pip nor uv; install pip first"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_source(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return download_wheels(tmp_path_factory.mktemp("wheels"))


def syncs(house: PackagedHouse) -> bool:
    """Whether an edit arrives, with all packages in the private folder."""
    scene = house.scene()
    house.edit(scene, title="Arrived")
    house.drained(LIMIT_S)
    assert [path.name for path in house.plugin.rglob("*.yml")] == ["PlexSync.yml"]
    [packages] = [path for path in (house.data / "deps").iterdir() if path.is_dir()]
    return house.item().title == "Arrived" and (packages / "plexapi").is_dir()


def test_the_pip_that_python_carries_is_enough(tmp_path: Path, source: Path, wheels: Path) -> None:
    python = bare_python(tmp_path / "bare")
    house = PackagedHouse(tmp_path, source, python, extra_env=offline(wheels, python.parent))

    with opened(house):
        assert [plugin.id for plugin in house.stash.plugins] == ["PlexSync"]
        assert syncs(house)


def test_uv_is_enough(tmp_path: Path, source: Path, wheels: Path) -> None:
    uv = find_uv(tmp_path / "uv")
    if uv is None:
        pytest.skip("no uv here, and none to be had")
    python = bare_python(tmp_path / "bare", may_have_pip=False)
    house = PackagedHouse(tmp_path, source, python, extra_env=offline(wheels, uv))

    with opened(house):
        assert syncs(house)


def test_without_an_installer_one_line_says_so(tmp_path: Path, source: Path, wheels: Path) -> None:
    python = bare_python(tmp_path / "bare", may_have_pip=False)
    house = PackagedHouse(tmp_path, source, python, extra_env=offline(wheels, python.parent))

    with opened(house):
        first = house.scene("first.mp4")
        house.edit(first, title="Kept")
        wait_for(
            lambda: (house.data / MESSAGE).exists() or house.said(NO_PIP),
            "the worker's last words",
            LIMIT_S,
        )
        wait_for(lambda: not house.is_alive(), "its end")
        house.stash.run_operation({"mode": "wake"})
        by_the_worker = len(house.said(NO_PIP, "Error"))
        house.run_task("View Queue Status")
        by_the_task = len(house.said(NO_PIP, "Error")) - by_the_worker

        assert by_the_worker >= 1
        assert by_the_task == 1
        assert house.item("first.mp4").title != "Kept"

        wait_for(lambda: not house.is_alive(), "the woken worker's end")
        give_pip_back(python)
        assert syncs(house)
        assert house.item("first.mp4").title == "Kept"
