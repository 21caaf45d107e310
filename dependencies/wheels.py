"""What to do where a package has no wheel for this machine: musl on 32-bit ARM, FreeBSD.

A wheel is a package that is ready to be used. Without one an installer builds from source, which
for pydantic-core needs a Rust compiler and much memory. Standard library only.
"""

import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterable
from typing import NamedTuple

from dependencies.installers import NETWORK
from dependencies.requirements import Requirement

WHEELS_ONLY = ("--only-binary", ":all:")

# The compiled part of a requirement, which the system's packages contain.
_PART_OF = {"pydantic-core": "pydantic"}
_COMPILER = "cargo"

# How pip and uv name a package without a wheel; the first that fits counts.
_NO_WHEEL = (
    re.compile(r"no matching distributions available for your environment:\s+([\w.-]+)"),
    re.compile(r"([\w.-]+?)(?:[<>=!~]\S+)? has no (?:usable )?wheels"),
    re.compile(r"Wheels are required for `([\w.-]+)`"),
    re.compile(r"No matching distribution found for ([\w.-]+?)(?:[<>=!~\s]|$)"),
    # pip before version 24 names only what could not be combined.
    re.compile(r"depends on (pydantic-core)=="),
)
# The program that installs packages, its command, and names that differ from `name`.
_SYSTEMS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("apk", "apk add py3-{name}", {}),
    ("apt", "apt install python3-{name}", {}),
    ("dnf", "dnf install python3-{name}", {}),
    ("pacman", "pacman -S python-{name}", {}),
    ("pkg", "pkg install py{tag}-{name}", {"pydantic": "pydantic2"}),
)

Which = Callable[[str], "str | None"]


class Attempt(NamedTuple):
    """One call of an installer: what it installs, and its additional options."""

    requirements: tuple[Requirement, ...]
    options: tuple[str, ...]


def package_without_wheel(output: str) -> str:
    """Return the package of which an installer found no wheel; "" if it failed otherwise.

    >>> package_without_wheel("ERROR: No matching distribution found for pydantic-core==2.41.5")
    'pydantic-core'
    >>> package_without_wheel("Connection refused; No matching distribution found for tenacity")
    ''
    """
    if NETWORK.search(output):
        return ""
    found = (pattern.search(output) for pattern in _NO_WHEEL)
    return next((match[1].rstrip(".").lower() for match in found if match), "")


def second_attempt(
    package: str,
    requirements: Iterable[Requirement],
    absent: Iterable[Requirement],
    which: Which = shutil.which,
) -> Attempt | None:
    """Return what to try once `package` was found to have no wheel; None if it would fail alike.

    Only what the system lacks is installed then, and packages in plain Python may be built. What
    needs a compiler is built only where there is one.

    Args:
        package: the package without a wheel.
        requirements: all that PlexSync needs.
        absent: what Stash's Python lacks of them.
        which: finds a program.
    """
    needed = tuple(absent) or tuple(requirements)
    can_compile = which(_COMPILER) is not None
    is_needed = requirement_of(package) in {requirement.name for requirement in needed}
    if package in _PART_OF and is_needed and not can_compile:
        return None
    options = () if can_compile else ("--only-binary", ",".join(_PART_OF))
    return Attempt(needed, options)


def requirement_of(package: str) -> str:
    """Return the requirement that needs a compiled package."""
    return _PART_OF.get(package, package)


def no_wheel_reason(package: str) -> str:
    """Return, as part of a sentence, which package has no wheel for which machine."""
    system = f"{sys.platform} {platform.machine()}".strip()
    python = f"Python {sys.version_info[0]}.{sys.version_info[1]}"
    return f"{package} has no wheel for this machine ({system}, {python})"


def no_wheel_advice(
    package: str, requirements: Iterable[Requirement], which: Which = shutil.which
) -> str:
    """Return what to install from the system, as the end of "To help, ..."."""
    name = requirement_of(package)
    text = next((one.text for one in requirements if one.name == name), name)
    python = sys.executable or "python3"
    command = system_command(name, which)
    example = f" ({command})" if command else ""
    return f"install {text} from the system's packages for {python}{example}; PlexSync uses it then"


def system_command(name: str, which: Which = shutil.which) -> str:
    """Return the command that installs a package from the system's packages; "" if unknown."""
    tag = f"{sys.version_info[0]}{sys.version_info[1]}"
    for program, command, names in _SYSTEMS:
        if which(program):
            return command.format(name=names.get(name, name), tag=tag)
    return ""
