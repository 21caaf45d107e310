"""Version 1.1.0 as it was released: the files themselves, so that no git history is needed."""

from __future__ import annotations

import hashlib
import io
import lzma
import zipfile
from pathlib import Path
from typing import Any

from tests.flow.simulated_time import SimulatedServers, SimulatedTime
from tests.harness.packages import NO_WARNINGS

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
RELEASED = "1.1.0"
ARCHIVE = FIXTURES / f"PlexSync-{RELEASED}.zip.xz"
"""What `python -m tools.package` built at its commit, compressed as a whole."""


def unpack_release(target: Path) -> list[str]:
    """Unzip the release over `target`, as by hand: what else is there stays; the names."""
    with zipfile.ZipFile(io.BytesIO(_archive())) as release:
        names = release.namelist()
        for name in names:
            destination = target / name
            destination.parent.mkdir(parents=True, exist_ok=True)
            destination.write_bytes(release.read(name))
    return names


def release_source(folder: Path) -> Path:
    """Make `folder` a plugin source that offers the release."""
    folder.mkdir(parents=True, exist_ok=True)
    content = _archive()
    (folder / "PlexSync.zip").write_bytes(content)
    index = [
        "- id: PlexSync",
        "  name: PlexSync",
        f"  version: {RELEASED}",
        "  date: 2026-11-21 10:26:52",
        "  path: PlexSync.zip",
        f"  sha256: {hashlib.sha256(content).hexdigest()}",
    ]
    (folder / "index.yml").write_text("\n".join([*index, ""]), encoding="utf-8")
    return folder


class ReleasedServers(SimulatedServers):
    """Both servers with version 1.1.0, where no coverage takes its lines for current ones.

    Python's warnings are off: 1.1.0 has some that show in Python's development mode.
    """

    def __init__(self, root: Path, time: SimulatedTime, **stash_options: Any) -> None:
        env = {**time.environment, **NO_WARNINGS}
        super().__init__(root, time, extra_env=env, **stash_options)
        self.plugin = self.stash.plugins_path / "community" / "PlexSync"
        self.data = self.plugin / "data"

    def install(self) -> None:
        unpack_release(self.plugin)


def _archive() -> bytes:
    return lzma.decompress(ARCHIVE.read_bytes())
