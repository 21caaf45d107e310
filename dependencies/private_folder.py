"""Fills the private folder with packages; it appears complete or not at all.

Ready packages (wheels) come first, so that no compiler is started where there is one. What has no
wheel for this machine may be among the packages of Stash's Python. Standard library only.
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
from dependencies.installers import CommandResult, Installer, find_installers, last_error_line
from dependencies.requirements import Requirement, lacking, unmet
from dependencies.wheels import (
    WHEELS_ONLY,
    Attempt,
    no_wheel_advice,
    no_wheel_reason,
    package_without_wheel,
    second_attempt,
)

_NO_PIP = "No module named pip"
_NO_INSTALLER = (
    "there is neither pip nor uv; install pip first (apk add py3-pip, or apt install python3-pip)"
)
_MOVE_RETRY_DELAY_S = 0.2  # on Windows a virus scanner may hold a new file for a moment


class DependencySpec(NamedTuple):
    """What has to be importable, and the name of the private folder that would hold it."""

    file: Path
    requirements: tuple[Requirement, ...]
    key: str


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


RunCommand = Callable[[Sequence[str], Path], CommandResult]


def install(
    needs: DependencySpec, deps: Path, installers: Sequence[Installer], run: RunCommand
) -> None:
    """Fill the private folder; it appears complete or not at all. The caller holds the lock.

    Raises:
        InstallFailed: no installer did it.
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
        try:
            site = _run_installer(needs, work, installer, run)
        except InstallFailed as failure:
            failures.append(failure)
        else:
            if site is not None:
                return site
    raise (
        failures[0] if failures else NoInstallerFound(_NO_INSTALLER, manual_installer(installers))
    )


def _run_installer(
    needs: DependencySpec, work: Path, installer: Installer, run: RunCommand
) -> Path | None:
    """Return the folder that `installer` filled, ready packages first; None without the program.

    Raises:
        InstallFailed: it could not.
    """
    attempt: Attempt | None = Attempt(needs.requirements, WHEELS_ONLY)
    package = ""
    while attempt is not None:
        site = work / f"{installer.name}{'-sources' if package else ''}"
        finished = _run_attempt(attempt, installer, site, run)
        if finished.status and _NO_PIP in finished.output:
            return None
        if not finished.status:
            reason = _validate(needs, site, run)
            if reason:
                raise InstallFailed(reason, installer)
            return site
        if package:
            break
        package = package_without_wheel(finished.output)
        if not package:
            raise InstallFailed(last_error_line(finished.output), installer)
        absent = lacking(needs.requirements, sys.path)
        attempt = second_attempt(package, needs.requirements, absent)
    advice = no_wheel_advice(package, needs.requirements)
    raise InstallFailed(no_wheel_reason(package), installer, advice)


def _run_attempt(
    attempt: Attempt, installer: Installer, site: Path, run: RunCommand
) -> CommandResult:
    site.mkdir()
    file = site.with_suffix(".txt")
    file.write_text("\n".join(one.text for one in attempt.requirements) + "\n", "utf-8")
    return run(installer.command(file, site, attempt.options), site.parent)


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
