"""Copy the shipped files as an installation has them."""

import compileall
import shutil
from importlib.util import cache_from_source
from pathlib import Path

from tools.package import FILES, FOLDERS

ROOT = Path(__file__).resolve().parent.parent.parent


def copy_plugin(target: Path) -> Path:
    """Copy the shipped files to `target` and return it.

    They are compiled, as they are from the second start of an installed plugin on: otherwise every
    process of every test would begin with compiling them.
    """
    target.mkdir(parents=True, exist_ok=True)
    for folder in FOLDERS:
        compileall.compile_dir(ROOT / folder, quiet=1)
        shutil.copytree(ROOT / folder, target / folder)
    for name in FILES:
        _copy_file(ROOT / name, target / name)
    return target


def _copy_file(source: Path, target: Path) -> None:
    # with its time, by which Python knows whether the compiled form still belongs to it
    shutil.copy2(source, target)
    if source.suffix == ".py":
        compileall.compile_file(source, quiet=1)
        compiled = Path(cache_from_source(str(target)))
        compiled.parent.mkdir(exist_ok=True)
        shutil.copy2(cache_from_source(str(source)), compiled)
