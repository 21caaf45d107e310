"""An installation from the package, as Stash's package manager makes it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from core.version import VERSION
from dependencies.install import LOCK
from dependencies.installers import find_installers
from dependencies.private_folder import LOCKED
from tests.emulators.stash_install import install_package
from tests.emulators.stash_process import spawn_process
from tests.harness.plugin_copy import ROOT
from tests.harness.processes import ProcessHarness
from tools.package import FILES, FOLDERS, PLUGIN_ID, build

LIMIT_S = 300.0
INSTALL_LIMIT_S = 600.0
# For code that is not this checkout's: its warnings are errors where the suite runs on every Python.
NO_WARNINGS = {"PYTHONDEVMODE": "", "PYTHONWARNINGS": ""}
STAMP = 1_750_000_000
OLD = "0.9.0"

# Stands for a Python whose distributor has taken the way to pip out.
_NO_PIP = """
import sys, sysconfig
sys.modules["ensurepip"] = None
sysconfig.get_config_vars()["WHEEL_PKG_DIR"] = ""
"""


class PackagedInstall(ProcessHarness):
    """Installed from a plugin source, where Stash puts what comes from one."""

    def __init__(
        self, root: Path, source: Path, python: Path | None = None, **stash_options: Any
    ) -> None:
        super().__init__(root, spawn=spawn_process, **stash_options)
        self.plugin = self.stash.plugins_path / "community" / PLUGIN_ID
        self.data = self.plugin / "data"
        self.stash.core.runner.python_path = str(python or sys.executable)
        self._source = source

    def install(self) -> None:
        self.update(self._source)

    def update(self, source: Path) -> None:
        """Install what a source has, over whatever is there."""
        install_package(source / "index.yml", PLUGIN_ID, self.plugin)
        self.stash.reload_plugins()


def build_source(folder: Path) -> Path:
    """A plugin source with the package of this version."""
    build(ROOT, folder, STAMP)
    return folder


def build_old_source(folder: Path, **replaced: str) -> Path:
    """A source with an older version; `replaced` are texts of top-level modules that were different
    then.
    """
    root = folder / "root"
    root.mkdir(parents=True)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, root / name)
    for module, text in replaced.items():
        (root / f"{module}.py").write_text(text, encoding="utf-8")
    version = root / "core" / "version.py"
    version.write_text(
        version.read_text(encoding="utf-8").replace(f'"{VERSION}"', f'"{OLD}"'), encoding="utf-8"
    )
    build(root, folder, STAMP - 86_400)
    return folder


def download_wheels(folder: Path) -> Path:
    """Everything that the lock file names, fetched once, for installations without a network."""
    command = [
        *_pip(),
        "download",
        "-q",
        *LOCKED,
        "-d",
        str(folder),
        "-r",
        str(ROOT / LOCK),
    ]
    subprocess.run(command, check=True, timeout=INSTALL_LIMIT_S, env={**os.environ, **NO_WARNINGS})
    return folder


def _pip() -> tuple[str, ...]:
    return next(
        installer.start
        for installer in reversed(find_installers())
        if installer.name in ("pip", "bundled")
    )


def install_system_package(python: Path, wheels: Path, name: str) -> None:
    """Do what the system's package manager does: make a package part of this interpreter."""
    packages = next(python.parent.parent.rglob("site-packages"))
    options = ("--no-index", "--find-links", str(wheels), "--target", str(packages))
    command = [*_pip(), "install", "-q", *options, name]
    environment = {**os.environ, **NO_WARNINGS, "PIP_USER": "0"}
    subprocess.run(command, check=True, timeout=LIMIT_S, env=environment)


def bare_python(folder: Path, *, may_have_pip: bool = True) -> Path:
    """An interpreter with nothing but the standard library."""
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=LIMIT_S
    )
    windows = sys.platform == "win32"
    if not may_have_pip:
        packages = folder / "Lib" if windows else next((folder / "lib").glob("python*"))
        (packages / "site-packages" / "sitecustomize.py").write_text(_NO_PIP, encoding="utf-8")
    return folder / ("Scripts/python.exe" if windows else "bin/python")


def restore_pip(python: Path) -> None:
    """Install pip, as a user does after the notice that there is none."""
    for block in python.parent.parent.rglob("sitecustomize.py"):
        block.unlink()
    subprocess.run(
        [str(python), "-m", "ensurepip"],
        check=True,
        timeout=LIMIT_S,
        capture_output=True,
        env={**os.environ, **NO_WARNINGS},
    )


def offline(wheels: Path, programs: Path) -> dict[str, str]:
    """The environment of a machine without a package index; `programs` is all that its PATH names."""
    return {
        "PATH": str(programs),
        "PYTHONPATH": "",
        **NO_WARNINGS,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "UV_OFFLINE": "1",
        "UV_FIND_LINKS": str(wheels),
    }


def find_uv(folder: Path) -> Path | None:
    """The folder of a uv, this machine's or one from the index; None where there is none."""
    found = shutil.which("uv")
    if found:
        return Path(found).parent
    command = [*find_installers()[-1].start, "install", "-q", "--target", str(folder), "uv"]
    finished = subprocess.run(
        command, check=False, timeout=INSTALL_LIMIT_S, env={**os.environ, "PIP_USER": "0"}
    )
    return folder / "bin" if finished.returncode == 0 and (folder / "bin").is_dir() else None
