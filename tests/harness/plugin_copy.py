"""Copy the shipped files as an installation has them."""

import shutil
from pathlib import Path

from tools.package import FILES, FOLDERS

ROOT = Path(__file__).resolve().parent.parent.parent


def copy_plugin(target: Path) -> Path:
    """Copy the shipped files to `target` and return it."""
    target.mkdir(parents=True, exist_ok=True)
    for folder in FOLDERS:
        shutil.copytree(
            ROOT / folder, target / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in FILES:
        shutil.copy(ROOT / name, target / name)
    return target
