"""A scene that kills every worker that touches it ends in the dead letters; the others get through."""

from __future__ import annotations

from pathlib import Path

from sync_queue import statements as sql
from tests.crash.place import Place
from tests.crash.soak_world import Died
from tests.flow.house import wait_for
from tests.flow.inproc import Inproc, opened
from tests.support import query
from worker.lifecycle.poison_jobs import CRASHES_TO_DEAD_LETTER


def wake_until_buried(place: Place) -> None:
    """Somebody opens Stash again and again."""
    for _ in range(20):
        place.wake()
        wait_for(
            lambda: place.dead_letters() or not place.workers(),
            "the worker has died, or buried the job",
        )
        if place.dead_letters():
            return
    raise AssertionError("it was never buried")


def test_a_scene_that_crashes_six_workers_is_dead_lettered(quiet_place: Place) -> None:
    place = quiet_place
    deadly, *others = [place.scene(f"{number}.mp4") for number in range(4)]
    place.kill_workers()
    (place.points / "deadly").write_text(f"scene:{deadly}", encoding="utf-8")

    place.edit_all([deadly, *others], title="New")
    wait_for(lambda: not place.workers(), "the first worker has died")
    wake_until_buried(place)

    (dead_letter,) = place.dead_letters()
    assert (dead_letter["subject"], dead_letter["reason"], dead_letter["attempts"]) == (
        f"scene:{deadly}",
        "PoisonJob",
        6,
    )
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


IN_PROGRESS = f"SELECT 1 FROM {sql.QUEUE} WHERE status = 2 AND subject = ?"


def live_and_die(house: Inproc, deadly: int) -> int:
    """Workers come and go until the queue is empty; how many died because they read the deadly scene."""

    def die_of_it(point: str) -> None:
        if point == "drain.claimed" and query(house.data, IN_PROGRESS, f"scene:{deadly}"):
            raise Died(point)

    for crashes in range(20):
        house.end_worker()
        house.begin_worker(die_of_it)
        try:
            house.look()
        except Died:
            continue
        return crashes
    raise AssertionError("the workers never stop dying")


def test_a_scene_that_crashes_the_reader_is_dead_lettered_alone(
    tmp_path: Path,
) -> None:
    with opened(tmp_path) as house:
        pairs = [house.pair(f"{number}.mp4") for number in range(5)]
        deadly, unlucky = (
            pairs[2][0],
            [item for number, (_, item) in enumerate(pairs) if number != 2],
        )
        house.note(*[scene for scene, _ in pairs])

        crashes = live_and_die(house, deadly)

        assert crashes == CRASHES_TO_DEAD_LETTER
        assert {dead_letter.reason for dead_letter in house.dead_letters().values()} == {
            "PoisonJob"
        }
        assert house.dead_letter(deadly).attempts == CRASHES_TO_DEAD_LETTER
        assert all(house.shown(item).title.startswith("Scene of") for item in unlucky)
        assert house.log().count("worker.killed_reading jobs=5") == 3
