"""Each finding has the form that findings/README.md asks for. None is run: they need a network."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.harness.plugin_copy import ROOT

FOLDER = ROOT / "findings"
FINDINGS = sorted(FOLDER.glob("*.sh"))
_ROW = re.compile(r"^\| `([^`]+\.sh)` \| (.+) \|$", re.MULTILINE)
_NAMED_FILE = re.compile(r"`([a-z_]+(?:/[a-z_]+)*\.(?:py|yml))`")
_PIP_INSTALL = re.compile(r"-m pip install((?:[^|\\\n]|\\\n)+)")
_NPM_INSTALL = re.compile(r"\bnpm (?:install|exec)\b((?:[^|\\\n]|\\\n)+)")
_PIP_PIN = re.compile(r"([A-Za-z0-9._-]+)==(\d[0-9.]*)")
_NPM_PIN = re.compile(r"((?:@[a-z0-9-]+/)?[a-z0-9._-]+)@(\d[0-9.]*)")


def first_comment(text: str) -> str:
    """Return the comment below the line that names the interpreter."""
    lines = text.splitlines()[1:]
    end = next(place for place, line in enumerate(lines) if not line.startswith("#"))
    return "\n".join(lines[:end])


def packages(text: str) -> list[re.Match[str] | None]:
    """Return the match of each installed package's pin, None for one without."""
    found: list[re.Match[str] | None] = []
    for install, pin in ((_PIP_INSTALL, _PIP_PIN), (_NPM_INSTALL, _NPM_PIN)):
        for arguments in install.findall(text):
            words = arguments.replace("\\\n", " ").split()
            found += [pin.fullmatch(word) for word in words if not word.startswith("-")]
    return found


def test_every_finding_has_a_row_and_every_row_a_finding() -> None:
    rows = _ROW.findall((FOLDER / "README.md").read_text(encoding="utf-8"))

    assert FINDINGS
    assert [name for name, _ in rows] == [path.name for path in FINDINGS]


def test_every_row_names_a_file_that_exists() -> None:
    rows = _ROW.findall((FOLDER / "README.md").read_text(encoding="utf-8"))

    named = {name: _NAMED_FILE.findall(words) for name, words in rows}

    assert [name for name, files in named.items() if not files] == []
    assert [file for files in named.values() for file in files if not (ROOT / file).exists()] == []


@pytest.mark.parametrize("path", FINDINGS, ids=lambda path: path.stem)
def test_a_finding_pins_and_names_each_package(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    pins = packages(text)

    assert pins
    assert None not in pins
    versions = [match.group(2) for match in pins if match]
    assert [version for version in versions if version not in first_comment(text)] == []


@pytest.mark.parametrize("path", FINDINGS, ids=lambda path: path.stem)
def test_a_finding_stops_at_errors_and_cleans_up(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()

    assert lines[0] == "#!/bin/sh"
    assert "set -eu" in lines
    made = lines.index("folder=$(mktemp -d)")
    assert lines[made + 1] == "trap 'rm -rf \"$folder\"' EXIT"


@pytest.mark.parametrize("path", FINDINGS, ids=lambda path: path.stem)
def test_a_finding_states_input_output_and_exit_status(path: Path) -> None:
    comment = first_comment(path.read_text(encoding="utf-8"))

    assert "# Valid input: " in comment
    assert "# Output seen (" in comment
    assert f"# Use: sh findings/{path.name}" in comment
    assert "# Exit status: 0 seen again, 1 the behaviour has changed, 2 " in comment


@pytest.mark.skipif(shutil.which("sh") is None, reason="there is no sh")
@pytest.mark.parametrize("path", FINDINGS, ids=lambda path: path.stem)
def test_a_finding_is_read_by_sh(path: Path) -> None:
    checked = subprocess.run(
        ["sh", "-n", str(path)], capture_output=True, text=True, check=False, timeout=60
    )

    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_package_without_its_version_is_found() -> None:
    text = "python -m pip install -q \\\n    one==1.0 two || exit 2\nnpm install three@4.5 six\n"

    found = [match and match.groups() for match in packages(text)]

    assert found == [("one", "1.0"), None, ("three", "4.5"), None]
