"""The private installation of the packages, with made-up packages; one test at the end is real."""

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dependencies.install import DependencyError, ensure_dependencies, read_needs
from dependencies.installers import find_installers, installer_environment, run_command
from dependencies.private_folder import LOCKED
from dependencies.requirements import parse_requirements, satisfies
from tests.unit.dependencies.made_up import (
    FIRST,
    SECOND,
    FakeInstaller,
    both_packages,
    imported_version,
    nothing,
    private_folder,
    write_package,
)

ROOT = Path(__file__).resolve().parents[3]
LONG_S = 120


def ensure(plugin: Path, run: FakeInstaller, *, at: float = 0.0, force: bool = False) -> None:
    ensure_dependencies(
        str(plugin),
        str(plugin / "data"),
        force=force,
        installers=[FIRST, SECOND],
        run=run,
        now=lambda: at,
    )


def folders_in(deps: Path) -> list[str]:
    return sorted(path.name for path in deps.iterdir() if path.is_dir())


@pytest.mark.parametrize(
    ("installed", "desired", "expected"),
    [
        ("2.7", "x>=2.7,<3", True),
        ("2.7.0", "x>=2.7", True),
        ("2.7", "x>=2.7.0", True),
        ("2.14.3", "x>=2.7,<3", True),
        ("2.6.9", "x>=2.7,<3", False),
        ("1.10.22", "x>=2.7,<3", False),
        ("3", "x>=2.7,<3", False),
        ("3.0.0", "x>=2.7,<3", False),
        ("3.0.0b1", "x>=2.7,<3", False),
        ("2.7rc1", "x>=2.7", False),
        ("2.7.dev3", "x>=2.7", False),
        ("2.7.0-beta.2", "x>=2.7", False),
        ("2.8rc1", "x>=2.7", True),
        ("2.7.post1", "x>=2.7", True),
        ("2.7+local.build", "x>=2.7", True),
        ("v2.7", "x>=2.7", True),
        ("10.0", "x>=9.5", True),
        ("1.2.0", "x==1.2", True),
        ("1.2.1", "x==1.2", False),
        ("1!1.0", "x>=0.1", False),
        ("unknown", "x>=0.1", False),
        ("0.0.1", "x", True),
    ],
)
def test_a_version_is_compared_number_by_number(
    installed: str, desired: str, expected: bool
) -> None:
    [requirement] = parse_requirements(desired)

    assert satisfies(installed, requirement) is expected


def test_the_plugins_own_requirements_are_understood() -> None:
    requirements = read_needs(ROOT).requirements

    assert {
        "plexapi",
        "stashapi.classes",
        "persistqueue",
        "pydantic",
        "tenacity",
        "diskcache",
        "requests",
        "urllib3",
    } == {requirement.module for requirement in requirements}
    assert all(requirement.bounds for requirement in requirements)


@pytest.mark.parametrize(
    "line", ["-r other.txt", "a>=x", "a>1", "a~=1.0", "a>=1; python_version<'3'", "a[b]>=1"]
)
def test_a_line_of_another_form_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        parse_requirements(line)


def test_a_plugin_without_its_requirements_says_so(tmp_path: Path) -> None:
    with pytest.raises(DependencyError, match="install the plugin again"):
        ensure_dependencies(str(tmp_path), str(tmp_path / "data"))


def test_a_plugin_without_its_lock_file_says_so(plugin: Path) -> None:
    read_needs(plugin).lock.unlink()

    with pytest.raises(DependencyError, match="requirements.lock cannot be used"):
        ensure_dependencies(str(plugin), str(plugin / "data"))


def test_nothing_is_installed_when_python_has_everything(plugin: Path, pythons_own: Path) -> None:
    both_packages(pythons_own)
    run = FakeInstaller(both_packages)

    ensure(plugin, run)

    assert run.ran == []
    assert not (plugin / "data").exists()


def test_a_complete_private_folder_is_used_and_comes_first(plugin: Path, pythons_own: Path) -> None:
    both_packages(private_folder(plugin))
    write_package(pythons_own, "madeup-one", "2.1")
    run = FakeInstaller(both_packages)

    ensure(plugin, run)

    assert run.ran == []
    assert sys.path[0] == str(private_folder(plugin))
    assert imported_version("madeup_one") == "2.4.0"


def test_asking_twice_enters_the_folder_once(plugin: Path) -> None:
    run = FakeInstaller(both_packages)
    ensure(plugin, run)

    ensure(plugin, run)

    assert run.ran == ["first"]
    assert sys.path.count(str(private_folder(plugin))) == 1


def test_an_older_copy_is_replaced_even_when_imported_already(
    plugin: Path, pythons_own: Path
) -> None:
    write_package(pythons_own, "madeup-one", "1.10.22")
    write_package(pythons_own, "madeup-two", "1.0")
    assert imported_version("madeup_one") == "1.10.22"

    ensure(plugin, FakeInstaller(both_packages))

    assert imported_version("madeup_one") == "2.4.0"


def test_a_package_that_cannot_be_imported_is_replaced(plugin: Path, pythons_own: Path) -> None:
    write_package(
        pythons_own, "madeup-one", "2.1", body="raise SystemError('built for another Python')"
    )
    write_package(pythons_own, "madeup-two", "1.0")

    ensure(plugin, FakeInstaller(both_packages))

    assert imported_version("madeup_one") == "2.4.0"


def test_no_manifest_look_alike_is_left(plugin: Path) -> None:
    def with_manifests(folder: Path) -> None:
        both_packages(folder)
        (folder / "madeup_one" / ".github").mkdir()
        for name in ("a.yml", "madeup_one/.github/b.yml", "c.yaml"):
            (folder / name).write_text("name: ghost\n", "utf-8")

    ensure(plugin, FakeInstaller(with_manifests))

    assert [path.name for path in private_folder(plugin).rglob("*.y*ml")] == ["c.yaml"]


@pytest.mark.parametrize("words", ["/usr/bin/python3: No module named pip", "ERROR: it broke"])
def test_the_next_installer_is_tried(plugin: Path, words: str) -> None:
    run = FakeInstaller(both_packages, failing={"first": words})

    ensure(plugin, run)

    assert run.ran == ["first", "second"]
    assert imported_version("madeup_two") == "1.0"


def test_without_any_installer_the_message_says_what_to_do(plugin: Path) -> None:
    no_pip = {"first": "No module named pip", "second": "No module named pip"}

    with pytest.raises(DependencyError) as caught:
        ensure(plugin, FakeInstaller(nothing, failing=no_pip))

    assert "neither pip nor uv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_pip_installed_meanwhile_is_used_without_delay(plugin: Path) -> None:
    run = FakeInstaller(
        both_packages, failing={"first": "No module named pip", "second": "No module named pip"}
    )
    with pytest.raises(DependencyError):
        ensure(plugin, run, at=1000.0)
    run.failing = {}

    ensure(plugin, run, at=1001.0)

    assert imported_version("madeup_one") == "2.4.0"


def test_the_message_names_what_is_missing_and_a_command(plugin: Path, pythons_own: Path) -> None:
    write_package(pythons_own, "madeup-one", "1.10.22")
    broken = {
        "first": "Collecting madeup-one\nERROR: the index is closed\n\n",
        "second": "error: also closed",
    }

    with pytest.raises(DependencyError) as caught:
        ensure(plugin, FakeInstaller(nothing, failing=broken))

    message = str(caught.value)
    command = shlex.split(message.partition("run: ")[2])
    assert "madeup-one>=2,<3 (found 1.10.22), madeup-two>=1.0" in message
    assert "the index is closed" in message
    assert "\n" not in message
    assert command == FIRST.command(read_needs(plugin).lock, private_folder(plugin), LOCKED)


def test_following_the_advice_ends_the_failure_immediately(plugin: Path) -> None:
    run = FakeInstaller(nothing, failing={"first": "no", "second": "no"})
    with pytest.raises(DependencyError):
        ensure(plugin, run, at=1000.0)
    both_packages(private_folder(plugin))

    ensure(plugin, run, at=1001.0)

    assert imported_version("madeup_one") == "2.4.0"


def test_a_failed_installation_leaves_nothing_in_place(plugin: Path) -> None:
    def half(folder: Path) -> None:
        write_package(folder, "madeup-one", "2.4.0")

    with pytest.raises(DependencyError, match="lacks madeup-two"):
        ensure(plugin, FakeInstaller(half))

    assert folders_in(plugin / "data" / "deps") == []


def test_an_installation_that_cannot_be_imported_is_not_used(plugin: Path) -> None:
    def broken(folder: Path) -> None:
        write_package(folder, "madeup-one", "2.4.0", body="import madeup_elsewhere")
        write_package(folder, "madeup-two", "1.0")

    with pytest.raises(DependencyError, match="not usable: .*madeup_elsewhere"):
        ensure(plugin, FakeInstaller(broken))

    assert not private_folder(plugin).exists()


def test_a_failure_is_not_repeated_for_ten_minutes(plugin: Path) -> None:
    run = FakeInstaller(nothing, failing={"first": "ERROR: broken", "second": "ERROR: broken"})
    messages = []

    for at in (1000.0, 1001.0, 1599.0, 1600.0):
        with pytest.raises(DependencyError) as caught:
            ensure(plugin, run, at=at)
        messages.append((str(caught.value), len(run.ran)))

    assert [tries for _, tries in messages] == [2, 2, 2, 4]
    assert len({message for message, _ in messages}) == 1


def test_a_failure_is_retried_when_forced_or_clock_went_back(plugin: Path) -> None:
    run = FakeInstaller(nothing, failing={"first": "ERROR: broken", "second": "ERROR: broken"})
    for at, force in ((1000.0, False), (1001.0, True), (900.0, False)):
        with pytest.raises(DependencyError):
            ensure(plugin, run, at=at, force=force)

    assert len(run.ran) == 6


def test_a_failure_does_not_count_for_other_requirements(plugin: Path) -> None:
    broken = FakeInstaller(nothing, failing={"first": "ERROR: broken", "second": "ERROR: broken"})
    with pytest.raises(DependencyError):
        ensure(plugin, broken, at=1000.0)
    (plugin / "requirements.txt").write_text("madeup-one>=2\nmadeup-two\n", "utf-8")

    ensure(plugin, FakeInstaller(both_packages), at=1001.0)

    assert not (plugin / "data" / "deps" / "failed.json").exists()


def test_a_failure_does_not_count_for_another_lock_file(plugin: Path) -> None:
    broken = FakeInstaller(nothing, failing={"first": "ERROR: broken", "second": "ERROR: broken"})
    with pytest.raises(DependencyError):
        ensure(plugin, broken, at=1000.0)
    read_needs(plugin).lock.write_text("madeup-one==2.5\nmadeup-two==1.0\n", "utf-8")

    ensure(plugin, FakeInstaller(both_packages), at=1001.0)

    assert imported_version("madeup_one") == "2.4.0"


def test_a_newer_lock_file_keeps_what_is_in_the_range(plugin: Path) -> None:
    both_packages(private_folder(plugin))
    read_needs(plugin).lock.write_text("madeup-one==2.5\nmadeup-two==1.0\n", "utf-8")
    run = FakeInstaller(both_packages)

    ensure(plugin, run)

    assert run.ran == []


def test_a_damaged_private_folder_is_replaced(plugin: Path) -> None:
    write_package(private_folder(plugin), "madeup-one", "2.4.0")

    ensure(plugin, FakeInstaller(both_packages))

    assert imported_version("madeup_two") == "1.0"
    assert folders_in(plugin / "data" / "deps") == [private_folder(plugin).name]


def test_remains_are_removed_after_a_success_only(plugin: Path) -> None:
    deps = plugin / "data" / "deps"
    (deps / "3.9-other-key" / "package").mkdir(parents=True)
    (deps / f"{private_folder(plugin).name}.1.abc.tmp" / "half").mkdir(parents=True)
    broken = FakeInstaller(nothing, failing={"first": "ERROR: broken", "second": "ERROR: broken"})

    with pytest.raises(DependencyError):
        ensure(plugin, broken)
    after_failure = folders_in(deps)
    ensure(plugin, FakeInstaller(both_packages), force=True)

    assert after_failure == ["3.9-other-key"]
    assert folders_in(deps) == [private_folder(plugin).name]


def test_a_data_folder_that_cannot_be_used_is_one_clear_line(plugin: Path) -> None:
    (plugin / "data").write_text("a file, where a folder should be", "utf-8")

    with pytest.raises(
        DependencyError, match=r"deps cannot be used \(.+\)\. To help, run: first install"
    ):
        ensure(plugin, FakeInstaller(both_packages))


def test_a_full_disk_is_one_clear_line(plugin: Path) -> None:
    def full(folder: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(DependencyError, match="No space left on device"):
        ensure(plugin, FakeInstaller(full))

    assert folders_in(plugin / "data" / "deps") == []


def test_the_folder_name_is_plain_and_follows_requirements(plugin: Path) -> None:
    before = read_needs(plugin).key

    (plugin / "requirements.txt").write_text("madeup-one>=2,<4\n", "utf-8")

    after = read_needs(plugin).key
    assert before != after
    assert before.rpartition("-")[0] == after.rpartition("-")[0]
    assert before.startswith(f"{sys.version_info[0]}.{sys.version_info[1]}-{sys.platform}-")
    assert not set(before) & set('/\\:*?"<>| ')


def test_every_installer_stays_out_of_pythons_own_packages(plugin: Path, tmp_path: Path) -> None:
    for installer in find_installers():
        command = installer.command(read_needs(plugin).file, tmp_path)

        assert command[command.index("--target") + 1] == str(tmp_path)


def test_an_installer_gets_indexes_and_proxies_only() -> None:
    passed_on = {
        "PIP_INDEX_URL": "https://mirror/",
        "PIP_FIND_LINKS": "/wheels",
        "UV_OFFLINE": "1",
        "HTTPS_PROXY": "http://p",
    }
    elsewhere = {
        "PIP_TARGET": "/a",
        "PIP_PREFIX": "/b",
        "PIP_USER": "1",
        "PIP_REQUIRE_VIRTUALENV": "1",
        "PYTHONPATH": "/c",
        "PYTHONWARNINGS": "error",
        "PYTHONDEVMODE": "1",
    }

    environment = installer_environment({**passed_on, **elsewhere})

    assert environment == {**passed_on, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}


def test_a_command_gets_no_input_and_no_foreign_packages(tmp_path: Path) -> None:
    program = "import os, sys; print(repr(sys.stdin.read()), os.environ.get('PYTHONPATH'), os.environ['HTTP_PROXY'])"
    script = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); "
        "from dependencies.installers import run_command; "
        "print(run_command([sys.executable, '-c', sys.argv[2]], Path(sys.argv[3])))"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "HTTP_PROXY": "http://proxy"}

    finished = subprocess.run(
        [sys.executable, "-c", script, str(ROOT), program, str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=LONG_S,
        check=True,
    )

    assert "'' None http://proxy" in finished.stdout
    assert "status=0" in finished.stdout


def test_a_command_that_never_ends_is_ended(tmp_path: Path) -> None:
    finished = run_command(
        [sys.executable, "-c", "import time; time.sleep(600)"], tmp_path, limit_s=0.3
    )

    assert finished.status != 0
    assert "was not ready" in finished.output


def test_a_missing_program_is_a_failure_without_traceback(tmp_path: Path) -> None:
    finished = run_command([str(tmp_path / "nowhere")], tmp_path)

    assert finished.status != 0
    assert "could not be started" in finished.output


PROCESS = """
import os, sys, time
from pathlib import Path
root, plugin, me, others = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4:]
sys.path.insert(0, str(root))
from dependencies.installers import Installer
from dependencies.install import ensure_dependencies
from tests.unit.dependencies.made_up import FakeInstaller, both_packages, write_package

def fill(folder):
    with (plugin / "installations").open("a") as log:
        log.write(me + "\\n")
    if me == "killed":
        write_package(folder, "madeup-one", "2.4.0")
        os._exit(9)
    limit = time.monotonic() + 60
    while not all((plugin / f"{name}.started").exists() for name in others):
        assert time.monotonic() < limit
        time.sleep(0.01)
    both_packages(folder)

(plugin / f"{me}.started").touch()
ensure_dependencies(
    str(plugin), str(plugin / "data"), installers=[Installer("first", ("first",))], run=FakeInstaller(fill)
)
import madeup_one, madeup_two
print(madeup_one.__file__)
"""


def start_process(plugin: Path, me: str, *others: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROCESS, str(ROOT), str(plugin), me, *others]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_processes_at_the_same_time_install_once(plugin: Path) -> None:
    both = [start_process(plugin, "a", "b"), start_process(plugin, "b", "a")]

    outputs = [process.communicate(timeout=LONG_S) for process in both]

    assert [process.returncode for process in both] == [0, 0], outputs
    assert all(str(private_folder(plugin)) in output for output, _ in outputs)
    assert len((plugin / "installations").read_text("utf-8").splitlines()) == 1


def test_a_kill_during_installation_leaves_nothing_half_done(plugin: Path) -> None:
    killed = start_process(plugin, "killed")
    killed.communicate(timeout=LONG_S)
    deps = plugin / "data" / "deps"
    assert killed.returncode == 9
    assert [name.endswith(".tmp") for name in folders_in(deps)] == [True]

    ensure(plugin, FakeInstaller(both_packages), at=time.time())

    assert imported_version("madeup_one") == "2.4.0"
    assert folders_in(deps) == [private_folder(plugin).name]
