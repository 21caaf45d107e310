"""Build PlexSync.zip and the index.yml that makes its folder a plugin source.

The same files give the same bytes on every machine: entries are sorted and stored (compressors
differ from version to version), times and modes are fixed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path

from core.version import VERSION
from tools.layout import ENTRY_FILES, PACKAGES, PAGE_FOLDER
from tools.manifest import DESCRIPTION

ROOT = Path(__file__).resolve().parent.parent
PLUGIN_ID = "PlexSync"
MANIFEST = "PlexSync.yml"
FOLDERS = (*PACKAGES, PAGE_FOLDER)
FILES = (*ENTRY_FILES, MANIFEST, "requirements.txt", "LICENSE")
# A running worker exits when this file changes; by then every other file has been replaced.
LAST = "core/version.py"
INDEX = "index.yml"

_COMPILED = {".pyc", ".pyo", ".pyd", ".so"}
_YAML = {".yml", ".yaml"}
_FILE_MODE = 0o100644
# 1980, the first year that a zip can store.
_EARLIEST = 315_532_800


class Unpackable(Exception):
    """A file must not be shipped, or the target folder is unsuitable; the message is for users."""


def shipped_files(root: Path) -> list[str]:
    """Return what ships, in the order of the archive: names relative to `root`, forward slashes.

    Raises:
        Unpackable: a file is missing, or Stash would take one for a second plugin.
    """
    missing = [name for name in (*FILES, *FOLDERS) if not (root / name).exists()]
    if missing:
        raise Unpackable(f"the plugin is incomplete, there is no {', '.join(missing)}")
    inside = [path for folder in FOLDERS for path in (root / folder).rglob("*") if path.is_file()]
    names = [
        *FILES,
        *(path.relative_to(root).as_posix() for path in inside if _ships(path.relative_to(root))),
    ]
    manifests = [name for name in names if Path(name).suffix in _YAML and name != MANIFEST]
    if manifests:
        raise Unpackable(f"Stash would read {', '.join(manifests)} as another plugin")
    return sorted(names, key=lambda name: (name == LAST, name))


def _ships(path: Path) -> bool:
    is_hidden = any(part.startswith(".") or part == "__pycache__" for part in path.parts)
    return not is_hidden and path.suffix not in _COMPILED and not path.name.endswith("~")


def write_archive(root: Path, target: Path, stamp: int) -> None:
    """Write the zip. `stamp`: seconds since the epoch, the time of every entry."""
    moment = datetime.fromtimestamp(max(stamp, _EARLIEST), timezone.utc)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in shipped_files(root):
            entry = zipfile.ZipInfo(name, moment.timetuple()[:6])
            # A fixed system: the zip would otherwise name the one that built it.
            entry.create_system = 3
            entry.external_attr = _FILE_MODE << 16
            archive.writestr(entry, (root / name).read_bytes())


def index(digest: str, stamp: int) -> str:
    """Return the index: a list with one package, in the form that Stash's package manager reads."""
    date = datetime.fromtimestamp(stamp, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
    return "\n".join(
        [
            f"- id: {PLUGIN_ID}",
            f"  name: {PLUGIN_ID}",
            f"  version: {VERSION}",
            f"  date: {date}",
            f"  path: {PLUGIN_ID}.zip",
            f"  sha256: {digest}",
            "  metadata:",
            f"    description: {json.dumps(DESCRIPTION)}",
            "",
        ]
    )


def build(root: Path, out: Path, stamp: int) -> Path:
    """Write the archive and its index into `out`; return the archive's path.

    Raises:
        Unpackable: as for `shipped_files`; or `out` is in a plugin folder that Stash uses.
    """
    if (root / "data").exists() and out.resolve().is_relative_to(root.resolve()):
        # Stash reads every .yml below its plugins folder as a plugin, the index as well.
        raise Unpackable(
            f"Stash runs the plugin from {root}; choose another folder: "
            "make package OUT=../PlexSync-dist"
        )
    out.mkdir(parents=True, exist_ok=True)
    archive = out / f"{PLUGIN_ID}.zip"
    write_archive(root, archive, stamp)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    (out / INDEX).write_text(index(digest, stamp), encoding="utf-8", newline="\n")
    return archive


def release_time(root: Path, environment: Mapping[str, str]) -> int:
    """Return SOURCE_DATE_EPOCH, else the last commit to what ships, else the release day.

    Seconds since the epoch.

    Raises:
        Unpackable: none of them is known.
    """
    desired = environment.get("SOURCE_DATE_EPOCH", "")
    if desired.isdigit():
        return int(desired)
    if desired:
        raise Unpackable(f"SOURCE_DATE_EPOCH is not a number of seconds: {desired}")
    return _committed_at(root) or _released_at(root)


def _committed_at(root: Path) -> int:
    """Return the commit's time; 0 without git or without a repository of this project."""
    command = ["git", "-C", str(root), "log", "-1", "--format=%ct", "--", *FILES, *FOLDERS]
    try:
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return 0
    return int(finished.stdout.strip() or 0) if finished.returncode == 0 else 0


def _released_at(root: Path) -> int:
    """Return the release day from the changelog, for a source archive without history."""
    changelog = root / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8") if changelog.exists() else ""
    heading = re.search(rf"^## \[{re.escape(VERSION)}\] - (\d{{4}}-\d\d-\d\d)", text, re.MULTILINE)
    if heading is None:
        raise Unpackable(f"CHANGELOG.md has no date for {VERSION}; set SOURCE_DATE_EPOCH")
    return int(datetime.fromisoformat(f"{heading[1]}T00:00:00+00:00").timestamp())


def main(
    arguments: Sequence[str], root: Path = ROOT, environment: Mapping[str, str] = os.environ
) -> int:
    """Build the package and print its path; return the exit status of the command."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.package", description="Build what Stash installs."
    )
    parser.add_argument(
        "--out", type=Path, default=root / "dist", help="the folder to fill (default: dist)"
    )
    out = parser.parse_args(arguments).out
    try:
        archive = build(root, out, release_time(root, environment))
    except (Unpackable, OSError) as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    print(
        f"{archive} ({archive.stat().st_size // 1024} KB) and {INDEX}: "
        "serve the folder as a plugin source"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
