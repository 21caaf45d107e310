"""The Plex emulator as a program: orders from other processes, and many concurrent requests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.emulators.fixtures_plex import connect, connect_to
from tests.emulators.plex_server import PlexEmulator

ROOT = Path(__file__).parents[2]


def order(url: str, op: str, **arguments: Any) -> Any:
    answer = requests.post(f"{url}/__control__", json={"op": op, **arguments}, timeout=5)
    return answer.json().get("result", answer.json())


@pytest.fixture
def program() -> Iterator[str]:
    """The address of an emulator in a process of its own, with three items."""
    command = [sys.executable, "-m", "tests.emulators.plex_server", "--token", "x", "--items", "3"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()
        assert process.wait(timeout=10) == 0


def test_the_program_serves_until_it_is_terminated(program: str) -> None:
    assert [item.title for item in connect_to(program, "x").library.section("Scenes").all()] == [
        "scene-000000",
        "scene-000001",
        "scene-000002",
    ]


def test_orders_are_neither_counted_nor_a_device(plex: PlexEmulator) -> None:
    section = order(plex.url, "add_section", title="Other", locations=["/media/other"])
    key = order(
        plex.url, "add_item", section=section, files=[["/media/other/a.mp4", 5]], genres=["Drama"]
    )

    described = order(plex.url, "item", rating_key=key)

    assert (described["title"], described["genres"], described["files"]) == (
        "a",
        ["Drama"],
        ["/media/other/a.mp4"],
    )
    assert plex.count() == 0
    assert plex.devices == {}


def test_faults_and_counts_can_be_ordered(plex: PlexEmulator) -> None:
    order(plex.url, "fault", status=503, route="/identity")

    statuses = [requests.get(f"{plex.url}/identity", timeout=5).status_code for _ in range(2)]

    assert statuses == [503, 200]
    assert order(plex.url, "counts") == {"GET /identity": 2}
    assert order(plex.url, "count", method="GET", route="/identity") == 2


def test_an_invalid_order_is_answered_with_the_reason(plex: PlexEmulator) -> None:
    assert "KeyError" in order(plex.url, "no such thing")["error"]
    assert "LookupError" in order(plex.url, "switch", nonsense=1)["error"]


def test_the_server_can_be_ordered_away_and_comes_back(plex: PlexEmulator) -> None:
    order(plex.url, "down", seconds=0.1)

    assert plex.wait_until_down(10)
    assert plex.wait_until_up(10)
    assert requests.get(f"{plex.url}/identity", timeout=5).status_code == 200


def test_edits_from_many_threads_are_all_there(plex: PlexEmulator) -> None:
    made = plex.library.add_items(1, 40)

    def tag(key: int) -> int:
        target = f"{plex.url}/library/sections/1/all?type=1&id={key}&genre%5B0%5D.tag.tag=T{key}"
        return requests.put(target, headers={"X-Plex-Token": plex.token}, timeout=10).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(tag, made))

    assert statuses == {200}
    assert [plex.library.item(key).genres for key in made] == [[f"T{key}"] for key in made]
    assert len(plex.writes()) == plex.count("PUT", "/library/sections/{S}/all") == 40


def test_ten_thousand_items_are_listed_in_pages(plex: PlexEmulator) -> None:
    plex.library.add_items(1, 10_000)
    server = connect(plex)

    root = server.query(
        "/library/sections/1/all?type=1&sort=id&X-Plex-Container-Start=9500&X-Plex-Container-Size=1000"
    )

    assert (root.get("size"), root.get("totalSize")) == ("500", "10000")
