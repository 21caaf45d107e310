"""From a sign-in to a scene in Plex and back, by the processes that Stash starts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync_queue.meta import WorkerStatus
from tests.emulators.plex_tv import ACCOUNT_TOKEN, PlexTvEmulator
from tests.harness.processes import ProcessHarness, running
from tests.harness.servers import TOKEN
from tests.harness.waiting import wait_for
from validation.token_file import FILE_NAME


@pytest.fixture
def tv() -> Iterator[PlexTvEmulator]:
    with PlexTvEmulator() as emulator:
        yield emulator


def call(installed: ProcessHarness, name: str, **arguments: Any) -> Any:
    """Ask a call of the page, as the page does."""
    return installed.stash.run_operation({"mode": "ui", "call": name, **arguments})


def sign_in(installed: ProcessHarness, tv: PlexTvEmulator) -> str:
    """Sign in, choose the server's first address, and save it as the page does; return it."""
    begun = call(installed, "sign_in_begin")
    tv.add_server(installed.plex)
    tv.sign_in(begun["code"])
    (server,) = call(installed, "sign_in_poll")["servers"]
    url = server["addresses"][0]["url"]
    chosen = call(installed, "sign_in_choose", server=server["id"], url=url)
    installed.configure(a_plex_url=chosen["url"])
    return str(url)


def is_paused(installed: ProcessHarness) -> bool:
    return installed.status == WorkerStatus.UNCONFIGURED.value


def test_a_sign_in_leads_to_a_scene_in_plex(tmp_path: Path, tv: PlexTvEmulator) -> None:
    installed = ProcessHarness(tmp_path, extra_env={"PLEXSYNC_PLEX_TV": tv.url})
    with running(installed, a_plex_url="", a_plex_token=""):
        scene = installed.scene()
        installed.edit(scene, title="Before the sign-in")
        wait_for(lambda: is_paused(installed), "the worker waits for its settings")

        url = sign_in(installed, tv)
        installed.wait_until_drained()

        assert url == installed.plex.url
        assert installed.item().title == "Before the sign-in"
        assert TOKEN not in str(installed.stash.settings())
        assert (installed.data / FILE_NAME).read_text("ascii") == TOKEN
        assert not [
            text
            for text in (installed.worker_log(), str(installed.stash.log))
            for secret in (TOKEN, ACCOUNT_TOKEN)
            if secret in text
        ]


def test_disconnecting_pauses_and_keeps_what_is_queued(installed: ProcessHarness) -> None:
    scene = installed.scene()
    installed.edit(scene, title="Connected")
    installed.wait_until_drained()

    call(installed, "disconnect")
    installed.edit(scene, title="Disconnected")
    wait_for(lambda: is_paused(installed), "the worker waits for its settings")
    paused = installed.item().title
    jobs = installed.jobs()
    call(installed, "save_token", token=TOKEN)
    installed.wait_until_drained()

    assert paused == "Connected"
    assert [(subject, attempts) for subject, attempts, _ in jobs] == [(f"scene:{scene}", 0)]
    assert installed.item().title == "Disconnected"
    assert TOKEN not in str(installed.stash.settings())
