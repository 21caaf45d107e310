"""Made-up packages, and an installer that fills a folder with them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from dependencies.install import read_needs
from dependencies.installers import CommandResult, Installer, run_command

FIRST = Installer("first", ("first",))
SECOND = Installer("second", ("second",))


def write_package(folder: Path, name: str, version: str, body: str = "") -> None:
    """A package as an installer leaves it: a module and its metadata."""
    module = name.replace("-", "_")
    (folder / module).mkdir(parents=True)
    (folder / module / "__init__.py").write_text(f"VERSION = {version!r}\n{body}", "utf-8")
    information = folder / f"{module}-{version}.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8"
    )


def target_of(command: Sequence[str]) -> Path | None:
    return Path(command[command.index("--target") + 1]) if "--target" in command else None


class FakeInstaller:
    """Fills the target with made-up packages; other commands, the import check, run for real."""

    def __init__(
        self, fill: Callable[[Path], object], failing: dict[str, str] | None = None
    ) -> None:
        self.fill = fill
        self.failing = failing or {}
        self.ran: list[str] = []

    def __call__(self, command: Sequence[str], folder: Path) -> CommandResult:
        target = target_of(command)
        if target is None:
            return run_command(command, folder)
        self.ran.append(command[0])
        self.fill(target)
        if command[0] in self.failing:
            return CommandResult(1, self.failing[command[0]])
        return CommandResult(0, "")


def both_packages(folder: Path) -> None:
    write_package(folder, "madeup-one", "2.4.0")
    write_package(folder, "madeup-two", "1.0")


def nothing(folder: Path) -> None:
    """An installer that leaves the folder empty."""


def private_folder(plugin: Path) -> Path:
    return plugin / "data" / "deps" / read_needs(plugin).key


def imported_version(module: str) -> object:
    return vars(__import__(module))["VERSION"]
