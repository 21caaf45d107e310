"""Write and check dependencies/requirements.lock: the versions and hashes that a user gets.

`python -m tools.lock` resolves requirements.txt again; `--check` compares the two files without a
network; `--wheels` asks the package index whether every Python and system finds its wheels.
"""

from __future__ import annotations

import argparse
import itertools
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from dependencies.install import LOCK, REQUIREMENTS
from dependencies.private_folder import LOCKED
from dependencies.requirements import Requirement, parse_requirements, satisfies

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
# In uv's words: Linux with glibc and with musl, Windows and macOS.
SYSTEMS = (
    "x86_64-manylinux_2_28",
    "aarch64-manylinux_2_28",
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-musl",
    "x86_64-pc-windows-msvc",
    "aarch64-pc-windows-msvc",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
)
# There is no such Python, so there are no wheels for it.
UNRELEASED = {("3.10", "aarch64-pc-windows-msvc")}

_PIN = re.compile(
    r"^([A-Za-z0-9][\w.-]*)==([^\s;]+)[^\n]*(?:\n    --hash=\S+[^\n]*)*", re.MULTILINE
)
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")


class Pin(NamedTuple):
    """One locked version: its name, the version, how many files it allows, and its first line."""

    name: str
    version: str
    hashes: int
    line: str


def pins(text: str) -> list[Pin]:
    """Return the locked versions of a lock file, in its order.

    >>> [pin] = pins("plexapi==4.18.3 ; sys_platform == 'win32'" + " --hash=sha256:" + "0" * 64)
    >>> pin.version, pin.hashes, pin.line
    ('4.18.3', 1, "plexapi==4.18.3 ; sys_platform == 'win32'")
    """
    return [
        Pin(
            found[1],
            found[2],
            len(_HASH.findall(found[0])),
            found[0].partition("--hash")[0].rstrip(" \\\n"),
        )
        for found in _PIN.finditer(text)
    ]


def problems(requirements: Sequence[Requirement], text: str) -> Iterator[str]:
    """Yield what makes the lock file `text` unfit for the requirements; nothing if it fits."""
    locked = pins(text)
    for pin in locked:
        if not pin.hashes:
            yield f"{pin.name} has no hash"
    for requirement in requirements:
        versions = [pin.version for pin in locked if pin.name.lower() == requirement.name.lower()]
        if not versions:
            yield f"{requirement.name} is not locked"
        for version in versions:
            if not satisfies(version, requirement):
                yield f"{requirement.name} is locked at {version}, but {requirement.text} is needed"


def _uv(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "uv", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def _compile(target: Path, *options: str) -> str:
    """Resolve requirements.txt into `target`; return what failed, "" for nothing."""
    words = ("--universal", "--generate-hashes", "--no-annotate", "--no-config", "--quiet")
    finished = _uv(
        *("pip", "compile", REQUIREMENTS, *words, "--python-version", PYTHONS[0]),
        *("--only-binary", ":all:", "--custom-compile-command", "make lock"),
        *(*options, "--output-file", str(target)),
    )
    return finished.stderr.strip() if finished.returncode else ""


def _missing_wheels() -> Iterator[str]:
    """Yield a Python and system that would not get every wheel, with uv's reason."""
    with tempfile.TemporaryDirectory() as folder:
        for system, python in itertools.product(SYSTEMS, PYTHONS):
            if (python, system) not in UNRELEASED:
                finished = _uv(
                    *("pip", "install", "--dry-run", "--no-config", *LOCKED),
                    *("--target", folder, "--python-platform", system),
                    *("--python-version", python, "-r", LOCK),
                )
                if finished.returncode:
                    yield f"Python {python} on {system}: {finished.stderr.strip()}"


def _differences() -> Iterator[str]:
    """Yield a difference between the lock file and the index's hashes of the same versions."""
    text = (ROOT / LOCK).read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        allowed, again = Path(folder) / "versions.txt", Path(folder) / "again.lock"
        allowed.write_text("".join(f"{pin.line}\n" for pin in pins(text)), "utf-8")
        failed = _compile(again, "--constraints", str(allowed))
        if failed:
            yield failed
        elif again.read_text("utf-8") != text:
            yield f"{LOCK} differs from what `make lock` writes for these versions"


def main(arguments: Sequence[str]) -> int:
    """Write or check the lock file; return the exit status of the command."""
    parser = argparse.ArgumentParser(prog="python -m tools.lock", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare it with requirements.txt")
    parser.add_argument("--wheels", action="store_true", help="ask the index for every wheel, too")
    options = parser.parse_args(arguments)
    found: list[str] = []
    if not options.check and not options.wheels:
        failed = _compile(ROOT / LOCK, "--upgrade")
        found += [failed] if failed else []
    if not found:
        requirements = parse_requirements((ROOT / REQUIREMENTS).read_text("utf-8"))
        found += problems(requirements, (ROOT / LOCK).read_text("utf-8"))
    if options.wheels and not found:
        found += [*_differences(), *_missing_wheels()]
    for problem in found:
        print(f"lock: {problem}", file=sys.stderr)
    if found:
        print("lock: run `make lock`, and commit what it writes", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
