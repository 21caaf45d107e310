"""Fills the private folder with packages; it appears complete or not at all.

The lock file comes first: the versions that the suite ran with, each file known by its hash. Only
where it has no wheel for this machine is the range of requirements.txt tried, wheels only. What has
none in the range either may be among the packages of Stash's Python. Standard library only.
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from core.files import retried
from dependencies.installer_output import Failure, diagnose, last_error_line
from dependencies.installers import CommandResult, Installer, find_installers
from dependencies.requirements import Requirement, lacking, unmet
from dependencies.wheels import foreign_file_reason, no_wheel_advice, no_wheel_reason, range_warning

WHEELS_ONLY = ("--only-binary", ":all:")
# The lock file names every package, so nothing is added to it.
LOCKED = ("--require-hashes", "--no-deps", *WHEELS_ONLY)
_NO_INSTALLER = (
    "there is neither pip nor uv; install pip first (apk add py3-pip, or apt install python3-pip)"
)
_CHECK_INDEX = (
    "check which package index or mirror Stash's Python uses (pip config list), and try again; "
    "if it is the public one, report this line"
)
_MOVE_RETRY_DELAY_S = 0.2  # on Windows a virus scanner may hold a new file for a moment


class DependencySpec(NamedTuple):
    """What has to be importable, and the name of the private folder that would hold it.

    `lock` is the file with the versions and hashes to install; `revision` changes with each change
    of what is asked for.
    """

    file: Path
    lock: Path
    requirements: tuple[Requirement, ...]
    key: str
    revision: str


class InstallFailed(Exception):
    """No installer succeeded: the reason, and the installer that the user should run by hand.

    `advice` is what the user should do instead of that, "" for nothing.
    """

    def __init__(self, reason: str, installer: Installer, advice: str = "") -> None:
        super().__init__(reason)
        self.installer = installer
        self.advice = advice


class NoInstallerFound(InstallFailed):
    """There was nothing to try, so looking again costs nothing."""


class ForeignFile(InstallFailed):
    """A package's file is another one than the lock file names: no other way is tried."""


class NoWheel(InstallFailed):
    """`package` is not offered ready for this machine."""

    def __init__(self, package: str, installer: Installer, advice: str) -> None:
        super().__init__(no_wheel_reason(package), installer, advice)
        self.package = package


class Attempt(NamedTuple):
    """One call of an installer: the name of its folder, the file that it reads, its options."""

    name: str
    file: Path
    options: tuple[str, ...]


RunCommand = Callable[[Sequence[str], Path], CommandResult]


def install(
    needs: DependencySpec, deps: Path, installers: Sequence[Installer], run: RunCommand
) -> str:
    """Fill the private folder; it appears complete or not at all. The caller holds the lock.

    Return a warning for the user, "" where the lock file was installed.

    Raises:
        InstallFailed: no installer did it.
        OSError: the disk does not allow it.
    """
    target = deps / needs.key
    _remove(deps.glob("*.tmp"))  # of dead processes: a living one would hold the lock
    work = Path(tempfile.mkdtemp(prefix=f"{needs.key}.{os.getpid()}.", suffix=".tmp", dir=deps))
    try:
        warning = ""
        try:
            site = _fill(needs, Attempt("locked", needs.lock, LOCKED), work, installers, run)
        except NoWheel as failure:
            site = _fill(needs, _from_range(needs, work), work, installers, run)
            warning = range_warning(failure.package)
        if target.exists():
            _move(target, work / "damaged")
        _move(site, target)
        _move_obsolete(deps, target, work)
    finally:
        _remove([work])
    return warning


def _from_range(needs: DependencySpec, work: Path) -> Attempt:
    """Return what to try without the lock file: what Stash's Python lacks of the range.

    That it has all of it, but something cannot be imported, leaves everything to be installed.
    """
    absent = lacking(needs.requirements, sys.path) or needs.requirements
    file = work / "range.txt"
    file.write_text("".join(f"{one.text}\n" for one in absent), "utf-8")
    return Attempt("range", file, WHEELS_ONLY)


def _fill(
    needs: DependencySpec,
    attempt: Attempt,
    work: Path,
    installers: Sequence[Installer],
    run: RunCommand,
) -> Path:
    """Return the folder that the first working installer filled.

    Raises:
        ForeignFile: one of them got a file whose hash differs; the rest were not asked.
        NoWheel: none could, and one of them for want of a wheel.
        InstallFailed: none could.
    """
    failures: list[InstallFailed] = []
    for installer in installers:
        try:
            site = _run_installer(needs, attempt, work, installer, run)
        except ForeignFile:
            raise
        except InstallFailed as failure:
            failures.append(failure)
        else:
            if site is not None:
                return site
    failures.sort(key=lambda failure: not isinstance(failure, NoWheel))
    if failures:
        raise failures[0]
    raise NoInstallerFound(_NO_INSTALLER, manual_installer(installers))


def _run_installer(
    needs: DependencySpec, attempt: Attempt, work: Path, installer: Installer, run: RunCommand
) -> Path | None:
    """Return the folder that `installer` filled; None without the program.

    Raises:
        InstallFailed: it could not.
    """
    site = work / f"{installer.name}-{attempt.name}"
    site.mkdir()
    finished = run(installer.command(attempt.file, site, attempt.options), work)
    if not finished.status:
        reason = _validate(needs, site, run)
        if reason:
            raise InstallFailed(reason, installer)
        return site
    failure, package = diagnose(finished.output)
    if failure is Failure.NO_PROGRAM:
        return None
    if failure is Failure.HASH_MISMATCH:
        raise ForeignFile(foreign_file_reason(package), installer, _CHECK_INDEX)
    if failure is Failure.NO_WHEEL:
        raise NoWheel(package, installer, no_wheel_advice(package, needs.requirements))
    raise InstallFailed(last_error_line(finished.output), installer)


def _validate(needs: DependencySpec, site: Path, run: RunCommand) -> str:
    """What is wrong with a fresh installation; empty when it can be used."""
    for manifest in site.rglob("*.yml"):  # Stash would read it as another plugin
        manifest.unlink()
    # What has no wheel for this machine may be among the packages of Stash's Python.
    search_path = [str(site), *sys.path]
    absent = unmet(needs.requirements, search_path)
    if absent:
        return f"the installation lacks {', '.join(absent)}"
    modules = ", ".join(requirement.module for requirement in needs.requirements)
    program = f"import sys; sys.path[:] = sys.argv[1:]; import {modules}"
    finished = run([sys.executable, "-c", program, *search_path], site.parent)
    return (
        f"installed, but not usable: {last_error_line(finished.output)}" if finished.status else ""
    )


def manual_installer(installers: Sequence[Installer]) -> Installer:
    """Return the installer whose command the user should run by hand."""
    return installers[0] if installers else find_installers()[0]


def _move(source: Path, target: Path) -> None:
    retried(lambda: source.rename(target), time.sleep, PermissionError, _MOVE_RETRY_DELAY_S)


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
