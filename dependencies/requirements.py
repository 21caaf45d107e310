"""What requirements.txt asks for, and whether a search path meets it. Standard library only."""

import importlib
import importlib.machinery
import importlib.metadata
import os
import re
import sys
from collections.abc import Iterable
from typing import NamedTuple

from dependencies.installer_output import last_error_line

_IMPORTED_AS = {"persist-queue": "persistqueue", "stashapp-tools": "stashapi.classes"}
_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(.*)")
_BOUND = re.compile(r"(>=|==|<)\s*(\S+)")
_VERSION = re.compile(r"(\d+(?:\.\d+)*)(?!\d|!)(.*)")
_BEFORE_FINAL = re.compile(r"[._-]?(?:a|b|c|rc|alpha|beta|pre|preview|dev)[._-]?\d*(?:$|[.+-])")


class Version(NamedTuple):
    """A release and whether it is one: 2.0rc1 sorts before 2.0."""

    release: tuple[int, ...]
    final: bool


class Requirement(NamedTuple):
    """One line of requirements.txt."""

    name: str
    bounds: tuple[tuple[str, Version], ...]
    text: str

    @property
    def module(self) -> str:
        """Return a module whose import shows that the package works."""
        return _IMPORTED_AS.get(self.name, self.name.replace("-", "_"))


def parse_requirements(text: str) -> tuple[Requirement, ...]:
    """Parse lines of the form `name>=a,<b`; leave out comments and empty lines.

    Raises:
        ValueError: a line has another form.
    """
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return tuple(_parse_requirement(line) for line in lines if line)


def _parse_requirement(line: str) -> Requirement:
    match = _REQUIREMENT.fullmatch(line)
    if match is None:
        raise ValueError(f"not a requirement: {line}")
    bounds = []
    for part in filter(None, match[2].split(",")):
        bound = _BOUND.fullmatch(part.strip())
        version = parse_version(bound[2]) if bound else None
        if bound is None or version is None:
            raise ValueError(f"not a version bound: {part} in {line}")
        bounds.append((bound[1], version))
    return Requirement(match[1], tuple(bounds), line)


def parse_version(text: str) -> Version | None:
    """Return the version's numbers without trailing zeros; None if it cannot be compared.

    Examples:
        >>> parse_version("2.10.0") > parse_version("2.9")
        True
        >>> parse_version("2.0rc1")
        Version(release=(2,), final=False)
    """
    match = _VERSION.fullmatch(text.strip().lower().removeprefix("v"))
    if match is None:
        return None
    numbers = [int(number) for number in match[1].split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return Version(tuple(numbers), _BEFORE_FINAL.match(match[2]) is None)


def satisfies(installed: str, requirement: Requirement) -> bool:
    """Return True if the installed version is within all bounds; 3.0rc1 is not below 3."""
    version = parse_version(installed)
    if version is None:
        return False
    for operator, bound in requirement.bounds:
        if operator == "<":
            within = version.release < bound.release
        else:
            within = version >= bound if operator == ">=" else version == bound
        if not within:
            return False
    return True


def unmet(requirements: Iterable[Requirement], search_path: list[str]) -> list[str]:
    """Return the requirements that the folders of `search_path` do not satisfy, in words."""
    absent = []
    for requirement in requirements:
        found = _installed_version(requirement.name, search_path)
        if found is None:
            absent.append(requirement.text)
        elif not satisfies(found, requirement):
            absent.append(f"{requirement.text} (found {found})")
    return absent


def lacking(requirements: Iterable[Requirement], search_path: list[str]) -> tuple[Requirement, ...]:
    """Return the requirements that the folders of `search_path` do not satisfy."""
    return tuple(one for one in requirements if unmet([one], search_path))


def _installed_version(name: str, search_path: list[str]) -> str | None:
    """The version in the first folder that has the package, as an import would choose it."""
    for distribution in importlib.metadata.distributions(name=name, path=search_path):
        text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
        stated = re.search(r"^Version:\s*(\S+)", text, re.MULTILINE)
        return stated[1] if stated else "unknown version"
    return None


def unimportable(requirements: Iterable[Requirement]) -> list[str]:
    """Return the first requirement that is present but cannot be imported, in words.

    Packages left behind by another Python version have fitting metadata, but no fitting binaries.
    """
    for requirement in requirements:
        try:
            importlib.import_module(requirement.module)
        except Exception as error:  # noqa: BLE001 broad: a broken package may raise anything
            return [f"{requirement.text} (found, but {last_error_line(str(error))})"]
    return []


def platform_tag() -> str:
    """Return what compiled packages depend on: Python version, system, processor, C library."""
    binary_form = importlib.machinery.EXTENSION_SUFFIXES[0].strip(".").rpartition(".")[0]
    parts = [f"{sys.version_info[0]}.{sys.version_info[1]}", sys.platform, binary_form]
    if sys.platform != "win32":  # there the binary form names the processor
        parts += [os.uname().machine, _libc()]
    return re.sub(r"[^A-Za-z0-9._-]", "_", "-".join(filter(None, parts)))


def _libc() -> str:
    if sys.platform != "linux":
        return ""
    try:
        answer = os.confstr("CS_GNU_LIBC_VERSION")
    except (ValueError, OSError):  # musl does not know the question
        answer = None
    return "glibc" if answer else "musl"
