"""A Python that has neither packages nor pip gets the real packages from the package index."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.harness.plugin_copy import ROOT

LONG_S = 120
REAL = """
import json, sys
sys.path.insert(0, sys.argv[1])
from dependencies.install import ensure_dependencies
ensure_dependencies(sys.argv[1], sys.argv[2])
import diskcache, persistqueue, plexapi, pydantic, stashapi, stashapi.classes, tenacity
ensure_dependencies(sys.argv[1], sys.argv[2])
modules = (diskcache, persistqueue, plexapi, pydantic, stashapi.classes, tenacity)
assert sys.modules["stashapi"] is stashapi and sys.modules["pydantic"] is pydantic
print(json.dumps([module.__file__ for module in modules]))
"""


def test_a_python_without_even_pip_gets_the_real_packages(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")],
        timeout=LONG_S,
        check=True,
    )
    binaries = tmp_path / "bare" / ("Scripts" if sys.platform == "win32" else "bin")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    data = tmp_path / "data"

    finished = subprocess.run(
        [str(binaries / "python"), "-c", REAL, str(ROOT), str(data)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )

    assert finished.returncode == 0, finished.stderr
    assert all(file.startswith(str(data / "deps")) for file in json.loads(finished.stdout))
    assert not list((tmp_path / "bare").rglob("*.dist-info"))
    assert not list(data.rglob("*.yml"))
