"""Make sure that the packages of requirements.txt can be imported, before anything imports them.

Stash's Python belongs to the user and is often empty, read-only or managed by the system. What is
missing is therefore installed into a private folder below data/, and a worker or task that cannot get
its packages ends with one line that says what to run. Standard library only; hooks never come here.
"""

import hashlib
import importlib
import importlib.machinery
import importlib.metadata
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from core.files import JsonFile
from core.lock import locked

RETRY_AFTER_S = 600.0  # a failed installation is not tried again sooner, unless forced
INSTALL_LIMIT_S = 600.0  # for one installer
LOCK_WAIT_S = 900.0  # while another process installs

_IMPORTED_AS = {"persist-queue": "persistqueue", "stashapp-tools": "stashapi.stashapp"}
_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(.*)")
_BOUND = re.compile(r"(>=|==|<)\s*(\S+)")
_VERSION = re.compile(r"(\d+(?:\.\d+)*)(?!\d|!)(.*)")
_BEFORE_FINAL = re.compile(r"[._-]?(?:a|b|c|rc|alpha|beta|pre|preview|dev)[._-]?\d*(?:$|[.+-])")
_NETWORK = re.compile(
    r"NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|name resolution|dns error|getaddrinfo|"
    r"Name or service not known|Network is unreachable|Connection refused|timed out|error sending request",
    re.IGNORECASE,
)
_NO_PIP = "No module named pip"
_NO_INSTALLER = "there is neither pip nor uv; install pip first (apk add py3-pip, or apt install python3-pip)"
_NO_WINDOW: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # a worker on Windows has no console to lend
_MOVE_TRIES = 5  # on Windows a virus scanner may hold a new file for a moment


class Unmet(Exception):
    """The packages are missing and could not be installed; the message is one line for a person."""


class Version(NamedTuple):
    """A release and whether it is one: 2.0rc1 sorts before 2.0."""

    release: tuple[int, ...]
    final: bool


class Requirement(NamedTuple):
    """One line of requirements.txt."""

    name: str
    bounds: tuple[tuple[str, Version], ...]
    text: str

    @property
    def module(self) -> str:
        """A module whose import shows that the package works."""
        return _IMPORTED_AS.get(self.name, self.name.replace("-", "_"))


class Needs(NamedTuple):
    """What has to be importable, and the name of the private folder that would hold it."""

    file: Path
    requirements: tuple[Requirement, ...]
    key: str


class Installer(NamedTuple):
    """A program that can fill a folder with packages: its argv up to the word `install`, and its options."""

    name: str
    start: tuple[str, ...]
    options: tuple[str, ...] = ()

    def command(self, needs: Needs, target: Path) -> list[str]:
        """The argv that installs everything into `target`."""
        return [*self.start, "install", *self.options, "--target", str(target), "-r", str(needs.file)]


class Finished(NamedTuple):
    """How a command ended (0 is success), and what it said."""

    status: int
    said: str


class Failed(Exception):
    """No installer did it: why, and the installer a person should run by hand."""

    def __init__(self, why: str, installer: Installer) -> None:
        super().__init__(why)
        self.installer = installer


Run = Callable[[Sequence[str], Path], Finished]


def ensure_dependencies(
    root: str,
    data_dir: str,
    *,
    force: bool = False,
    installers: Sequence[Installer] | None = None,
    run: Run | None = None,
    now: Callable[[], float] = time.time,
    wait_s: float = LOCK_WAIT_S,
) -> None:
    """Make the packages importable in this process, installing them into `data_dir`/deps if need be.

    Args:
        root: the plugin's folder, holding requirements.txt.
        data_dir: the plugin's data folder; nothing outside of it is written.
        force: try to install although it failed in the last ten minutes.
        installers: what may install; by default pip, uv, and the pip that Python carries along.
        run: starts one command in a folder; by default `run_command`.
        now: seconds since the epoch.
        wait_s: how long another process may be installing before this one gives up.

    Raises:
        Unmet: they are missing and could not be installed.
    """
    needs = read_needs(Path(root).absolute())
    deps = Path(data_dir).absolute() / "deps"
    target = deps / needs.key
    if lacking(needs.requirements, [str(target)]):
        absent = lacking(needs.requirements, sys.path) or unimportable(needs.requirements)
        if not absent:
            return
        known = find_installers() if installers is None else installers
        try:
            deps.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked(deps / ".lock", wait_s):
                _install_once(needs, deps, absent, known, run or run_command, now(), force)
        except TimeoutError as error:
            raise Unmet(_sentence(absent, "another process has been installing them for long", None)) from error
        except OSError as error:
            why = f"{deps} cannot be used ({error.strerror or error})"
            raise Unmet(_sentence(absent, why, _by_hand(known).command(needs, target))) from error
    use_folder(target)


def read_needs(root: Path) -> Needs:
    """The requirements of the plugin in `root`.

    Raises:
        Unmet: requirements.txt is missing or damaged.
    """
    file = root / "requirements.txt"
    try:
        raw = file.read_bytes()
        requirements = parse_requirements(raw.decode("utf-8"))
    except (OSError, ValueError) as error:
        raise Unmet(f"PlexSync is incomplete, {file} cannot be used ({error}): install the plugin again") from error
    return Needs(file, requirements, f"{platform_tag()}-{hashlib.sha256(raw).hexdigest()[:12]}")


def parse_requirements(text: str) -> tuple[Requirement, ...]:
    """Lines of the form `name>=a,<b`; comments and empty lines are left out.

    Raises:
        ValueError: a line says something else.
    """
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return tuple(_parse_requirement(line) for line in lines if line)


def _parse_requirement(line: str) -> Requirement:
    match = _REQUIREMENT.fullmatch(line)
    if match is None:
        raise ValueError(f"not a requirement: {line}")
    bounds = []
    for part in filter(None, match[2].split(",")):
        bound = _BOUND.fullmatch(part.strip())
        version = parse_version(bound[2]) if bound else None
        if bound is None or version is None:
            raise ValueError(f"not a version bound: {part} in {line}")
        bounds.append((bound[1], version))
    return Requirement(match[1], tuple(bounds), line)


def parse_version(text: str) -> Version | None:
    """The version's numbers without trailing zeros; None for a form that cannot be compared."""
    match = _VERSION.fullmatch(text.strip().lower().removeprefix("v"))
    if match is None:
        return None
    numbers = [int(number) for number in match[1].split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return Version(tuple(numbers), _BEFORE_FINAL.match(match[2]) is None)


def meets(installed: str, requirement: Requirement) -> bool:
    """Whether the installed version lies within all bounds; a release candidate of 3.0 is not below 3."""
    version = parse_version(installed)
    if version is None:
        return False
    for operator, bound in requirement.bounds:
        if operator == "<":
            within = version.release < bound.release
        else:
            within = version >= bound if operator == ">=" else version == bound
        if not within:
            return False
    return True


def lacking(requirements: Iterable[Requirement], search_path: list[str]) -> list[str]:
    """The requirements that the folders of `search_path` do not meet, in words."""
    absent = []
    for requirement in requirements:
        found = _installed_version(requirement.name, search_path)
        if found is None:
            absent.append(requirement.text)
        elif not meets(found, requirement):
            absent.append(f"{requirement.text} (found {found})")
    return absent


def _installed_version(name: str, search_path: list[str]) -> str | None:
    """The version in the first folder that has the package, as an import would choose it."""
    for distribution in importlib.metadata.distributions(name=name, path=search_path):
        text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
        stated = re.search(r"^Version:\s*(\S+)", text, re.MULTILINE)
        return stated[1] if stated else "unknown version"
    return None


def unimportable(requirements: Iterable[Requirement]) -> list[str]:
    """The first requirement that cannot be imported although it is there, in words.

    Packages left behind by another Python version have fitting metadata, but no fitting binaries.
    """
    for requirement in requirements:
        try:
            importlib.import_module(requirement.module)
        except Exception as error:  # noqa: BLE001 broad on purpose: somebody's broken package may raise anything
            return [f"{requirement.text} (found, but {one_line(str(error))})"]
    return []


def platform_tag() -> str:
    """What compiled packages depend on: Python version, system, processor, C library."""
    binary_form = importlib.machinery.EXTENSION_SUFFIXES[0].strip(".").rpartition(".")[0]
    parts = [f"{sys.version_info[0]}.{sys.version_info[1]}", sys.platform, binary_form]
    if sys.platform != "win32":  # there the binary form names the processor
        parts += [os.uname().machine, _libc()]
    return re.sub(r"[^A-Za-z0-9._-]", "_", "-".join(filter(None, parts)))


def _libc() -> str:
    if sys.platform != "linux":
        return ""
    try:
        answer = os.confstr("CS_GNU_LIBC_VERSION")
    except (ValueError, OSError):  # musl does not know the question
        answer = None
    return "glibc" if answer else "musl"


def find_installers() -> list[Installer]:
    """What may be able to install here, the most usual first."""
    options = ("--isolated", "--disable-pip-version-check", "--no-input", "--prefer-binary", "--upgrade")
    python = sys.executable or "python3"
    found = [Installer("pip", (python, "-m", "pip"), options)]
    uv = shutil.which("uv")
    if uv:
        found.append(Installer("uv", (uv, "pip"), ("--no-cache", "--python", python)))
    wheel = _bundled_pip()
    if wheel:
        found.append(Installer("bundled", (python, str(wheel / "pip")), options))
    return found


def _bundled_pip() -> Path | None:
    """The pip wheel that Python carries for new environments: it runs from where it lies."""
    folders = []
    spec = importlib.util.find_spec("ensurepip")
    if spec is not None and spec.origin:
        folders.append(Path(spec.origin).parent / "_bundled")
    distributor = sysconfig.get_config_var("WHEEL_PKG_DIR")
    if distributor:
        folders.append(Path(distributor))
    wheels = [wheel for folder in folders for wheel in sorted(folder.glob("pip-*.whl"))]
    return wheels[-1] if wheels else None


def run_command(command: Sequence[str], folder: Path, limit_s: float = INSTALL_LIMIT_S) -> Finished:
    """Run `command` in `folder`; a failure to start it or an exceeded limit is a status, not an error."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    # A file, not a pipe: children of a killed installer could hold a pipe open for ever.
    with tempfile.TemporaryFile(dir=folder) as output:
        try:
            status = subprocess.run(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=limit_s,
                check=False,
                creationflags=_NO_WINDOW,
            ).returncode
        except subprocess.TimeoutExpired:
            return Finished(-1, f"{Path(command[0]).name} was not ready after {limit_s:.0f} s")
        except OSError as error:
            return Finished(-1, f"{command[0]} could not be started: {error.strerror}")
        output.seek(0)
        return Finished(status, output.read().decode("utf-8", "replace"))


def one_line(said: str) -> str:
    """An installer's last words, short and without the password of a proxy."""
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["no reason given"]
    errors = [line for line in lines if line.lower().startswith("error")]
    line = re.sub(r"(?i)^error:\s*", "", (errors or lines)[-1])
    line = re.sub(r"//[^/@\s]+@", "//***@", line)
    return ("no internet? " if _NETWORK.search(said) else "") + line[:200].rstrip(". ")


def use_folder(folder: Path) -> None:
    """Put `folder` first on `sys.path`, and drop copies of its packages imported from elsewhere."""
    entry = str(folder)
    sys.path[:] = [entry, *(other for other in sys.path if other != entry)]
    importlib.invalidate_caches()
    provided = {path.name.partition(".")[0] for path in folder.iterdir()}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in provided and not _origin(module).startswith(entry + os.sep):
            del sys.modules[name]


def _origin(module: ModuleType) -> str:
    """Where a module lies; a package without `__init__.py` has only folders, and the first one counts."""
    return getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), "")


def _install_once(
    needs: Needs,
    deps: Path,
    absent: list[str],
    installers: Sequence[Installer],
    run: Run,
    now: float,
    force: bool,
) -> None:
    """Install, unless another process did, or failed a moment ago. The lock is held."""
    target = deps / needs.key
    failures = JsonFile(deps / "failed.json", time.sleep)
    if not lacking(needs.requirements, [str(target)]):
        return
    last = failures.read() or {}
    age = now - last["at"] if isinstance(last.get("at"), (int, float)) else RETRY_AFTER_S
    if not force and last.get("key") == needs.key and 0 <= age < RETRY_AFTER_S:
        raise Unmet(str(last.get("why")))
    try:
        install(needs, deps, installers, run)
    except Failed as failure:
        why = _sentence(absent, str(failure), failure.installer.command(needs, target))
        failures.write({"at": now, "key": needs.key, "why": why})
        raise Unmet(why) from failure
    (deps / "failed.json").unlink(missing_ok=True)


def install(needs: Needs, deps: Path, installers: Sequence[Installer], run: Run) -> None:
    """Fill the private folder; it appears complete or not at all. The caller holds the lock.

    Raises:
        Failed: no installer did it.
        OSError: the disk does not allow it.
    """
    target = deps / needs.key
    _remove(deps.glob("*.tmp"))  # of dead processes: a living one would hold the lock
    work = Path(tempfile.mkdtemp(prefix=f"{needs.key}.{os.getpid()}.", suffix=".tmp", dir=deps))
    try:
        site = _build(needs, work, installers, run)
        if target.exists():
            _move(target, work / "damaged")
        _move(site, target)
        _retire(deps, target, work)
    finally:
        _remove([work])


def _build(needs: Needs, work: Path, installers: Sequence[Installer], run: Run) -> Path:
    """The folder that the first working installer filled."""
    failures = []
    for installer in installers:
        site = work / installer.name
        site.mkdir()
        finished = run(installer.command(needs, site), work)
        if finished.status and _NO_PIP in finished.said:
            continue
        why = one_line(finished.said) if finished.status else _flaw(needs, site, run)
        if not why:
            return site
        failures.append(Failed(why, installer))
    raise failures[0] if failures else Failed(_NO_INSTALLER, _by_hand(installers))


def _flaw(needs: Needs, site: Path, run: Run) -> str:
    """What is wrong with a fresh installation; empty when it can be used."""
    for manifest in site.rglob("*.yml"):  # Stash would read it as another plugin
        manifest.unlink()
    absent = lacking(needs.requirements, [str(site)])
    if absent:
        return f"the installation lacks {', '.join(absent)}"
    modules = ", ".join(requirement.module for requirement in needs.requirements)
    program = f"import sys; sys.path.insert(0, sys.argv[1]); import {modules}"
    finished = run([sys.executable, "-c", program, str(site)], site.parent)
    return f"installed, but not usable: {one_line(finished.said)}" if finished.status else ""


def _by_hand(installers: Sequence[Installer]) -> Installer:
    return installers[0] if installers else find_installers()[0]


def _move(source: Path, target: Path) -> None:
    for tries_left in range(_MOVE_TRIES - 1, -1, -1):
        try:
            source.rename(target)
            return
        except PermissionError:
            if not tries_left:
                raise
            time.sleep(0.2)


def _retire(deps: Path, target: Path, work: Path) -> None:
    """Move the folders of other requirements and other Pythons away, so that none is ever half removed in place."""
    for other in deps.iterdir():
        if other.is_dir() and other not in (target, work):
            try:
                other.rename(work / other.name)
            except OSError:
                pass  # in use on Windows: the next installation tries again


def _remove(folders: Iterable[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)  # what cannot be removed now is tried again next time


def _sentence(absent: list[str], why: str, command: list[str] | None) -> str:
    advice = "try again later"
    if command is not None:
        advice = f"run: {subprocess.list2cmdline(command) if sys.platform == 'win32' else shlex.join(command)}"
    return f"PlexSync lacks Python packages ({', '.join(absent)}) and could not install them: {why}. To help, {advice}"
