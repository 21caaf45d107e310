"""A plugin that needs made-up packages, and a folder for those of Stash's Python."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dependencies.install import LOCK


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A plugin folder that needs two made-up packages."""
    root = tmp_path / "plugin"
    root.mkdir()
    (root / "requirements.txt").write_text(
        "# made up\nmadeup-one>=2,<3\nmadeup-two>=1.0  # both\n", "utf-8"
    )
    lock = root / LOCK
    lock.parent.mkdir()
    lock.write_text("madeup-one==2.4.0\nmadeup-two==1.0\n", "utf-8")
    return root


@pytest.fixture
def pythons_own(tmp_path: Path) -> Path:
    """A folder standing for the packages of Stash's Python."""
    folder = tmp_path / "python"
    folder.mkdir()
    sys.path.append(str(folder))
    return folder


@pytest.fixture(autouse=True)
def _imports_as_before() -> Iterator[None]:
    before = sys.path[:]
    yield
    sys.path[:] = before
    for name in [name for name in sys.modules if name.startswith("madeup")]:
        del sys.modules[name]
