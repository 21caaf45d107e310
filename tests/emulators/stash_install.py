"""Puts a plugin folder in place as the package manager does, and finds its processes."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

_LEFT_OUT = {"data", "tests", "dist", "site"}
_CACHES = {
    "__pycache__",
    "node_modules",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
}


def install(source: Path, target: Path, files: Iterable[str] | None) -> Path:
    """Copy over what is there; files of the plugin's own, such as its data, stay."""
    target.mkdir(parents=True, exist_ok=True)
    chosen = list(files) if files is not None else list(_shipped(source))
    for name in chosen:
        destination = target / name
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / name, destination)
    manifest = target / "manifest"
    manifest.write_text("\n".join(chosen), encoding="utf-8")
    return target


class PackageError(Exception):
    """What Stash's package manager would refuse."""


def read_source(index: Path) -> list[dict[str, Any]]:
    """The packages of a plugin source."""
    packages = yaml.load(
        index.read_text(encoding="utf-8"), Loader=yaml.BaseLoader
    )  # texts, lists and mappings only
    if not isinstance(packages, list) or not all(isinstance(each, dict) for each in packages):
        raise PackageError("a source is a list of packages")
    return packages


def install_package(index: Path, package_id: str, target: Path) -> Path:
    """Install or update from a plugin source: check, delete what the old package brought, unzip
    over the folder.
    """
    package = next(each for each in read_source(index) if each["id"] == package_id)
    archive = index.parent / package["path"]
    if hashlib.sha256(archive.read_bytes()).hexdigest() != package["sha256"]:
        raise PackageError("the archive is not the one that the index names")
    if (target / "manifest").exists():
        _remove_listed(target)
    with zipfile.ZipFile(archive) as opened:
        names = [entry.filename for entry in opened.infolist() if not entry.is_dir()]
        for name in names:
            destination = target / name
            destination.parent.mkdir(parents=True, exist_ok=True)
            destination.write_bytes(opened.read(name))
    (target / "manifest").write_text("\n".join(names), encoding="utf-8")
    return target


def _remove_listed(target: Path) -> None:
    for name in [*(target / "manifest").read_text(encoding="utf-8").splitlines(), "manifest"]:
        (target / name).unlink(missing_ok=True)


def uninstall(target: Path) -> None:
    """Remove the listed files and the folders that this empties."""
    _remove_listed(target)
    for folder in sorted((each for each in target.rglob("*") if each.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def _shipped(source: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(source):
        relative = Path(folder).relative_to(source)
        top = relative == Path()
        folders[:] = [
            each for each in folders if each not in _CACHES and not (top and _private(each))
        ]
        yield from (str(relative / name) for name in names if not name.startswith("."))


def _private(folder: str) -> bool:
    return folder in _LEFT_OUT or folder.startswith(".")


def kill_processes_of(folder: Path) -> list[int]:
    """SIGKILL every other process with an argument or a working folder below `folder`; a no-op
    without /proc.
    """
    killed = []
    for entry in Path("/proc").glob("[0-9]*"):
        pid = int(entry.name)
        if pid != os.getpid() and _belongs(entry, folder.resolve()):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            killed.append(pid)
    return killed


def _belongs(process: Path, folder: Path) -> bool:
    try:
        arguments = (process / "cmdline").read_bytes().split(b"\0")
        current = (process / "cwd").resolve()
    except OSError:
        return False  # it has ended meanwhile, or belongs to another user
    inside = os.fsencode(folder) + b"/"
    return any(each.startswith(inside) for each in arguments) or current.is_relative_to(folder)
