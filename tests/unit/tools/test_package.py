"""The package holds only the runtime files, the same bytes every time, and an index."""

import hashlib
import os
import shutil
import zipfile
from pathlib import Path

import pytest
import yaml

from core.version import VERSION
from dependencies.install import LOCK
from tests.harness.plugin_copy import ROOT
from tools.layout import ENTRY_FILES, PACKAGES
from tools.package import FILES, FOLDERS, Unpackable, build, main, release_time, shipped_files

STAMP = 1_750_000_000
DATE = "2025-06-15 15:06:40"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A source folder that a test may change; no repository."""
    root = tmp_path / "source"
    root.mkdir()
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (*FILES, "CHANGELOG.md"):
        shutil.copy(ROOT / name, root / name)
    return root


def test_everything_that_runs_is_in_the_package() -> None:
    folders = {Path(name).parts[0] for name in shipped_files(ROOT)}

    assert folders >= {*PACKAGES, *ENTRY_FILES} | {"requirements.txt", "PlexSync.yml"}
    assert LOCK in shipped_files(ROOT)


def test_the_package_holds_one_manifest_and_runtime_files_only(tmp_path: Path) -> None:
    archive = build(ROOT, tmp_path, STAMP)

    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
    tops = {Path(name).parts[0] for name in names}
    assert [name for name in names if name.endswith((".yml", ".yaml"))] == ["PlexSync.yml"]
    assert not tops & {
        "tests",
        "docs",
        "tools",
        "benchmarks",
        "data",
        "dist",
        "README.md",
        "requirements-dev.txt",
    }
    assert not [
        name
        for name in names
        if "__pycache__" in name or name.endswith((".pyc", "/")) or "/." in name
    ]


def test_the_same_files_give_the_same_bytes(copied: Path, tmp_path: Path) -> None:
    first = build(copied, tmp_path / "a", STAMP).read_bytes()
    for number, path in enumerate(sorted(copied.rglob("*.py"))):
        path.chmod(0o755 if number % 2 else 0o600)
        os.utime(path, (number, number))
    (copied / "core" / "__pycache__").mkdir()
    (copied / "core" / "__pycache__" / "job.cpython-310.pyc").write_bytes(b"compiled")
    (copied / "core" / ".job.py.swp").write_bytes(b"an editor's")

    second = build(copied, tmp_path / "b", STAMP).read_bytes()

    assert first == second
    assert (tmp_path / "a" / "index.yml").read_bytes() == (
        tmp_path / "b" / "index.yml"
    ).read_bytes()


def test_building_twice_leaves_exactly_two_files(tmp_path: Path) -> None:
    build(ROOT, tmp_path, STAMP)
    build(ROOT, tmp_path, STAMP)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["PlexSync.zip", "index.yml"]


def test_the_entries_are_sorted_and_the_version_comes_last(tmp_path: Path) -> None:
    with zipfile.ZipFile(build(ROOT, tmp_path, STAMP)) as opened:
        entries = opened.infolist()

    names = [entry.filename for entry in entries]
    assert names == [*sorted(set(names) - {"core/version.py"}), "core/version.py"]
    assert {entry.date_time for entry in entries} == {(2025, 6, 15, 15, 6, 40)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}


def test_the_index_names_the_archive_and_its_digest(tmp_path: Path) -> None:
    archive = build(ROOT, tmp_path, STAMP)

    [package] = yaml.load((tmp_path / "index.yml").read_text("utf-8"), Loader=yaml.BaseLoader)

    assert {key: package[key] for key in ("id", "version", "date", "path", "sha256")} == {
        "id": "PlexSync",
        "version": VERSION,
        "date": DATE,
        "path": archive.name,
        "sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
    }
    assert set(package) == {"id", "name", "version", "date", "path", "sha256", "metadata"}
    assert package["metadata"]["description"]


def test_a_second_manifest_is_not_shipped_but_refused(copied: Path) -> None:
    (copied / "ui" / "built" / "workflow.yml").write_text("name: ghost\n", encoding="utf-8")

    with pytest.raises(Unpackable, match=r"ui/built/workflow\.yml as another plugin"):
        shipped_files(copied)


def test_an_incomplete_source_is_refused(copied: Path) -> None:
    (copied / "wiring.py").unlink()

    with pytest.raises(Unpackable, match=r"no wiring\.py"):
        shipped_files(copied)


def test_no_index_is_written_below_a_plugin_that_stash_runs(
    copied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copied / "data").mkdir()

    refused = main([], copied, {})
    taken = main(["--out", str(tmp_path / "elsewhere")], copied, {})

    assert (refused, taken) == (1, 0)
    assert "make package OUT=" in capsys.readouterr().err
    assert not (copied / "dist").exists()
    assert (tmp_path / "elsewhere" / "index.yml").exists()


def test_the_time_is_the_one_that_is_asked_for() -> None:
    assert release_time(ROOT, {"SOURCE_DATE_EPOCH": str(STAMP)}) == STAMP


def test_a_time_that_is_no_number_is_refused() -> None:
    with pytest.raises(Unpackable, match="SOURCE_DATE_EPOCH"):
        release_time(ROOT, {"SOURCE_DATE_EPOCH": "yesterday"})


def test_without_history_the_time_is_the_day_of_the_release(copied: Path) -> None:
    (copied / "CHANGELOG.md").write_text(f"## [{VERSION}] - 2025-06-15\n", encoding="utf-8")

    assert release_time(copied, {}) == STAMP - STAMP % 86_400


def test_a_version_that_the_changelog_does_not_know_needs_a_time(copied: Path) -> None:
    (copied / "CHANGELOG.md").unlink()

    with pytest.raises(Unpackable, match="SOURCE_DATE_EPOCH"):
        release_time(copied, {})
