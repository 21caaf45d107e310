"""Real pip and uv install from an index on this machine; its files are not always genuine."""

import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import uv

from dependencies.install import LOCK, DependencyError, ensure_dependencies
from dependencies.installers import CommandResult, Installer, find_installers, run_command
from tests.harness.package_index import (
    PASSWORD,
    PackageFile,
    PackageIndex,
    lock_line,
    serving,
    wheel,
)

ONE = wheel("madeup-one", "2.1")
TWO = wheel("madeup-two", "1.5")
TAMPERED = wheel("madeup-two", "1.5", code="raise SystemExit('foreign code ran')")
NEWER = wheel("madeup-two", "1.6")
ELSEWHERE = wheel("madeup-two", "1.5", tag="cp39-cp39-win_amd64")
SOURCE = PackageFile("madeup_two-1.5.tar.gz", b"no wheel")


class Installation:
    """A plugin that needs two packages, and a log of what its installers were asked and said."""

    def __init__(self, root: Path, index: PackageIndex, installer: Installer) -> None:
        self.root = root
        self.index = index
        self.deps = root / "data" / "deps"
        self.commands: list[list[str]] = []
        self.installers = [installer]
        (root / "dependencies").mkdir(parents=True)
        (root / "requirements.txt").write_text("madeup-one>=2,<3\nmadeup-two>=1.0\n", "utf-8")
        self.lock(TWO)
        index.offer("madeup-one", ONE)

    def lock(self, *files: PackageFile) -> None:
        """Write the lock file, which allows these files of the second package."""
        lines = lock_line("madeup-one", "2.1", ONE) + lock_line("madeup-two", "1.5", *files)
        (self.root / LOCK).write_text(lines, "utf-8")

    def run(self, at: float = 1000.0) -> str:
        """Install; return the warning."""
        return ensure_dependencies(
            str(self.root),
            str(self.root / "data"),
            installers=self.installers,
            run=self._run,
            now=lambda: at,
        )

    def failure(self) -> str:
        """Install without success; return the line for the user."""
        with pytest.raises(DependencyError) as caught:
            self.run()
        return str(caught.value)

    def _run(self, command: Sequence[str], folder: Path) -> CommandResult:
        if "--target" in command:
            self.commands.append(list(command))
        return run_command(command, folder)

    @property
    def remains(self) -> list[str]:
        """Names of the folders of packages, complete or not."""
        return [path.name for path in self.deps.iterdir() if path.is_dir()]

    def versions(self) -> list[object]:
        modules = (__import__("madeup_one"), __import__("madeup_two"))
        return [vars(module)["VERSION"] for module in modules]


def installers() -> list[Installer]:
    """A pip, the installed one where there is one, and a uv."""
    pip = find_installers()[0 if importlib.util.find_spec("pip") else -1]
    python = sys.executable
    options = ("--no-cache", "--python", python)
    return [pip, Installer("uv", (uv.find_uv_bin(), "pip"), options)]


@pytest.fixture(params=installers(), ids=["pip", "uv"])
def plugin(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    """Yield a plugin whose installer is pip, or uv."""
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    index = PackageIndex()
    before = sys.path[:]
    with serving(index) as address:
        for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
            monkeypatch.setenv(name, address)
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("UV_NO_CONFIG", "1")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield Installation(tmp_path / "plugin", index, request.param)
    sys.path[:] = before
    for name in [name for name in sys.modules if name.startswith("madeup")]:
        del sys.modules[name]


def test_the_locked_versions_are_installed(plugin: Installation) -> None:
    plugin.index.offer("madeup-two", TWO, NEWER)

    warning = plugin.run()

    assert warning == ""
    assert plugin.versions() == ["2.1", "1.5"]
    assert len(plugin.commands) == 1


@pytest.mark.parametrize("states_hashes", [True, False])
def test_a_tampered_wheel_ends_the_installation(plugin: Installation, states_hashes: bool) -> None:
    """The index vouches for its file, and has a genuine newer one in the range."""
    plugin.index.offer("madeup-two", TAMPERED, NEWER)
    plugin.index.states_hashes = states_hashes
    plugin.installers.append(plugin.installers[0]._replace(name="not asked"))

    line = plugin.failure()

    assert "madeup-two from the package index is another file" in line
    assert "its hash differs" in line
    assert "nothing was installed" in line
    assert "To help, check which package index" in line
    assert "\n" not in line
    assert len(plugin.commands) == 1
    assert not [path for path in plugin.index.requests if NEWER.name in path]
    assert plugin.remains == []
    assert not [name for name in sys.modules if name.startswith("madeup")]


def test_a_genuine_wheel_afterwards_is_installed(plugin: Installation) -> None:
    plugin.index.offer("madeup-two", TAMPERED)
    plugin.failure()
    plugin.index.offer("madeup-two", TWO)

    plugin.run(at=2000.0)

    assert plugin.versions() == ["2.1", "1.5"]


@pytest.mark.parametrize("offered", [(ELSEWHERE,), (SOURCE,), ()], ids=["tag", "source", "none"])
def test_without_the_locked_wheel_the_range_is_tried(
    plugin: Installation, offered: tuple[PackageFile, ...]
) -> None:
    plugin.lock(TWO, *offered)
    plugin.index.offer("madeup-two", *offered, NEWER)

    warning = plugin.run()

    assert plugin.versions() == ["2.1", "1.6"]
    assert warning.startswith("madeup-two has no wheel for this machine")
    assert plugin.run() == ""


@pytest.mark.parametrize("offered", [(ELSEWHERE,), (SOURCE,)], ids=["tag", "source"])
def test_without_any_wheel_one_line_names_the_package(
    plugin: Installation, offered: tuple[PackageFile, ...]
) -> None:
    plugin.lock(*offered)
    plugin.index.offer("madeup-two", *offered)

    line = plugin.failure()

    assert "madeup-two has no wheel for this machine" in line
    assert "To help, install madeup-two>=1.0 from the system's packages for " in line
    assert plugin.remains == []


def test_the_indexs_password_is_in_no_line(plugin: Installation) -> None:
    plugin.index.offer("madeup-two", TWO)
    plugin.index.is_closed = True

    line = plugin.failure()

    kept = (plugin.deps / "failed.json").read_text("utf-8")
    assert "could not install them" in line
    assert PASSWORD not in line
    assert PASSWORD not in kept
