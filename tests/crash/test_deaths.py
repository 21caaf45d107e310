"""A scene that kills every worker that touches it ends in the dead letters; the others get through."""

from __future__ import annotations

from tests.crash.place import Place
from tests.flow.house import wait_for


def wake_until_buried(place: Place) -> None:
    """Somebody opens Stash again and again."""
    for _ in range(20):
        place.wake()
        wait_for(lambda: place.dead_letters() or not place.workers(), "the worker has died, or buried the job")
        if place.dead_letters():
            return
    raise AssertionError("it was never buried")


def test_a_scene_that_kills_its_workers_is_buried_after_six_deaths(quiet_place: Place) -> None:
    place = quiet_place
    deadly, *others = [place.scene(f"{number}.mp4") for number in range(4)]
    place.kill_workers()
    (place.points / "deadly").write_text(f"scene:{deadly}", encoding="utf-8")

    place.edit_all([deadly, *others], title="New")
    wait_for(lambda: not place.workers(), "the first worker has died")
    wake_until_buried(place)

    (letter,) = place.dead_letters()
    assert (letter["subject"], letter["reason"], letter["attempts"]) == (f"scene:{deadly}", "WorkerDied", 6)
    wait_for(lambda: not place.unfinished(), "the others are done")
    assert {difference.split()[1] for difference in place.differences()} <= {str(deadly)}


def test_an_edit_revives_a_scene_that_killed_its_workers(quiet_place: Place) -> None:
    place = quiet_place
    deadly = place.scene("a.mp4")
    place.kill_workers()
    (place.points / "deadly").write_text(f"scene:{deadly}", encoding="utf-8")
    place.edit(deadly, title="New")
    wait_for(lambda: not place.workers(), "the first worker has died")
    wake_until_buried(place)

    place.disarm()
    place.kill_workers()
    place.edit(deadly, title="Newer")

    place.ends_well()
    assert place.dead_letters() == []
