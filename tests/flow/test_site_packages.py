"""Tasks find installed packages wherever they are, although Stash starts them with `-S`."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.harness.plugin_copy import ROOT

LIMIT_S = 120.0
PYTHONS = list(
    dict.fromkeys(
        filter(None, [sys.executable, *os.environ.get("PLEXSYNC_PYTHONS", "").split(os.pathsep)])
    )
)
MODULE = "sample_package_of_this_test"
PROBE = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import startup
assert sys.flags.no_site
try:
    import {MODULE}
except ModuleNotFoundError:
    before = "absent"
else:
    before = "present"
startup.load_site()
import {MODULE}
print(before, "found")
"""


def run(python: str, code: str, *options: str, env: Mapping[str, str]) -> str:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTHON"))
    }
    finished = subprocess.run(
        [python, *options, "-c", code],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        env={**kept, **env},
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


def write_module(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{MODULE}.py").write_text("", encoding="utf-8")


def base_python(python: str) -> str:
    """Return the interpreter that a virtual environment was made from."""
    home = run(python, "import sys; print(getattr(sys, '_base_executable', ''))", env={})
    # Python 3.10 names the virtual environment's own, which is a link to the other.
    return os.path.realpath(home) if home else python


def make_venv(python: str, folder: Path) -> tuple[str, Path]:
    """Return the interpreter and the package folder of a new virtual environment."""
    command = [base_python(python), "-m", "venv", "--without-pip", str(folder)]
    subprocess.run(command, check=True, timeout=LIMIT_S)
    made = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    site = run(str(made), "import sysconfig; print(sysconfig.get_path('purelib'))", env={})
    return str(made), Path(site)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("is_linked", [False, True], ids=["package", "pth"])
def test_packages_of_a_virtual_environment(python: str, is_linked: bool, tmp_path: Path) -> None:
    made, site = make_venv(python, tmp_path / "venv")
    write_module(tmp_path / "elsewhere" if is_linked else site)
    if is_linked:
        (site / "elsewhere.pth").write_text(f"{tmp_path / 'elsewhere'}\n", encoding="utf-8")

    assert run(made, PROBE, "-S", env={}) == "absent found"


@pytest.mark.parametrize("python", PYTHONS)
def test_packages_of_the_user(python: str, tmp_path: Path) -> None:
    base = base_python(python)
    env = {"PYTHONUSERBASE": str(tmp_path)}
    write_module(Path(run(base, "import site; print(site.getusersitepackages())", env=env)))

    assert run(base, PROBE, "-S", env=env) == "absent found"


@pytest.mark.parametrize("python", PYTHONS)
def test_packages_on_pythonpath(python: str, tmp_path: Path) -> None:
    write_module(tmp_path)

    assert run(python, PROBE, "-S", env={"PYTHONPATH": str(tmp_path)}) == "present found"


@pytest.mark.parametrize("python", PYTHONS)
def test_packages_that_sitecustomize_adds(python: str, tmp_path: Path) -> None:
    write_module(tmp_path / "added")
    custom = f"import sys; sys.path.append({str(tmp_path / 'added')!r})\n"
    (tmp_path / "sitecustomize.py").write_text(custom, encoding="utf-8")
    made, _ = make_venv(python, tmp_path / "venv")

    assert run(made, PROBE, "-S", env={"PYTHONPATH": str(tmp_path)}) == "absent found"
