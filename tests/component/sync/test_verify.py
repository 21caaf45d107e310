"""Test that what was written is read once more, and that dropped fields are reported."""

from typing import Any

from core.field_values import digest
from core.fields import Kind
from tests.emulators.plex_server import Fault
from tests.harness.in_process import InProcessHarness

ITEMS = "/library/metadata/{ids}"


def fields_of(worker: InProcessHarness, scene: int) -> dict[str, Any]:
    return dict(worker.record(scene).fields)


def test_what_plex_shows_afterwards_is_remembered(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", title="Shown")

    worker.drain_scenes(scene)

    title = fields_of(worker, scene)["title"]
    assert title.pushed == title.verified == digest(Kind.TEXT, "Shown")


def test_many_written_items_are_read_two_hundred_to_a_request(worker: InProcessHarness) -> None:
    scenes = [worker.titled_scene(str(number)) for number in range(100)]
    worker.drain_scenes(worker.titled_scene("warm"))
    worker.plex.reset_counts()

    worker.drain_scenes(*scenes)

    assert worker.plex.count("GET", ITEMS) == 2


def test_a_field_that_plex_accepts_and_drops_is_reported_once(worker: InProcessHarness) -> None:
    worker.plex.switches.empty_date = "ignored"
    scene = worker.titled_scene("a", date="2024-01-02", details="Text")
    worker.drain_scenes(scene)
    worker.clock.advance(10)
    worker.stash.library.change_scene(scene, touch=True, date=None)

    worker.drain_scenes(scene)

    assert "date" in worker.notices()["dropped:date"]
    assert any(line.startswith("verify.dropped") for line in worker.lines)


def test_a_verifying_read_that_fails_costs_nothing(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", title="Written")
    worker.drain_scenes(worker.titled_scene("warm"))
    worker.plex.faults.add(Fault("status", route=ITEMS, nth=2, status=500))

    report = worker.drain_scenes(scene)

    assert (report.done, worker.store.counts()) == (1, (0, 0, 0))
    assert fields_of(worker, scene)["title"].pushed == digest(Kind.TEXT, "Written")
    assert any(line.startswith("verify.skipped") for line in worker.lines)


def test_an_item_gone_before_verification_is_left_alone(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a")
    worker.enqueue(scene)

    def remove_after_the_write() -> bool:
        if worker.plex.count("PUT"):
            for item in worker.plex.library.items():
                worker.plex.library.remove_item(item.rating_key)
        return False

    report = worker.components.drain.run(worker.context(), remove_after_the_write)

    assert report.done == 1
    assert worker.record(scene) is not None
