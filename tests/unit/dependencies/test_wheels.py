"""Where a package has no wheel, the system's package is used, or a clear line asks for it."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from dependencies.install import DependencyError, ensure_dependencies
from dependencies.installers import CommandResult, run_command
from dependencies.private_folder import LOCKED, WHEELS_ONLY
from dependencies.requirements import parse_requirements
from dependencies.wheels import no_wheel_advice, system_command
from tests.unit.dependencies.made_up import (
    FIRST,
    SECOND,
    imported_version,
    private_folder,
    write_package,
)

NEEDS = parse_requirements("plexapi>=4\npydantic>=2.7,<3\n")


def having(*programs: str) -> Callable[[str], str | None]:
    return lambda name: f"/bin/{name}" if name in programs else None


TAG = f"{sys.version_info[0]}{sys.version_info[1]}"


@pytest.mark.parametrize(
    ("programs", "command"),
    [
        (("apk",), "apk add py3-pydantic"),
        (("apt", "dpkg"), "apt install python3-pydantic"),
        (("dnf",), "dnf install python3-pydantic"),
        (("pacman",), "pacman -S python-pydantic"),
        (("pkg",), f"pkg install py{TAG}-pydantic2"),
        ((), ""),
    ],
)
def test_the_advice_names_the_systems_package(programs: tuple[str, ...], command: str) -> None:
    advice = no_wheel_advice("pydantic-core", NEEDS, having(*programs))

    assert system_command("pydantic", having(*programs)) == command
    assert advice.startswith("install pydantic>=2.7,<3 from the system's packages for ")
    assert (f"({command})" in advice) == bool(command)


class Index:
    """An installer whose index lacks some packages ready for this machine.

    `without_locked` lacks only the version of the lock file, `without_wheel` every version.
    """

    def __init__(self, *without_wheel: str, without_locked: str = "") -> None:
        self.without_wheel = without_wheel
        self.without_locked = without_locked
        self.ran: list[tuple[str, tuple[str, ...], list[str]]] = []

    def __call__(self, command: Sequence[str], folder: Path) -> CommandResult:
        if "--target" not in command:
            return run_command(command, folder)
        target = Path(command[command.index("--target") + 1])
        requirements = parse_requirements(Path(command[-1]).read_text("utf-8"))
        names = [requirement.name for requirement in requirements]
        options = tuple(command[2 : command.index("--target")])
        self.ran.append((command[0], options, names))
        for name in names:
            if name in self.without_wheel or (options == LOCKED and name == self.without_locked):
                return CommandResult(1, f"ERROR: No matching distribution found for {name}==2.1")
            write_package(target, name, "2.4.0")
        return CommandResult(0, "")


def ensure(plugin: Path, run: Index, at: float = 0.0) -> str:
    return ensure_dependencies(
        str(plugin),
        str(plugin / "data"),
        installers=[FIRST, SECOND],
        run=run,
        now=lambda: at,
    )


NAMES = ["madeup-one", "madeup-two"]


def test_only_the_lock_file_is_installed_where_it_fits(plugin: Path) -> None:
    index = Index()

    warning = ensure(plugin, index)

    assert index.ran == [("first", LOCKED, NAMES)]
    assert warning == ""


def test_the_range_follows_where_the_lock_has_no_wheel(plugin: Path) -> None:
    index = Index(without_locked="madeup-two")

    warning = ensure(plugin, index)

    assert index.ran == [
        ("first", LOCKED, NAMES),
        ("second", LOCKED, NAMES),
        ("first", WHEELS_ONLY, NAMES),
    ]
    assert imported_version("madeup_two") == "2.4.0"
    assert warning.startswith(f"madeup-two has no wheel for this machine ({sys.platform} ")
    assert "\n" not in warning


def test_the_warning_comes_once(plugin: Path) -> None:
    first = ensure(plugin, Index(without_locked="madeup-two"))

    assert first != ""
    assert ensure(plugin, Index()) == ""


def test_what_has_no_wheel_is_taken_from_the_system(plugin: Path, pythons_own: Path) -> None:
    write_package(pythons_own, "madeup-one", "2.1")
    index = Index("madeup-one")

    ensure(plugin, index)
    again = Index()
    ensure(plugin, again)

    assert [names for _, _, names in index.ran] == [NAMES, NAMES, ["madeup-two"]]
    assert again.ran == []
    assert (imported_version("madeup_one"), imported_version("madeup_two")) == ("2.1", "2.4.0")
    assert not (private_folder(plugin) / "madeup_one").exists()


def test_a_system_package_that_was_removed_is_installed(plugin: Path, pythons_own: Path) -> None:
    write_package(pythons_own, "madeup-one", "2.1")
    ensure(plugin, Index("madeup-one"))
    sys.path.remove(str(pythons_own))
    sys.modules.pop("madeup_one", None)

    ensure(plugin, Index())

    assert imported_version("madeup_one") == "2.4.0"


def test_a_system_package_that_does_not_work_is_named(plugin: Path, pythons_own: Path) -> None:
    """Its version fits, but it was built for another Python."""
    write_package(pythons_own, "madeup-one", "2.1", body="raise ImportError('no binary')")

    with pytest.raises(DependencyError, match="madeup"):
        ensure(plugin, Index("madeup-one"))

    assert not private_folder(plugin).exists()


def test_one_line_names_the_package_and_what_to_do(plugin: Path) -> None:
    with pytest.raises(DependencyError) as caught:
        ensure(plugin, Index("madeup-one"))

    message = str(caught.value)
    assert f"madeup-one has no wheel for this machine ({sys.platform} " in message
    assert "To help, install madeup-one>=2,<3 from the system's packages for " in message
    assert "\n" not in message


def test_following_that_advice_needs_no_waiting(plugin: Path, pythons_own: Path) -> None:
    index = Index("madeup-one")
    for at in (1000.0, 1001.0):
        with pytest.raises(DependencyError):
            ensure(plugin, index, at)
    tries = len(index.ran)
    write_package(pythons_own, "madeup-one", "2.1")

    ensure(plugin, index, at=1002.0)

    assert tries == 4  # two installers, the lock file and the range
    assert imported_version("madeup_one") == "2.1"
