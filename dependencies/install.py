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
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from core.files import JsonFile
from core.lock import locked
from dependencies.installers import (
    CommandResult,
    Installer,
    find_installers,
    last_error_line,
    run_command,
)
from dependencies.requirements import (
    Requirement,
    parse_requirements,
    platform_tag,
    unimportable,
    unmet,
)

RETRY_AFTER_S = 600.0  # a failed installation is not tried again sooner, unless forced
LOCK_WAIT_S = 900.0  # while another process installs

_NO_PIP = "No module named pip"
_NO_INSTALLER = (
    "there is neither pip nor uv; install pip first (apk add py3-pip, or apt install python3-pip)"
)
_MOVE_TRIES = 5  # on Windows a virus scanner may hold a new file for a moment


class DependencyError(Exception):
    """The packages are missing and could not be installed; the message is one line for the user."""


class DependencySpec(NamedTuple):
    """What has to be importable, and the name of the private folder that would hold it."""

    file: Path
    requirements: tuple[Requirement, ...]
    key: str


class InstallFailed(Exception):
    """No installer succeeded: the reason, and the installer that the user should run by hand."""

    def __init__(self, reason: str, installer: Installer) -> None:
        super().__init__(reason)
        self.installer = installer


class NoInstallerFound(InstallFailed):
    """There was nothing to try, so looking again costs nothing."""


RunCommand = Callable[[Sequence[str], Path], CommandResult]


def ensure_dependencies(
    root: str,
    data_dir: str,
    *,
    force: bool = False,
    installers: Sequence[Installer] | None = None,
    run: RunCommand | None = None,
    now: Callable[[], float] = time.time,
    wait_s: float = LOCK_WAIT_S,
) -> None:
    """Make the packages importable in this process; install into `data_dir`/deps what is missing.

    Args:
        root: the plugin's folder, holding requirements.txt.
        data_dir: the plugin's data folder; nothing outside of it is written.
        force: try to install although it failed in the last ten minutes.
        installers: what may install; by default pip, uv, and the pip that Python carries along.
        run: starts one command in a folder; by default `run_command`.
        now: seconds since the epoch.
        wait_s: how long another process may be installing before this one gives up.

    Raises:
        Unmet: they are missing and could not be installed.
    """
    needs = read_needs(Path(root).absolute())
    deps = Path(data_dir).absolute() / "deps"
    target = deps / needs.key
    if unmet(needs.requirements, [str(target)]):
        absent = unmet(needs.requirements, sys.path) or unimportable(needs.requirements)
        if not absent:
            return
        known = find_installers() if installers is None else installers
        try:
            deps.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked(deps / ".lock", wait_s):
                _install_once(needs, deps, absent, known, run or run_command, now(), force)
        except OSError as error:
            command = _manual_installer(known).command(needs.file, target)
            raise _folder_error(error, absent, deps, command) from error
    use_folder(target)


def read_needs(root: Path) -> DependencySpec:
    """Return the requirements of the plugin in `root`.

    Raises:
        DependencyError: requirements.txt is missing or damaged.
    """
    file = root / "requirements.txt"
    try:
        raw = file.read_bytes()
        requirements = parse_requirements(raw.decode("utf-8"))
    except (OSError, ValueError) as error:
        raise DependencyError(
            f"PlexSync is incomplete, {file} cannot be used ({error}): install the plugin again"
        ) from error
    return DependencySpec(
        file, requirements, f"{platform_tag()}-{hashlib.sha256(raw).hexdigest()[:12]}"
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


def _install_once(
    needs: DependencySpec,
    deps: Path,
    absent: list[str],
    installers: Sequence[Installer],
    run: RunCommand,
    now: float,
    force: bool,
) -> None:
    """Install, unless another process did, or failed a moment ago. The lock is held."""
    target = deps / needs.key
    failures = JsonFile(deps / "failed.json", time.sleep)
    if not unmet(needs.requirements, [str(target)]):
        return
    last = failures.read() or {}
    age = now - last["at"] if isinstance(last.get("at"), (int, float)) else RETRY_AFTER_S
    if not force and last.get("key") == needs.key and 0 <= age < RETRY_AFTER_S:
        raise DependencyError(str(last.get("why")))
    try:
        install(needs, deps, installers, run)
    except InstallFailed as failure:
        reason = _error_message(absent, str(failure), failure.installer.command(needs.file, target))
        if not isinstance(
            failure, NoInstallerFound
        ):  # a user who installs pip now need not wait for the next try
            failures.write({"at": now, "key": needs.key, "why": reason})
        raise DependencyError(reason) from failure
    (deps / "failed.json").unlink(missing_ok=True)


def install(
    needs: DependencySpec, deps: Path, installers: Sequence[Installer], run: RunCommand
) -> None:
    """Fill the private folder; it appears complete or not at all. The caller holds the lock.

    Raises:
        Failed: no installer did it.
        OSError: the disk does not allow it.
    """
    target = deps / needs.key
    _remove(deps.glob("*.tmp"))  # of dead processes: a living one would hold the lock
    work = Path(tempfile.mkdtemp(prefix=f"{needs.key}.{os.getpid()}.", suffix=".tmp", dir=deps))
    try:
        site = _build(needs, work, installers, run)
        if target.exists():
            _move(target, work / "damaged")
        _move(site, target)
        _move_obsolete(deps, target, work)
    finally:
        _remove([work])


def _build(
    needs: DependencySpec, work: Path, installers: Sequence[Installer], run: RunCommand
) -> Path:
    """The folder that the first working installer filled."""
    failures = []
    for installer in installers:
        site = work / installer.name
        site.mkdir()
        finished = run(installer.command(needs.file, site), work)
        if finished.status and _NO_PIP in finished.output:
            continue
        reason = (
            last_error_line(finished.output) if finished.status else _validate(needs, site, run)
        )
        if not reason:
            return site
        failures.append(InstallFailed(reason, installer))
    raise (
        failures[0] if failures else NoInstallerFound(_NO_INSTALLER, _manual_installer(installers))
    )


def _validate(needs: DependencySpec, site: Path, run: RunCommand) -> str:
    """What is wrong with a fresh installation; empty when it can be used."""
    for manifest in site.rglob("*.yml"):  # Stash would read it as another plugin
        manifest.unlink()
    absent = unmet(needs.requirements, [str(site)])
    if absent:
        return f"the installation lacks {', '.join(absent)}"
    modules = ", ".join(requirement.module for requirement in needs.requirements)
    program = f"import sys; sys.path.insert(0, sys.argv[1]); import {modules}"
    finished = run([sys.executable, "-c", program, str(site)], site.parent)
    return (
        f"installed, but not usable: {last_error_line(finished.output)}" if finished.status else ""
    )


def _manual_installer(installers: Sequence[Installer]) -> Installer:
    return installers[0] if installers else find_installers()[0]


def _move(source: Path, target: Path) -> None:
    for tries_left in range(_MOVE_TRIES - 1, -1, -1):
        try:
            source.rename(target)
            return
        except PermissionError:
            if not tries_left:
                raise
            time.sleep(0.2)


def _move_obsolete(deps: Path, target: Path, work: Path) -> None:
    """Move the folders of other requirements and other Pythons away, so that none is ever half
    removed in place.
    """
    for other in deps.iterdir():
        if other.is_dir() and other not in (target, work):
            try:
                other.rename(work / other.name)
            except OSError:
                pass  # in use on Windows: the next installation tries again


def _remove(folders: Iterable[Path]) -> None:
    for folder in folders:
        shutil.rmtree(
            folder, ignore_errors=True
        )  # what cannot be removed now is tried again next time


def _folder_error(
    error: OSError, absent: list[str], deps: Path, command: list[str]
) -> DependencyError:
    """Return the error for a private folder that is locked for too long or cannot be used."""
    if isinstance(error, TimeoutError):
        reason = "another process has been installing them for long"
        return DependencyError(_error_message(absent, reason, None))
    reason = f"{deps} cannot be used ({error.strerror or error})"
    return DependencyError(_error_message(absent, reason, command))


def _error_message(absent: list[str], reason: str, command: list[str] | None) -> str:
    advice = "try again later"
    if command is not None:
        join = subprocess.list2cmdline if sys.platform == "win32" else shlex.join
        advice = f"run: {join(command)}"
    return (
        f"PlexSync lacks Python packages ({', '.join(absent)}) and could not install them: "
        f"{reason}. To help, {advice}"
    )
