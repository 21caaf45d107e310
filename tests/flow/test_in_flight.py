"""Several requests are in flight to Plex, never two for one item; an edit is not held up."""

from __future__ import annotations

import time
from itertools import combinations

import pytest

from core.job import PRIORITY_EDIT
from plex.transport import MAX_IN_FLIGHT
from sync_queue.statements import QUEUE
from tests.emulators.plex_http import RequestRecord
from tests.emulators.plex_server import Fault
from tests.emulators.stash_images import png
from tests.harness.processes import ProcessHarness
from tests.harness.requests import written_items
from tests.harness.waiting import wait_for

SCENES = 24


def write_under_way(installed: ProcessHarness) -> list[RequestRecord]:
    """Return the writes that Plex has not answered."""
    return [record for record in installed.plex.writes() if not record.ended]


def overlapping(records: list[RequestRecord]) -> list[tuple[RequestRecord, RequestRecord]]:
    """Return the pairs of requests that were in flight at the same time."""
    return [
        (first, second)
        for first, second in combinations(records, 2)
        if first.began < second.ended and second.began < first.ended
    ]


def max_in_flight(records: list[RequestRecord]) -> int:
    """Return how many requests were in flight at the same time, as a maximum."""
    moments = sorted([(one.began, 1) for one in records] + [(one.ended, -1) for one in records])
    count = highest = 0
    for _, change in moments:
        count += change
        highest = max(highest, count)
    return highest


def due_edits(installed: ProcessHarness) -> list[tuple[object, ...]]:
    """Return the waiting jobs of edits that are due."""
    query = f"SELECT 1 FROM {QUEUE} WHERE status < 2 AND priority = ? AND due_at <= ?"
    return installed.rows(query, PRIORITY_EDIT, time.time())


def sync_all(installed: ProcessHarness) -> None:
    """Press the button; the task would wait for the end."""
    installed.stash.run_task("Sync All Scenes")


@pytest.fixture
def warm(installed: ProcessHarness) -> ProcessHarness:
    """Return a harness whose worker runs, with scenes that Plex has and that were never synced."""
    installed.edit(installed.scene("warm.mp4"), title="Warm")
    installed.wait_until_drained()
    for number in range(SCENES):
        installed.scene(
            f"{number:02}.mp4",
            2_000 + number,
            title=f"Scene {number}",
            cover=png(number + 1),
        )
    installed.plex.reset_counts()
    return installed


def test_four_writes_of_different_items_are_under_way(warm: ProcessHarness) -> None:
    """Plex answers no single edit until four have come; a fifth does not come meanwhile."""
    held = warm.plex.faults.add(Fault("slow", method="PUT", times=None, delay_s=60.0))
    sync_all(warm)
    wait_for(lambda: len(write_under_way(warm)) == MAX_IN_FLIGHT, "four writes are under way")
    items = [written_items([record]) for record in write_under_way(warm)]
    count = warm.plex.count()
    wait_for(lambda: held.fired == MAX_IN_FLIGHT, "Plex has read them")

    assert sorted(map(len, items)) == [1] * MAX_IN_FLIGHT
    assert len(set.union(*items)) == MAX_IN_FLIGHT
    assert warm.plex.count() == count

    warm.plex.faults.clear()
    warm.wait_until_drained()
    assert {item.title for item in warm.plex.library.items()} == {
        "Warm",
        *[f"Scene {number}" for number in range(SCENES)],
    }


def test_no_two_requests_for_one_item_overlap(warm: ProcessHarness) -> None:
    """Edits, posters, and edits of several items, at a Plex that takes some time."""
    warm.plex.switches.latency_s = 0.02
    warm.run_task("Sync All Scenes")
    warm.wait_until_drained()
    for scene in warm.stash.library.scene_ids():
        own = {"details": f"Text {scene}"} if scene % 2 else {}
        warm.change(scene, studio=f"Studio {scene % 4}", cover=png(100 + scene), **own)
    warm.run_task("Sync All Scenes")
    warm.wait_until_drained()

    writes = [record for record in warm.plex.writes() if record.ended]
    shared = [
        (first.target, second.target)
        for first, second in overlapping(writes)
        if written_items([first]) & written_items([second])
    ]
    assert shared == []
    assert len(overlapping(writes)) > 0
    assert max_in_flight(list(warm.plex.requests)) <= MAX_IN_FLIGHT
    assert any(len(written_items([record])) > 1 for record in writes)


def test_an_edit_waits_only_for_what_is_in_flight(warm: ProcessHarness) -> None:
    """A backfill has four writes under way when the user saves a scene: its write is the next."""
    edited = warm.scene("edited.mp4", 9_000, title="Old")
    key = warm.item("edited.mp4").rating_key
    warm.plex.faults.add(Fault("slow", method="PUT", times=MAX_IN_FLIGHT, delay_s=60.0))
    sync_all(warm)
    wait_for(lambda: len(write_under_way(warm)) == MAX_IN_FLIGHT, "four writes are under way")
    before = len(warm.plex.writes())

    warm.edit(edited, title="Edited by the user")
    wait_for(lambda: due_edits(warm), "the edit is due")
    warm.plex.faults.clear()
    warm.wait_until_drained()

    following = warm.plex.writes()[before:]
    assert written_items(following[:1]) == {key}
    assert warm.item("edited.mp4").title == "Edited by the user"
    # They took longer than an edit settles, so Plex had a rest.
    assert "writes.slow" in warm.worker_log()
