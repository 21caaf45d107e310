"""Make a revision of the project ready to be installed: its files, and a Python for it."""

import importlib.util
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environment import PROJECT


@dataclass(frozen=True, slots=True)
class Revision:
    """`source` holds its files; `python` has the packages that its requirements.txt names."""

    name: str
    source: Path
    python: Path


def this_revision(folder: Path) -> Revision:
    """Return the project as it is, uncommitted changes included, with a new Python."""
    return Revision(name_of_this(), PROJECT, make_python(PROJECT, folder / "this"))


def name_of_this() -> str:
    """Return the short name of the project's revision, "?" in a folder without history.

    Changed pages do not count: the figures are written into one.
    """
    try:
        changes = _git("status", "--porcelain", "--untracked-files=no", ".", ":!docs").strip()
        return _short("HEAD") + (" and changes" if changes else "")
    except (OSError, subprocess.CalledProcessError):
        return "?"


def checked_out(revision: str, folder: Path) -> Revision:
    """Put the files of a revision below `folder`, with a new Python for it.

    Raises:
        subprocess.CalledProcessError: git has no such revision, or a package is not available.
    """
    name, source, archive = _short(revision), folder / "source", folder / "source.zip"
    _git("archive", "--format=zip", f"--output={archive}", revision)
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(source)
    return Revision(name, source, make_python(source, folder / "other"))


def make_python(source: Path, folder: Path) -> Path:
    """Make an environment of the benchmark's Python with the packages of `source`; its Python.

    Only what ships is installed: packages for development slow every start down.
    """
    python = bare_python(folder)
    options = ["--quiet", "-r", str(source / "requirements.txt")]
    if importlib.util.find_spec("pip"):
        start = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python"]
        command = [*start, str(python), "install", "--prefer-binary", *options]
    else:  # the project's environment was made with uv
        command = ["uv", "pip", "install", "--python", str(python), *options]
    subprocess.run(command, check=True)
    return python


def bare_python(folder: Path) -> Path:
    """Make an environment without packages and return its Python."""
    base = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([base, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _short(revision: str) -> str:
    return _git("log", "-1", "--format=%h", revision).strip()


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(PROJECT), *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
