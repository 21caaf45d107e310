"""After a full run the token, the API key and the cookies are only where they have to be."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from stash.key_file import FILE_NAME
from tests.emulators.plex_server import Fault
from tests.emulators.stash_client import GraphqlFailure
from tests.emulators.stash_process import Process, spawn_process
from tests.harness.images import picture
from tests.harness.processes import ProcessHarness, cheapest_spawn, running
from tests.harness.servers import TOKEN
from tests.harness.waiting import wait_for
from validation.token_file import FILE_NAME as TOKEN_FILE

API_KEY = "eyJhbGciOiJIUzI1NiJ9.the-api-key-of-this-test"
BUTTONS = (
    "Process Queue", "View Queue Status", "View Worker Log", "Health Check", "Sync All Scenes", "Outage Summary Report",
    "List Dead Letters", "Clear Dead Letter Queue", "Reconcile Library (All)", "Reconcile: Dry Run",
)  # fmt: skip
PAYLOAD_CHARS = 40  # what every cookie of one user begins with is shorter

# The session row of the database is also in its nightly copy, which may be made at any time.
DATABASES = ("queue.db", "backup.db")


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessHarness]:
    """A installed with a login after a run in which about everything happened, its worker still
    alive.
    """
    starts = iter([spawn_process])  # the first hook, and so the worker: its command line is read

    def spawn(argv: Sequence[str], env: Mapping[str, str]) -> Process:
        return next(starts, cheapest_spawn())(argv, env)

    installed = ProcessHarness(
        tmp_path_factory.mktemp("installed"),
        username="ada",
        password="lovelace",
        api_key=API_KEY,
        spawn=spawn,
    )
    with running(installed, c_background_source="cover", c_sync_rating=True):
        live(installed)
        yield installed


def live(installed: ProcessHarness) -> None:
    """Good edits, failing ones, all buttons, a wrong token and the right one."""
    good, odd = (
        installed.scene("good.mp4", cover=picture(1)),
        installed.scene("odd.mp4", in_plex=False),
    )
    installed.edit(
        good, title="Good", details="Words", tags=["one"], performers=["Mia Sol"], studio="Aurora"
    )
    installed.wait_until_drained()
    installed.plex.faults.add(Fault(method="PUT", status=500))
    installed.edit(good, title="Better")
    installed.edit(odd, title="Odd")
    wait_for(lambda: installed.item("good.mp4").title == "Better", "the second attempt")
    for name in BUTTONS:
        installed.run_task(name)
    installed.configure(a_enabled=False)
    installed.run_task("Restore Plex Values")
    installed.configure(a_enabled=True)
    installed.configure(a_plex_token=TOKEN + "-mistyped")
    installed.edit(good, title="Best")
    installed.stash.log_store.wait_for("Plex token", 60.0)
    with pytest.raises(GraphqlFailure):
        installed.stash.run_operation({"mode": "health"})
    installed.stash.run_operation({"mode": "ui", "call": "save_token", "token": TOKEN})
    wait_for(lambda: installed.item("good.mp4").title == "Best", "the change after the correction")


def cookies(installed: ProcessHarness) -> set[str]:
    """Every cookie that a plugin was given, without what all of them begin with."""
    values = {
        run.stdin.split(b'"Value":"', 1)[1].split(b'"', 1)[0].decode()
        for run in installed.stash.plugin_runs
    }
    return {value[PAYLOAD_CHARS:] for value in values}


def secrets(installed: ProcessHarness) -> set[str]:
    """Everything that must not be found; the value of the newest cookie comes from the session row."""
    kept = {
        row[0][PAYLOAD_CHARS:] for row in installed.rows("SELECT cookie FROM session") if row[0]
    }
    return {TOKEN, API_KEY} | cookies(installed) | kept


def found_in(text: bytes, desired: set[str]) -> list[str]:
    return [secret for secret in desired if secret.encode() in text]


def test_a_full_run_leaves_secrets_only_where_they_belong(lived_in: ProcessHarness) -> None:
    installed, desired = lived_in, secrets(lived_in)
    command_line = Path(f"/proc/{installed.worker_pid}/cmdline")

    logged = "\n".join(entry.message for entry in installed.stash.log).encode()
    runs = b"\n".join(part.encode() for run in installed.stash.plugin_runs for part in run.argv)
    printed = b"\n".join(
        run.stdout + "\n".join(run.stderr).encode() for run in installed.stash.plugin_runs
    )
    files = {path: path.read_bytes() for path in installed.data.rglob("*") if path.is_file()}
    session = installed.rows("SELECT cookie FROM session")
    others = {
        table: str(installed.rows(f"SELECT * FROM {table}")).encode()
        for (table,) in installed.rows(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'session'"
        )
    }

    assert len(desired) > 5
    assert len(session) == 1 and session[0][0]
    assert found_in(logged, desired) == []
    assert found_in(runs, desired) == []
    assert found_in(printed, desired) == []
    if command_line.exists():
        words = command_line.read_bytes()
        assert b"PlexSync.py" in words
        assert found_in(words, desired) == []
    assert {
        name: found for name, text in others.items() if (found := found_in(text, desired))
    } == {}
    other_files = {path for path in files if not path.name.startswith(DATABASES)}
    assert len(other_files) > 3
    held = {path.name: found_in(files[path], desired) for path in other_files}
    assert {name: found for name, found in held.items() if found} == {
        FILE_NAME: [API_KEY],
        TOKEN_FILE: [TOKEN],
    }
    assert {
        path.name for path, content in files.items() if found_in(content, {TOKEN, API_KEY})
    } == {FILE_NAME, TOKEN_FILE}
    assert TOKEN not in str(installed.stash.settings())


def test_what_is_kept_is_readable_by_its_owner_only(lived_in: ProcessHarness) -> None:
    paths = [lived_in.data, *lived_in.data.rglob("*")]

    folders = {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_dir()}
    files = {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_file()}

    assert folders == {0o700}
    assert files == {0o600}


def test_the_manifest_is_the_only_plugin_file_for_stash(lived_in: ProcessHarness) -> None:
    found = [path.name for path in lived_in.plugin.rglob("*") if path.suffix in (".yml", ".yaml")]

    assert found == ["PlexSync.yml"]


def test_stash_is_never_asked_with_an_expired_login(lived_in: ProcessHarness) -> None:
    assert lived_in.stash.count(status=401) == 0
    assert lived_in.stash.count(status=302) == 0
