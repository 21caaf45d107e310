"""Copy the shipped files as an installation has them."""

import compileall
import filecmp
import os
import shutil
from functools import cache, partial
from importlib.util import cache_from_source
from pathlib import Path

from tools.package import FILES, FOLDERS

ROOT = Path(__file__).resolve().parent.parent.parent


_ORIGINAL = "original"
# Where an original of all copies is made: links need the file system of the copies.
_originals: Path | None = None


def keep_original_in(folder: Path) -> None:
    """From now on make copies from an original that is made in this folder by the first one."""
    global _originals
    _originals = folder


def copy_plugin(target: Path, *, is_linked: bool = False) -> Path:
    """Copy the shipped files to `target` and return it.

    They are compiled, as they are from the second start of an installed plugin on: otherwise every
    process of every test would begin with compiling them. With `is_linked`, all such copies share
    their files, and nothing may write into one.
    """
    return _copy_all(_original(_originals), target, is_linked=is_linked)


def changed_files() -> list[str]:
    """Return the files of the original that are no longer those that ship; [] for none."""
    made = _originals / _ORIGINAL if _originals else ROOT
    files = [path for path in made.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    names = [path.relative_to(made).as_posix() for path in files] if made != ROOT else []
    return [name for name in names if not filecmp.cmp(made / name, ROOT / name)]


@cache
def _original(folder: Path | None) -> Path:
    """Compile the shipped files; return the folder to copy them from."""
    for name in FOLDERS:
        compileall.compile_dir(ROOT / name, quiet=1)
    for name in FILES:
        if name.endswith(".py"):
            compileall.compile_file(ROOT / name, quiet=1)
    return _copy_all(ROOT, folder / _ORIGINAL, is_linked=False) if folder else ROOT


def _copy_all(source: Path, target: Path, *, is_linked: bool) -> Path:
    copy = partial(_copy, is_linked=is_linked)
    target.mkdir(parents=True, exist_ok=True)
    for folder in FOLDERS:
        shutil.copytree(source / folder, target / folder, copy_function=copy)
    for name in FILES:
        copy(source / name, target / name)
        if name.endswith(".py"):
            compiled = Path(cache_from_source(str(target / name)))
            compiled.parent.mkdir(exist_ok=True)
            copy(Path(cache_from_source(str(source / name))), compiled)
    return target


def _copy(source: str | Path, target: str | Path, *, is_linked: bool) -> None:
    """Copy a file with its time, by which Python knows whether a compiled form belongs to it."""
    # Python replaces compiled files and never writes into them, so all copies share one.
    if is_linked or str(source).endswith(".pyc"):
        try:
            os.link(source, target)
            return
        except OSError:
            pass  # another file system, or one without links
    shutil.copy2(source, target)
