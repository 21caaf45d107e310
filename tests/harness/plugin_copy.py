"""Copy the shipped files as an installation has them."""

import compileall
import os
import shutil
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path

from tools.package import FILES, FOLDERS

ROOT = Path(__file__).resolve().parent.parent.parent


def copy_plugin(target: Path) -> Path:
    """Copy the shipped files to `target` and return it.

    They are compiled, as they are from the second start of an installed plugin on: otherwise every
    process of every test would begin with compiling them.
    """
    _compile_shipped()
    target.mkdir(parents=True, exist_ok=True)
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, target / folder, copy_function=_copy)
    for name in FILES:
        _copy_file(ROOT / name, target / name)
    return target


@cache
def _compile_shipped() -> None:
    for folder in FOLDERS:
        compileall.compile_dir(ROOT / folder, quiet=1)
    for name in FILES:
        if name.endswith(".py"):
            compileall.compile_file(ROOT / name, quiet=1)


def _copy_file(source: Path, target: Path) -> None:
    _copy(source, target)
    if source.suffix == ".py":
        compiled = Path(cache_from_source(str(target)))
        compiled.parent.mkdir(exist_ok=True)
        _copy(Path(cache_from_source(str(source))), compiled)


def _copy(source: str | Path, target: str | Path) -> None:
    """Copy a file with its time, by which Python knows whether a compiled form belongs to it."""
    name = str(source)
    if name.endswith(".pyc"):
        try:
            # Python replaces compiled files and never writes into them, so all copies share one.
            os.link(source, target)
            return
        except OSError:
            pass  # another file system, or one without links
    shutil.copy2(source, target)
