"""Where a package has no wheel, the system's package is used, or a clear line asks for it."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from dependencies.install import DependencyError, ensure_dependencies
from dependencies.installers import CommandResult, run_command
from dependencies.requirements import parse_requirements
from dependencies.wheels import (
    Attempt,
    no_wheel_advice,
    package_without_wheel,
    second_attempt,
    system_command,
)
from tests.unit.dependencies.made_up import (
    FIRST,
    SECOND,
    imported_version,
    private_folder,
    write_package,
)

PIP_23 = """\
ERROR: Cannot install -r requirements.txt (line 5) because these package versions have conflicting
The conflict is caused by:
    pydantic 2.7.1 depends on pydantic-core==2.18.2
    pydantic 2.7.0 depends on pydantic-core==2.18.1

To fix this you could try to:
1. loosen the range of package versions you've specified

ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/topics/
"""
PIP_26 = """\
    pydantic 2.7.0 depends on pydantic-core==2.18.1

Additionally, some packages in these conflicts have no matching distributions available for your environment:
    pydantic-core

To fix this you could try to:
ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/topics/
"""
UV = """\
         Because pydantic-core==2.50.5 has no usable wheels and pydantic>=2.14.4 depends on
hint: Wheels are required for `pydantic-core` because building from source is disabled
"""
OLDER_UV = "  Because pydantic-core==2.18.1 has no wheels with a matching platform tag and pydantic"


@pytest.mark.parametrize(
    ("output", "package"),
    [
        (PIP_23, "pydantic-core"),
        (PIP_26, "pydantic-core"),
        (UV, "pydantic-core"),
        (OLDER_UV, "pydantic-core"),
        ("ERROR: No matching distribution found for Madeup.One==2.1", "madeup.one"),
        ("ERROR: No matching distribution found for madeup-one", "madeup-one"),
        ("ERROR: the index is closed", ""),
        ("Connection refused\nERROR: No matching distribution found for madeup-one", ""),
    ],
)
def test_the_package_without_a_wheel_is_read_from_the_output(output: str, package: str) -> None:
    assert package_without_wheel(output) == package


NEEDS = parse_requirements("plexapi>=4\npydantic>=2.7,<3\n")
BOUND = ("--only-binary", "pydantic-core")


@pytest.mark.parametrize(
    ("package", "absent", "programs", "expected"),
    [
        ("pydantic-core", NEEDS, (), None),
        ("pydantic-core", NEEDS[1:], (), None),
        ("pydantic-core", NEEDS, ("cargo",), Attempt(NEEDS, ())),
        ("pydantic-core", NEEDS[:1], (), Attempt(NEEDS[:1], BOUND)),
        ("pydantic-core", NEEDS[:1], ("cargo",), Attempt(NEEDS[:1], ())),
        ("plexapi", NEEDS, (), Attempt(NEEDS, BOUND)),
        ("plexapi", (), (), Attempt(NEEDS, BOUND)),
    ],
)
def test_a_compiler_is_started_only_where_there_is_one(
    package: str, absent: Sequence[object], programs: Sequence[str], expected: Attempt | None
) -> None:
    needed = tuple(one for one in NEEDS if one in absent)

    assert second_attempt(package, NEEDS, needed, having(*programs)) == expected


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
    """An installer whose index has only the source of some packages."""

    def __init__(self, *without_wheel: str, builds: bool = True) -> None:
        self.without_wheel = without_wheel
        self.builds = builds
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
            if name in self.without_wheel and (":all:" in options or not self.builds):
                return CommandResult(1, f"ERROR: No matching distribution found for {name}==2.1")
            write_package(target, name, "2.4.0")
        return CommandResult(0, "")


def ensure(plugin: Path, run: Index, at: float = 0.0) -> None:
    ensure_dependencies(
        str(plugin),
        str(plugin / "data"),
        installers=[FIRST, SECOND],
        run=run,
        now=lambda: at,
    )


ALL = ("--only-binary", ":all:")
NAMES = ["madeup-one", "madeup-two"]


def test_only_wheels_are_installed_where_there_are_all(plugin: Path) -> None:
    index = Index()

    ensure(plugin, index)

    assert index.ran == [("first", ALL, NAMES)]


def test_plain_python_without_a_wheel_is_built(plugin: Path) -> None:
    index = Index("madeup-two")

    ensure(plugin, index)

    assert [names for _, _, names in index.ran] == [NAMES, NAMES]
    assert index.ran[1][1] != ALL
    assert imported_version("madeup_two") == "2.4.0"


def test_what_has_no_wheel_is_taken_from_the_system(plugin: Path, pythons_own: Path) -> None:
    write_package(pythons_own, "madeup-one", "2.1")
    index = Index("madeup-one", builds=False)

    ensure(plugin, index)
    again = Index()
    ensure(plugin, again)

    assert [names for _, _, names in index.ran] == [NAMES, ["madeup-two"]]
    assert again.ran == []
    assert (imported_version("madeup_one"), imported_version("madeup_two")) == ("2.1", "2.4.0")
    assert not (private_folder(plugin) / "madeup_one").exists()


def test_a_system_package_that_was_removed_is_installed(plugin: Path, pythons_own: Path) -> None:
    write_package(pythons_own, "madeup-one", "2.1")
    ensure(plugin, Index("madeup-one", builds=False))
    sys.path.remove(str(pythons_own))
    sys.modules.pop("madeup_one", None)

    ensure(plugin, Index())

    assert imported_version("madeup_one") == "2.4.0"


def test_a_system_package_that_does_not_work_is_named(plugin: Path, pythons_own: Path) -> None:
    """Its version fits, but it was built for another Python."""
    write_package(pythons_own, "madeup-one", "2.1", body="raise ImportError('no binary')")

    with pytest.raises(DependencyError, match="madeup"):
        ensure(plugin, Index("madeup-one", builds=False))

    assert not private_folder(plugin).exists()


def test_one_line_names_the_package_and_what_to_do(plugin: Path) -> None:
    with pytest.raises(DependencyError) as caught:
        ensure(plugin, Index("madeup-one", builds=False))

    message = str(caught.value)
    assert f"madeup-one has no wheel for this machine ({sys.platform} " in message
    assert "To help, install madeup-one>=2,<3 from the system's packages for " in message
    assert "\n" not in message


def test_following_that_advice_needs_no_waiting(plugin: Path, pythons_own: Path) -> None:
    index = Index("madeup-one", builds=False)
    for at in (1000.0, 1001.0):
        with pytest.raises(DependencyError):
            ensure(plugin, index, at)
    tries = len(index.ran)
    write_package(pythons_own, "madeup-one", "2.1")

    ensure(plugin, index, at=1002.0)

    assert tries == 4
    assert imported_version("madeup_one") == "2.1"
