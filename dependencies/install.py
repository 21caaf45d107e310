"""Makes sure that the packages of requirements.txt can be imported before they are needed.

Stash's Python belongs to the user and is often empty, read-only or managed by the system. What is
missing is therefore installed into a private folder below data/, and a worker or task that cannot
get its packages ends with one line that says what to run. Standard library only; hooks never come
here.
"""

import hashlib
import importlib
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from core.files import JsonFile
from core.lock import locked
from dependencies.installers import Installer, find_installers, run_command
from dependencies.private_folder import (
    LOCKED,
    DependencySpec,
    InstallFailed,
    NoInstallerFound,
    RunCommand,
    install,
    manual_installer,
)
from dependencies.requirements import parse_requirements, platform_tag, unimportable, unmet

REQUIREMENTS = "requirements.txt"
LOCK = "dependencies/requirements.lock"
RETRY_AFTER_S = 600.0  # a failed installation is not tried again sooner, unless forced
LOCK_WAIT_S = 900.0  # while another process installs


class DependencyError(Exception):
    """The packages are missing and could not be installed; the message is one line for the user."""


def ensure_dependencies(
    root: str,
    data_dir: str,
    *,
    force: bool = False,
    installers: Sequence[Installer] | None = None,
    run: RunCommand | None = None,
    now: Callable[[], float] = time.time,
    wait_s: float = LOCK_WAIT_S,
) -> str:
    """Make the packages importable in this process; install into `data_dir`/deps what is missing.

    Return a warning if other versions than the locked ones were installed just now, "" otherwise.

    Args:
        root: the plugin's folder, holding requirements.txt and the lock file.
        data_dir: the plugin's data folder; nothing outside of it is written.
        force: try to install although it failed in the last ten minutes.
        installers: what may install; by default pip, uv, and the pip that Python carries along.
        run: starts one command in a folder; by default `run_command`.
        now: seconds since the epoch.
        wait_s: how long another process may be installing before this one gives up.

    Raises:
        DependencyError: they are missing and could not be installed.
    """
    needs = read_needs(Path(root).absolute())
    deps = Path(data_dir).absolute() / "deps"
    if not _is_usable(needs, deps / needs.key):
        absent = unmet(needs.requirements, sys.path) or unimportable(needs.requirements)
        known = find_installers() if installers is None else installers
        means = _Means(known, run or run_command, now(), force, wait_s)
        return _install_absent(needs, deps, absent, means) if absent else ""
    use_folder(deps / needs.key)
    return ""


class _Means(NamedTuple):
    """What installs, and when: seconds since the epoch, and how long another one may take."""

    installers: Sequence[Installer]
    run: RunCommand
    now: float
    is_forced: bool
    wait_s: float


def _install_absent(needs: DependencySpec, deps: Path, absent: list[str], means: _Means) -> str:
    """Install into the private folder and use it; return the warning."""
    target = deps / needs.key
    try:
        deps.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(deps / ".lock", means.wait_s):
            warning = _install_once(needs, deps, absent, means)
    except OSError as error:
        command = _command_by_hand(manual_installer(means.installers), needs, target)
        raise _folder_error(error, absent, deps, command) from error
    use_folder(target)
    return warning


def _command_by_hand(installer: Installer, needs: DependencySpec, target: Path) -> list[str]:
    """Return the command with which the user installs what the lock file names."""
    return installer.command(needs.lock, target, LOCKED)


def _is_usable(needs: DependencySpec, target: Path) -> bool:
    """Return True if the private folder has everything, or Stash's Python the rest of it."""
    if not unmet(needs.requirements, [str(target)]):
        return True
    if not target.is_dir() or unmet(needs.requirements, [str(target), *sys.path]):
        return False
    before = sys.path[:]
    use_folder(target)
    if not unimportable(needs.requirements):
        return True
    sys.path[:] = before
    return False


def read_needs(root: Path) -> DependencySpec:
    """Return the requirements of the plugin in `root`.

    Raises:
        DependencyError: requirements.txt or the lock file is missing or damaged.
    """
    file, lock = root / REQUIREMENTS, root / LOCK
    try:
        raw = file.read_bytes()
        requirements = parse_requirements(raw.decode("utf-8"))
        locked = lock.read_bytes()
    except (OSError, ValueError) as error:
        raise DependencyError(
            f"PlexSync is incomplete, {file} or {lock} cannot be used ({error}): "
            "install the plugin again"
        ) from error
    # A newer lock file alone replaces nothing: what is installed is in the range.
    key = f"{platform_tag()}-{hashlib.sha256(raw).hexdigest()[:12]}"
    return DependencySpec(
        file, lock, requirements, key, f"{key}-{hashlib.sha256(locked).hexdigest()[:12]}"
    )


def use_folder(folder: Path) -> None:
    """Put `folder` first on `sys.path`, and drop copies of its packages imported from elsewhere."""
    entry = str(folder)
    sys.path[:] = [entry, *(other for other in sys.path if other != entry)]
    importlib.invalidate_caches()
    provided = {path.name.partition(".")[0] for path in folder.iterdir()}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in provided and not _origin(module).startswith(entry + os.sep):
            del sys.modules[name]


def _origin(module: ModuleType) -> str:
    """Where a module lies; a package without `__init__.py` has only folders, and the first one
    counts.
    """
    return getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), "")


def _install_once(needs: DependencySpec, deps: Path, absent: list[str], means: _Means) -> str:
    """Install, unless another process did or failed a moment ago; return the warning.

    The folder's lock is held.
    """
    target = deps / needs.key
    failures = JsonFile(deps / "failed.json", time.sleep)
    if _is_usable(needs, target):
        return ""
    last = failures.read() or {}
    age = means.now - last["at"] if isinstance(last.get("at"), (int, float)) else RETRY_AFTER_S
    # A user who has installed one of them from the system need not wait for the next try.
    is_same = last.get("key") == needs.revision and last.get("absent", absent) == absent
    if not means.is_forced and is_same and 0 <= age < RETRY_AFTER_S:
        raise DependencyError(str(last.get("why")))
    try:
        warning = install(needs, deps, means.installers, means.run)
    except InstallFailed as failure:
        command = _command_by_hand(failure.installer, needs, target)
        reason = _error_message(absent, str(failure), command, failure.advice)
        if not isinstance(
            failure, NoInstallerFound
        ):  # a user who installs pip now need not wait for the next try
            failures.write(
                {"at": means.now, "key": needs.revision, "why": reason, "absent": absent}
            )
        raise DependencyError(reason) from failure
    (deps / "failed.json").unlink(missing_ok=True)
    return warning


def _folder_error(
    error: OSError, absent: list[str], deps: Path, command: list[str]
) -> DependencyError:
    """Return the error for a private folder that is locked for too long or cannot be used."""
    if isinstance(error, TimeoutError):
        reason = "another process has been installing them for long"
        return DependencyError(_error_message(absent, reason, None))
    reason = f"{deps} cannot be used ({error.strerror or error})"
    return DependencyError(_error_message(absent, reason, command))


def _error_message(
    absent: list[str], reason: str, command: list[str] | None, advice: str = ""
) -> str:
    if command is None:
        advice = "try again later"
    elif not advice:
        join = subprocess.list2cmdline if sys.platform == "win32" else shlex.join
        advice = f"run: {join(command)}"
    return (
        f"PlexSync lacks Python packages ({', '.join(absent)}) and could not install them: "
        f"{reason}. To help, {advice}"
    )
