"""Test the first start beside two full libraries: only an edit writes to Plex."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.images import picture
from tests.harness.in_process import InProcessHarness
from tests.harness.processes import running

SCENES = 40
DAY_S = 86_400.0


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[InProcessHarness]:
    """Scenes with everything, none of it in Plex yet, all of them older than the installation."""
    installed = InProcessHarness(tmp_path)
    began, installed.clock.now = installed.clock.now, installed.clock.now - 30 * DAY_S
    for number in range(SCENES):
        installed.scene(
            f"{number % 7}/{number:02}.mp4",
            1_000 + number,
            title=f"Title {number}",
            details="Words.",
            date="2024-01-02",
            studio="Aurora",
            performers=["Ada"],
            tags=["warm"],
            cover=picture(number),
        )
    installed.clock.now = began
    with running(installed):
        yield installed


def unchanged(worker: InProcessHarness, seen: dict[int, Any]) -> set[int]:
    return {key for key, item in shown(worker).items() if item == seen[key]}


def shown(worker: InProcessHarness) -> dict[int, Any]:
    """Return everything that a user sees of each item of Plex."""
    return {
        item.rating_key: (
            item.title,
            item.summary,
            item.studio,
            item.date,
            tuple(item.genres),
            tuple(item.roles),
            tuple(item.collections),
            frozenset(item.locked),
            item.poster_bytes,
        )
        for item in worker.plex.library.items()
    }


def test_nothing_is_written_until_one_scene_is_edited(
    worker: InProcessHarness,
) -> None:
    seen = shown(worker)

    worker.stash.run_operation({"mode": "wake"})
    worker.work()
    worker.work_for(3 * DAY_S, step=1200.0)
    looks = worker.stash.count(name="findScenes")
    before = (
        worker.plex.writes(),
        unchanged(worker, seen),
        worker.jobs(),
        worker.rows("SELECT 1 FROM records"),
    )
    worker.edit(1, title="Edited")
    worker.work()
    worker.work_for(2 * DAY_S, step=1200.0)

    edited = worker.item("0/00.mp4").rating_key
    assert looks > 50
    assert before == ([], set(seen), [], [])
    assert unchanged(worker, seen) == set(seen) - {edited}
    assert shown(worker)[edited][:3] == ("Edited", "Words.", "Aurora")
    assert all(
        f"id={edited}" in put.target or f"/{edited}/" in put.target for put in worker.plex.writes()
    )
    assert worker.rows("SELECT DISTINCT scene_id FROM records") == [(1,)]


def test_restarts_before_the_first_edit_write_nothing_either(worker: InProcessHarness) -> None:
    seen = shown(worker)
    worker.work()

    for _ in range(3):
        worker.end_worker()
        worker.clock.advance(DAY_S)
        worker.begin_worker()
        worker.stash.run_operation({"mode": "wake"})
        worker.work_for(3600.0, step=600.0)

    assert (worker.plex.writes(), unchanged(worker, seen), worker.jobs()) == ([], set(seen), [])


def test_settings_that_change_later_write_nothing_by_themselves(tmp_path: Path) -> None:
    worker = InProcessHarness(tmp_path)
    worker.clock.now -= DAY_S
    worker.scene(title="Never sent", cover=picture(1))
    worker.clock.now += DAY_S
    with running(worker, a_plex_url="", a_plex_token=""):
        worker.work_for(DAY_S, step=1200.0)

        worker.configure(a_plex_url=worker.plex.url, a_plex_token=worker.plex.token)
        worker.work_for(DAY_S, step=1200.0)
        worker.configure(c_sync_rating=True, b_path_map="", b_trigger_plex_scan=True)
        worker.work_for(DAY_S, step=1200.0)

        assert worker.plex.writes() == []
        assert worker.item().title == "a"
