"""Run the suite on every Python that is found, and a part on the oldest packages allowed.

`make test-all` runs both; `.venv/bin/nox -s suite-3.14 -- tests/unit` runs a part on one Python.
`PLEXSYNC_PYTHONS` names more interpreters, separated as in PATH.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import nox

VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
LOCK = "dependencies/requirements.lock"
SUITE = ("-m", "not soak", "--ignore", "tests/browser", "--repeat-processes")
# Where version managers put interpreters that PATH does not name.
FOLDERS = (".pyenv/versions/{version}.*/bin", ".local/share/uv/python/cpython-{version}.*/bin")
# What a warning would be is an error, in the processes that tests start as well.
STRICT = {"PYTHONDEVMODE": "1", "PYTHONWARNINGS": "error"}

# The first compares what is installed with the lock file; the second reads the options of the
# pages' generator, which needs a newer pydantic than PlexSync.
NOT_WITH_OTHER_VERSIONS = (
    "--deselect",
    "tests/unit/tools/test_lock.py::test_the_suite_runs_with_the_locked_versions",
    "--ignore",
    "tests/unit/tools/test_site_options.py",
)

nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = False


def find_interpreters() -> dict[str, str]:
    """Return the folder of a working interpreter for each version that has one here."""
    named = [
        Path(path) for path in os.environ.get("PLEXSYNC_PYTHONS", "").split(os.pathsep) if path
    ]
    found = {}
    for version in VERSIONS:
        on_path = shutil.which(f"python{version}")
        managed = [
            Path(folder) / f"python{version}"
            for pattern in FOLDERS
            for folder in sorted(Path.home().glob(pattern.format(version=version)))
        ]
        candidates = [*named, *([Path(on_path)] if on_path else []), *managed]
        for candidate in candidates:
            if _version(candidate) == version:
                found[version] = str(candidate.parent)
                break
    return found


def _version(interpreter: Path) -> str:
    """Return "3.10"; "" for what does not run, such as a version manager's placeholder."""
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        finished = subprocess.run(
            [str(interpreter), "-c", program], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return finished.stdout.strip() if finished.returncode == 0 else ""


FOUND = find_interpreters()
# Nox and uv look in PATH, and take the first that they find.
os.environ["PATH"] = os.pathsep.join([*FOUND.values(), os.environ["PATH"]])


@nox.session(python=list(FOUND))
def suite(session: nox.Session) -> None:
    """Run the suite with the locked packages."""
    session.install("--require-hashes", "--only-binary", ":all:", "-r", LOCK)
    session.install("pip", "-r", "requirements-dev.txt")  # tests install with pip, too
    run_tests(session, session.posargs or SUITE)


@nox.session(python=list(FOUND)[:1])
def lowest(session: nox.Session) -> None:
    """Run the tests without processes with the lowest allowed version of every package."""
    session.install(
        *("--resolution", "lowest-direct", "--only-binary", ":all:", "-r", "requirements.txt")
    )
    session.install("pip", "-r", "requirements-dev.txt")  # tests install with pip, too
    run_tests(
        session, [*(session.posargs or ["tests/unit", "tests/component"]), *NOT_WITH_OTHER_VERSIONS]
    )


def run_tests(session: nox.Session, arguments: list[str] | tuple[str, ...]) -> None:
    """Run pytest with every warning an error."""
    jobs = os.environ.get("JOBS", "2")
    session.run(
        *("python", "-m", "pytest", "--no-cov", "-n", jobs, *arguments), env=STRICT, silent=False
    )
