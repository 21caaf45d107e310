"""What was written is read once more, and what Plex silently dropped is told."""

from typing import Any

from core.field_values import digest
from core.fields import Kind
from tests.emulators.plex_server import Fault
from tests.unit.worker.rig import Rig

ITEMS = "/library/metadata/{ids}"


def fields_of(rig: Rig, scene: int) -> dict[str, Any]:
    return dict(rig.record(scene).fields)


def test_what_plex_shows_afterwards_is_remembered(rig: Rig) -> None:
    scene = rig.scene("a", title="Shown")

    rig.sync(scene)

    title = fields_of(rig, scene)["title"]
    assert title.pushed == title.verified == digest(Kind.TEXT, "Shown")


def test_many_written_items_are_read_two_hundred_to_a_request(rig: Rig) -> None:
    scenes = [rig.scene(str(number)) for number in range(100)]
    rig.sync(rig.scene("warm"))
    rig.plex.reset_counts()

    rig.sync(*scenes)

    assert rig.plex.count("GET", ITEMS) == 2


def test_a_field_that_plex_accepts_and_drops_is_told_once(rig: Rig) -> None:
    rig.plex.switches.empty_date = "ignored"
    scene = rig.scene("a", date="2024-01-02", details="Text")
    rig.sync(scene)
    rig.clock.advance(10)
    rig.stash.library.change_scene(scene, touch=True, date=None)

    rig.sync(scene)

    assert "date" in rig.notices()["dropped:date"]
    assert any(line.startswith("verify.dropped") for line in rig.lines)


def test_a_verifying_read_that_fails_costs_nothing(rig: Rig) -> None:
    scene = rig.scene("a", title="Written")
    rig.sync(rig.scene("warm"))
    rig.plex.faults.add(Fault("status", route=ITEMS, nth=2, status=500))

    report = rig.sync(scene)

    assert (report.done, rig.counts) == (1, (0, 0, 0))
    assert fields_of(rig, scene)["title"].pushed == digest(Kind.TEXT, "Written")
    assert any(line.startswith("verify.skipped") for line in rig.lines)


def test_an_item_gone_before_verification_is_left_alone(rig: Rig) -> None:
    scene = rig.scene("a")
    rig.note(scene)

    def remove_after_the_write() -> bool:
        if rig.plex.count("PUT"):
            for item in rig.plex.library.items():
                rig.plex.library.remove_item(item.rating_key)
        return False

    report = rig.worker.components.drain.run(rig.ctx(), remove_after_the_write)

    assert report.done == 1
    assert rig.record(scene) is not None
