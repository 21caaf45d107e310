"""Programs that can fill a folder with packages: which there are, and running one.

Standard library only.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

INSTALL_LIMIT_S = 600.0  # for one installer

_OTHER_PLACES = {"PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "UV_TARGET", "UV_PREFIX"}
# An installer of another Python's time warns of its own code.
_STRICTNESS = {"PYTHONWARNINGS", "PYTHONDEVMODE"}
_NO_WINDOW: int = getattr(
    subprocess, "CREATE_NO_WINDOW", 0
)  # a worker on Windows has no console to lend


class Installer(NamedTuple):
    """A program that can fill a folder with packages: its argv up to the word `install`, and its
    options.
    """

    name: str
    start: tuple[str, ...]
    options: tuple[str, ...] = ()

    def command(self, requirements: Path, target: Path, options: Sequence[str] = ()) -> list[str]:
        """Return the argv that installs everything into `target`."""
        return [
            *self.start,
            "install",
            *self.options,
            *options,
            "--target",
            str(target),
            "-r",
            str(requirements),
        ]


class CommandResult(NamedTuple):
    """How a command ended (0 is success), and what it said."""

    status: int
    output: str


def find_installers() -> list[Installer]:
    """Return the installers that may work here, the most usual first."""
    options = ("--disable-pip-version-check", "--no-input", "--prefer-binary", "--upgrade")
    python = sys.executable or "python3"
    found = [Installer("pip", (python, "-m", "pip"), options)]
    uv = shutil.which("uv")
    if uv:
        found.append(Installer("uv", (uv, "pip"), ("--no-cache", "--python", python)))
    wheel = _bundled_pip()
    if wheel:
        found.append(Installer("bundled", (python, str(wheel / "pip")), options))
    return found


def _bundled_pip() -> Path | None:
    """The pip wheel that Python carries for new environments: it runs from where it lies."""
    folders = []
    spec = importlib.util.find_spec("ensurepip")
    if spec is not None and spec.origin:
        folders.append(Path(spec.origin).parent / "_bundled")
    distributor = sysconfig.get_config_var("WHEEL_PKG_DIR")
    if distributor:
        folders.append(Path(distributor))
    wheels = [wheel for folder in folders for wheel in sorted(folder.glob("pip-*.whl"))]
    return wheels[-1] if wheels else None


def installer_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an installer's environment: all of it, for indexes, mirrors and proxies, but no
    target.

    Python's warnings are not made errors for it. `user` and `require-virtualenv` in the user's
    pip.conf contradict a private folder.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if name not in _OTHER_PLACES | _STRICTNESS
    }
    return {**kept, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}


def run_command(
    command: Sequence[str], folder: Path, limit_s: float = INSTALL_LIMIT_S
) -> CommandResult:
    """Run `command` in `folder`; a failure to start it or an exceeded limit is a status, not an
    error.
    """
    # A file, not a pipe: children of a killed installer could hold a pipe open for ever.
    with tempfile.TemporaryFile(dir=folder) as output:
        try:
            status = subprocess.run(
                command,
                cwd=folder,
                env=installer_environment(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=limit_s,
                check=False,
                creationflags=_NO_WINDOW,
            ).returncode
        except subprocess.TimeoutExpired:
            return CommandResult(-1, f"{Path(command[0]).name} was not ready after {limit_s:.0f} s")
        except OSError as error:
            return CommandResult(-1, f"{command[0]} could not be started: {error.strerror}")
        output.seek(0)
        return CommandResult(status, output.read().decode("utf-8", "replace"))
