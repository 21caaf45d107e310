"""The calls of the page as Stash starts them: processes, with a worker beside them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulators.stash_process import Spawn, spawn_process
from tests.harness.processes import ProcessHarness
from tests.harness.waiting import wait_for


def call(installed: ProcessHarness, name: str, **arguments: object) -> Any:
    return installed.stash.run_operation({"mode": "ui", "call": name, **arguments})


@pytest.fixture
def spawn() -> Spawn:
    """Start every call as Stash does, as no other test of the page does."""
    return spawn_process


def test_a_failed_scene_is_marked_matched_and_written(installed: ProcessHarness) -> None:
    items = [
        installed.plex.library.add_item(installed.section, [(f"/media/{year}/holiday.mp4", 1_000)])
        for year in (2019, 2024)
    ]
    scene = installed.stash.library.add_scene("/data/inbox/holiday.mp4", 1_000)
    installed.edit(scene, title="Which holiday?")
    wait_for(installed.dead_letters, "the dead letter")

    marks = call(installed, "scene_states", ids=[scene, scene + 1])
    (row,) = call(installed, "dead_letters", reason="AmbiguousMatch")["rows"]
    call(installed, "set_override", scenes=[scene], item=items[1])

    assert marks == {"waiting": [], "failed": [scene]}
    assert sorted(candidate["item"] for candidate in row["candidates"]) == items
    wait_for(
        lambda: installed.plex.library.item(items[1]).title == "Which holiday?", "the written title"
    )
    installed.wait_until_drained()
    assert call(installed, "scene", scene=scene)["state"] == "in_step"
    assert call(installed, "scene_states", ids=[scene]) == {"waiting": [], "failed": []}
