"""What a user reads where a package has no wheel for this machine: musl on 32-bit ARM, FreeBSD.

A wheel is a package that is ready to be used. Nothing else is installed: to build pydantic-core
needs a Rust compiler and much memory. Standard library only.
"""

import platform
import shutil
import sys
from collections.abc import Callable, Iterable

from dependencies.requirements import Requirement

# The compiled part of a requirement, which the system's packages contain.
_PART_OF = {"pydantic-core": "pydantic"}

# The program that installs packages, its command, and names that differ from `name`.
_SYSTEMS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("apk", "apk add py3-{name}", {}),
    ("apt", "apt install python3-{name}", {}),
    ("dnf", "dnf install python3-{name}", {}),
    ("pacman", "pacman -S python-{name}", {}),
    ("pkg", "pkg install py{tag}-{name}", {"pydantic": "pydantic2"}),
)

Which = Callable[[str], "str | None"]


def requirement_of(package: str) -> str:
    """Return the requirement that needs a compiled package."""
    return _PART_OF.get(package, package)


def no_wheel_reason(package: str) -> str:
    """Return, as part of a sentence, which package has no wheel for which machine."""
    system = f"{sys.platform} {platform.machine()}".strip()
    python = f"Python {sys.version_info[0]}.{sys.version_info[1]}"
    return f"{package} has no wheel for this machine ({system}, {python})"


def foreign_file_reason(package: str) -> str:
    """Return, as part of a sentence, that a package's hash is not one of the lock file's."""
    return (
        f"{package or 'a package'} from the package index is another file than the one that "
        "PlexSync was tested with (its hash differs), so nothing was installed"
    )


def range_warning(package: str) -> str:
    """Return the line for a user whose packages are not of the versions in the lock file."""
    return (
        f"{no_wheel_reason(package)} in the version that PlexSync was tested with. So its Python "
        "packages were installed in other versions of the range it allows. If it fails in a way "
        "that its pages do not describe, quote this line when you report it"
    )


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
