"""A disk that is full for a while delays a change and loses none."""

import resource

from tests.crash.place import Place
from tests.flow.house import wait_for


def test_a_change_made_on_a_full_disk_arrives_after_cleanup(
    place: Place,
) -> None:
    scene = place.scene("a.mp4")
    place.edit(scene, title="Before")
    wait_for(lambda: place.item("a.mp4").title == "Before", "the first edit is in Plex")
    (worker,) = place.workers()

    resource.prlimit(worker, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    place.edit(scene, title="While full")
    wait_for(
        lambda: not place.rows("SELECT 1 FROM worker WHERE doing = 'idle'") or place.jobs(),
        "the change is noted",
    )
    resource.prlimit(
        worker, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    )

    wait_for(lambda: place.item("a.mp4").title == "While full", "the second edit is in Plex")
    assert place.dead_letters() == []
