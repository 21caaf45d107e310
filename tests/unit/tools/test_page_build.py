"""The page's script and style: what ships, how large it is, and how its tools are found."""

import gzip
import json
import re
from pathlib import Path

import pytest

from tests.harness.plugin_copy import ROOT
from tools.layout import PAGE_FOLDER, PAGE_SCRIPT, PAGE_STYLE
from tools.package import shipped_files
from tools.page_build import COMMANDS, NodeMissing, find_node, main

MAX_BYTES = 200_000
MAX_GZIP_BYTES = 70_000
NO_PACKAGE = "no_package_of_this_name"


def test_the_bundle_alone_ships() -> None:
    shipped = [name for name in shipped_files(ROOT) if name.startswith("ui/")]

    assert sorted(shipped) == sorted([PAGE_SCRIPT, PAGE_STYLE])


def test_script_and_style_are_small() -> None:
    files = [(ROOT / name).read_bytes() for name in (PAGE_SCRIPT, PAGE_STYLE)]

    assert sum(map(len, files)) <= MAX_BYTES
    assert sum(len(gzip.compress(file, mtime=0)) for file in files) <= MAX_GZIP_BYTES


def test_a_bundled_package_ships_its_licence() -> None:
    script = (ROOT / PAGE_SCRIPT).read_text(encoding="utf-8")

    assert "Permission is hereby granted" in script[:3_000]


def test_every_version_is_exact() -> None:
    package = json.loads((ROOT / "ui" / "package.json").read_text(encoding="utf-8"))

    versions = {**package["devDependencies"], **package.get("dependencies", {})}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions.values())


def test_the_page_folder_holds_no_source() -> None:
    suffixes = {path.suffix for path in (ROOT / PAGE_FOLDER).iterdir()}

    assert suffixes == {".js", ".css"}


@pytest.fixture
def without_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Make a PATH without Node."""
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("without_node")
def test_a_check_without_node_is_skipped(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"], {}, package=NO_PACKAGE) == 0

    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("page: not checked. There is no Node")


@pytest.mark.usefixtures("without_node")
def test_nothing_is_skipped_in_ci() -> None:
    assert main(["check"], {"CI": "true"}, package=NO_PACKAGE) == 1


@pytest.mark.usefixtures("without_node")
def test_a_build_without_node_fails() -> None:
    with pytest.raises(NodeMissing):
        find_node(NO_PACKAGE)
    assert main(["build"], {}, package=NO_PACKAGE) == 1


def test_unknown_commands_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deploy"]) == 2

    usage = capsys.readouterr().err
    assert all(name in usage for name in COMMANDS)
