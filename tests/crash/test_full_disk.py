"""A disk that is full for a while delays a change and loses none."""

import resource

from tests.harness.crash import CrashHarness
from tests.harness.waiting import wait_for


def test_a_change_made_on_a_full_disk_arrives_after_cleanup(
    crash: CrashHarness,
) -> None:
    scene = crash.scene("a.mp4")
    crash.edit(scene, title="Before")
    wait_for(lambda: crash.item("a.mp4").title == "Before", "the first edit is in Plex")
    (worker,) = crash.workers()

    resource.prlimit(worker, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    crash.edit(scene, title="While full")
    wait_for(
        lambda: not crash.rows("SELECT 1 FROM worker WHERE doing = 'idle'") or crash.jobs(),
        "the change is noted",
    )
    resource.prlimit(
        worker, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    )

    wait_for(lambda: crash.item("a.mp4").title == "While full", "the second edit is in Plex")
    assert crash.dead_letters() == []
